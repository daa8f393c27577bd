package api

import (
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// errCursor refuses a cursor that no list of ours has given.
var errCursor = errs.New(errs.Invalid, "invalid_cursor", "This cursor is of no page of this list: it was cut or changed, or belongs to another order. Begin again without one.").In("cursor")

// Page is which part of a list is asked for. It is exported for huma alone, which sets no fields of embedded types that are not.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"The most items of an answer."`
	Cursor string `query:"cursor" maxLength:"2000" doc:"Where to go on: “next” of the answer before."`
}

// stamp is how a time is told: in UTC, to the second. The zero time stays zero, and is left out.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// when is the same of a time that may be zero; then it is left out.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = stamp(t)
	return &t
}

// noQuery refuses parameters where a call has none.
func noQuery(r *http.Request) error {
	err := checkQuery(r)
	if err == nil && r.URL.RawQuery != "" {
		name, _, _ := strings.Cut(r.URL.RawQuery, "=")
		err = errRequest.In(cut(name)).Saying("This call takes no parameters in its address.")
	}
	return err
}

// checkQuery refuses what two readers of an address may understand differently: a parameter that stands in it twice (B35), bad
// escapes, text that is not UTF-8, and control characters, which nothing is named with.
func checkQuery(r *http.Request) error {
	if strings.Contains(r.URL.RawQuery, ";") { // Go drops the whole pair, and with it a filter; others part pairs there
		return httpx.ErrMalformed.Saying("A semicolon stands in the address. Write it as %3B.")
	}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return httpx.ErrMalformed.Saying("The name of a parameter is badly escaped.")
		}
		field := cut(strings.ToValidUTF8(name, "?"))
		if value, err = url.QueryUnescape(value); err != nil || !utf8.ValidString(name+value) {
			return httpx.ErrMalformed.In(field).Saying("A parameter is badly escaped, or is not UTF-8.")
		}
		if strings.ContainsFunc(name+value, func(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }) {
			return httpx.ErrMalformed.In(field).Saying("A parameter has a control character in it.")
		}
		if seen[name] {
			return httpx.ErrMalformed.In(field).Saying("A parameter stands in the address twice.")
		}
		seen[name] = name != ""
	}
	return nil
}
