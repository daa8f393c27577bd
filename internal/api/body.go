package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// errRequest says which part of a request is not of the shape that the call takes.
var errRequest = errs.New(errs.Invalid, "invalid_request", "The request can’t be used.")

// deepest is how far arrays and objects may be nested; the calls need three levels.
const deepest = 16

// foreign is the member that a browser writes and we do not: a passkey's answer, which has null for what there is not (WebAuthn §5.1).
const foreign = "credential"

// checkJSON refuses what is no JSON, and what two readers may understand differently: repeated members (the first or the last?),
// text that is not UTF-8 or has half a character in it, numbers beyond what a number holds, more than one value, null for a member of a call (absent, or made empty?).
func checkJSON(body []byte) error {
	bad := func(what string) error {
		return httpx.ErrMalformed.Saying("The body is no JSON that can be read: " + what + ".")
	}
	if len(body) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return bad("it is not UTF-8")
	}
	if halfCharacter(body) {
		return bad("half a character stands in it, as an escape")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []map[string]bool // the members of each open object; nil for an array
	key := false               // the next token of the innermost object is a member's name
	member := ""               // of the outermost object, that is being read
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && d.InputOffset() > 0 && len(open) == 0 {
			return nil
		}
		if err != nil {
			return bad("it breaks off, or is not written as JSON")
		}
		at := len(open) - 1
		switch v := token.(type) {
		case json.Delim:
			switch v {
			case '}', ']':
				open = open[:at]
			case '{':
				open = append(open, map[string]bool{})
			default:
				open = append(open, nil)
			}
			if len(open) > deepest {
				return bad("it is nested too deeply")
			}
		case nil:
			if len(open) == 0 {
				return bad("it is null")
			}
			if member == "" {
				return bad("null stands in it")
			}
			if len(open) == 1 || member != foreign {
				return wrong(member, "null stands in it. Leave out what you don’t mean to say")
			}
		case string:
			if key && open[at] != nil {
				if open[at][v] {
					return bad(fmt.Sprintf("the member %q stands in it twice", cut(v)))
				}
				open[at][v], key = true, false
				if at == 0 {
					member = v
				}
				continue
			}
			if strings.ContainsRune(v, 0) && !strings.Contains(member, "password") { // any character may stand in a password (ASVS 6.2.5)
				return wrong(member, "NUL, which no text has, stands in it")
			}
		case json.Number:
			if _, err := v.Float64(); err != nil {
				return wrong(member, "the number is too large")
			}
		}
		if len(open) == 0 {
			if d.More() {
				return bad("it has more than one value")
			}
			continue
		}
		key = open[len(open)-1] != nil
	}
}

// wrong refuses a member's value.
func wrong(member, what string) error {
	return errRequest.Saying(fmt.Sprintf("%s can’t be used: %s.", cut(member), what)).In(cut(member))
}

// halfCharacter reports whether an escape stands for one half of a character (a surrogate of UTF-16) without the other. Go reads it as
// another character, other readers as what it is. A backslash that begins no escape is nothing that JSON has.
func halfCharacter(body []byte) bool {
	high := false // the escape just before was a first half
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			if high {
				return true
			}
			continue
		}
		i++
		var unit uint64
		if i+4 < len(body) && body[i] == 'u' {
			unit, _ = strconv.ParseUint(string(body[i+1:i+5]), 16, 16) // what is no number, the decoder refuses
			i += 4
		}
		if low := unit >= 0xdc00 && unit < 0xe000; low != high {
			return true
		}
		high = unit >= 0xd800 && unit < 0xdc00
	}
	return high
}

// cut keeps what is repeated to the caller short.
func cut(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		return string([]rune(s)[:40]) + "…"
	}
	return s
}

// notWhole are Go's words for a number that is whole and of the range that was asked for, which its decoder yet does not take: 1e3.
var notWhole = regexp.MustCompile(`^json: cannot unmarshal number .* into Go struct field \w*\.(\S+) of type`)

// unread turns huma's refusal of what it could not decode into an error of ours, without the value that was sent.
func unread(held *answered) error {
	var said struct {
		Detail string `json:"detail"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(held.body.Bytes(), &said); err != nil {
		return err
	}
	switch held.status {
	case http.StatusInternalServerError:
		return fmt.Errorf("api: %s", said.Detail)
	case http.StatusUnsupportedMediaType:
		return httpx.ErrMediaType
	}
	if len(said.Errors) == 0 {
		return errRequest.Saying("The request can’t be used: " + said.Detail + ".")
	}
	first := said.Errors[0]
	if m := notWhole.FindStringSubmatch(first.Message); m != nil {
		return wrong(m[1], "write a whole number, in digits alone")
	}
	_, field, _ := strings.Cut(first.Location, ".")
	if name, is := strings.CutPrefix(first.Message, "expected required property "); is { // it is told of the object that lacks it
		field = strings.TrimSuffix(name, " to be present")
		return errRequest.Saying(cut(field) + " is missing.").In(cut(field))
	}
	message := "The request can’t be used: " + first.Message + "."
	if field != "" {
		message = fmt.Sprintf("%s can’t be used: %s.", cut(field), first.Message)
	}
	return errRequest.Saying(message).In(cut(field))
}
