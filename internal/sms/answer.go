package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Success says which answers mean that the message was taken: all that is set must hold. An
// HTTP status alone says little, for gateways answer 200 to what they refuse.
type Success struct {
	Status       []int             `yaml:"status"`        // from 200 to 299, which is also the default
	BodyContains string            `yaml:"body_contains"` // a piece of the body
	BodyMatches  string            `yaml:"body_matches"`  // a regular expression (RE2)
	JSON         map[string]string `yaml:"json"`          // path to value; an empty value means null, empty or absent
}

// Where is a place in an answer; at most one of the three is set. A path is like
// "messages.0.message-id": names and numbers, and "*" for each element of a list.
type Where struct {
	JSON    string `yaml:"json"`
	Header  string `yaml:"header"`
	Matches string `yaml:"matches"` // a regular expression on the body; its first group is the value
}

type success struct {
	Success
	matches *regexp.Regexp
}

type where struct {
	Where
	matches *regexp.Regexp
}

func (s Success) compile() (success, error) {
	if slices.ContainsFunc(s.Status, func(n int) bool { return n < 200 || n > 299 }) {
		return success{}, setting("success.status has a number that is not from 200 to 299")
	}
	c := success{Success: s}
	var err error
	if s.BodyMatches != "" {
		if c.matches, err = regexp.Compile(s.BodyMatches); err != nil {
			return success{}, setting("success.body_matches is not a regular expression")
		}
	}
	return c, nil
}

func (w Where) compile(name string) (where, error) {
	n := 0
	for _, s := range []string{w.JSON, w.Header, w.Matches} {
		if s != "" {
			n++
		}
	}
	if n > 1 {
		return where{}, setting(name + " has more than one of json, header and matches")
	}
	c := where{Where: w}
	if w.Matches != "" {
		var err error
		if c.matches, err = regexp.Compile(w.Matches); err != nil || c.matches.NumSubexp() < 1 {
			return where{}, setting(name + ".matches is not a regular expression with a group")
		}
	}
	return c, nil
}

// answer is what a gateway said, at most 64 KiB of it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// at gives the values at a path, as text; null is the empty text. Lists and objects are not values.
func (a answer) at(path string) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("it is not JSON") // the decoder's error may quote it
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its JSON")
	}
	found := []any{v}
	for step := range strings.SplitSeq(path, ".") {
		var next []any
		for _, f := range found {
			switch f := f.(type) {
			case map[string]any:
				if x, ok := f[step]; ok {
					next = append(next, x)
				}
			case []any:
				if i, err := strconv.Atoi(step); step == "*" {
					next = append(next, f...)
				} else if err == nil && i >= 0 && i < len(f) {
					next = append(next, f[i])
				}
			}
		}
		found = next
	}
	var values []string
	for _, f := range found {
		switch f := f.(type) {
		case nil:
			values = append(values, "")
		case string:
			values = append(values, f)
		case json.Number:
			values = append(values, f.String())
		case bool:
			values = append(values, strconv.FormatBool(f))
		}
	}
	return values, nil
}

// values are all that stand at w, none if the answer is of another form.
func (w where) values(a answer) []string {
	switch {
	case w.JSON != "":
		found, _ := a.at(w.JSON) // not JSON: nothing is there
		return found
	case w.Header != "":
		return a.header.Values(w.Header)
	case w.matches != nil:
		if m := w.matches.FindSubmatch(a.body); m != nil {
			return []string{string(m[1])}
		}
	}
	return nil
}

func (w where) value(a answer) string {
	if all := w.values(a); len(all) > 0 {
		return all[0]
	}
	return ""
}

// judge returns nil if the answer means that the message was taken, else why it was not. The
// excerpt explains it in the log.
func (g *Gateway) judge(a answer, excerpt func() string) error {
	reason := func(what string) error {
		return fmt.Errorf("%s: HTTP status %d, %q", what, a.status, excerpt())
	}
	// The gateway's own number says more than HTTP's.
	for _, v := range g.faultAt.values(a) {
		if e := g.d.faults[v]; e != nil {
			return e.Because(reason("the gateway's error " + v)).After(retryAfter(a.header))
		}
	}
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return ErrLogin.Because(reason("refused"))
	case a.status == http.StatusTooManyRequests:
		return ErrThrottled.Because(reason("too many")).After(retryAfter(a.header))
	case a.status == http.StatusRequestTimeout || a.status >= 500:
		return ErrUnreachable.Because(reason("out of service")).After(retryAfter(a.header))
	case a.status >= 300 && a.status < 400:
		return ErrAnswer.Because(reason("a redirect, which is not followed"))
	case a.status < 200 || a.status > 299 || len(g.success.Status) > 0 && !slices.Contains(g.success.Status, a.status):
		return ErrRefused.Because(reason("refused"))
	case !bytes.Contains(a.body, []byte(g.success.BodyContains)):
		return ErrRefused.Because(reason("success.body_contains does not hold"))
	case g.success.matches != nil && !g.success.matches.Match(a.body):
		return ErrRefused.Because(reason("success.body_matches does not hold"))
	}
	for path, want := range g.success.JSON {
		got, err := a.at(path)
		if err != nil {
			return ErrAnswer.Because(reason(err.Error()))
		}
		if len(got) == 0 && want != "" || slices.ContainsFunc(got, func(s string) bool { return s != want }) {
			return ErrRefused.Because(reason("success.json does not hold at " + path))
		}
	}
	return nil
}

// retryAfter reads the header's seconds (RFC 9110, section 10.2.3); zero if it has none, and never
// more than an hour.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 3600))*time.Second, time.Hour)
}
