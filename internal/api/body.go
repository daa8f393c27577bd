package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// errRequest says which part of a request is not of the shape that the call takes.
var errRequest = errs.New(errs.Invalid, "invalid_request", "The request can’t be used.")

// deepest is how far arrays and objects may be nested; the calls need three levels.
const deepest = 16

// checkJSON refuses what is no JSON, and what two readers may understand differently: repeated members (the first or the last?),
// text that is not UTF-8, more than one value, null for a member of a call (absent, or made empty?).
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
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []map[string]bool // the members of each open object; nil for an array
	key := false               // the next token of the innermost object is a member's name
	member := ""               // the last name read
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
			if len(open) == 1 { // what comes from elsewhere, like a passkey's answer, may have it further inside
				return errRequest.Saying(member + " can’t be used: it is null. Leave out what you don’t mean to say.").In(member)
			}
		case string:
			if key && open[at] != nil {
				if open[at][v] {
					return bad(fmt.Sprintf("the member %q stands in it twice", cut(v)))
				}
				open[at][v], key, member = true, false, cut(v)
				continue
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

// cut keeps what is repeated to the caller short.
func cut(s string) string {
	if utf8.RuneCountInString(s) > 40 {
		return string([]rune(s)[:40]) + "…"
	}
	return s
}

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
	_, field, _ := strings.Cut(first.Location, ".")
	message := "The request can’t be used: " + first.Message + "."
	if field != "" {
		message = fmt.Sprintf("%s can’t be used: %s.", cut(field), first.Message)
	}
	return errRequest.Saying(message).In(cut(field))
}
