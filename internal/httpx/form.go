package httpx

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// Limits of a form beside its route's body limit.
const (
	maxField  = 4096     // bytes of one value
	maxAnswer = 12 << 10 // bytes of a passkey's answer, which may bring certificates, and of what it was asked
	maxFields = 64       // pairs in one form
)

const formType = "application/x-www-form-urlencoded"

// Values are the fields of one form post.
type Values map[string]string

// Get gives a field, "" if it was not sent.
func (v Values) Get(name string) string { return v[name] }

// Has says whether a field was sent, even empty: a checkbox, a button with a name.
func (v Values) Has(name string) bool {
	_, ok := v[name]
	return ok
}

// Form reads the named single-line fields of a posted form, from the body alone: a
// field in the URL is never one, because secrets do not travel there (14.2.1). Fields
// that were not named are ignored, so nobody can set what a page does not offer (B87).
//
// It refuses with [ErrMalformed] what no browser sends: a field given twice (B35), bad
// escapes, bad UTF-8, control characters, values over 4096 bytes (a credential or ceremony of
// WebAuthn: over 12 KB), more than 64 pairs;
// with [ErrTooLarge] a body over the route's limit. A field whose name holds
// "password" keeps its control characters, for any character may stand in one (6.2.5).
func Form(r *http.Request, names ...string) (Values, error) {
	if r.Body == nil {
		return Values{}, nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, broken(err)
	}
	return parseForm(string(raw), names)
}

// Query reads the named fields of a request's address as Form reads those of a body: for searches and filters, which are no secrets
// and change nothing.
func Query(r *http.Request, names ...string) (Values, error) { return parseForm(r.URL.RawQuery, names) }

func parseForm(body string, names []string) (Values, error) {
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	values := Values{}
	if body == "" {
		return values, nil
	}
	if strings.Count(body, "&") >= maxFields {
		return nil, malformed("", "more than %d fields", maxFields)
	}
	for pair := range strings.SplitSeq(body, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			return nil, malformed("", "a field name has a bad escape")
		}
		if !wanted[name] {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, malformed(name, "bad escape")
		}
		if values.Has(name) {
			return nil, malformed(name, "given twice")
		}
		if err := checkValue(name, value); err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

func checkValue(name, value string) error {
	most := maxField
	if name == "credential" || name == "ceremony" {
		most = maxAnswer
	}
	if len(value) > most {
		return malformed(name, "over %d bytes", most)
	}
	if !utf8.ValidString(value) {
		return malformed(name, "not UTF-8")
	}
	if strings.Contains(name, "password") {
		return nil
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 }) {
		return malformed(name, "control character")
	}
	return nil
}

// malformed names the field, never its value: the cause goes to the log.
func malformed(field, format string, args ...any) *errs.Error {
	return ErrMalformed.In(field).Because(fmt.Errorf("form: %q: "+format, append([]any{field}, args...)...))
}

// checkBodyType refuses a body that is not of the surface's one media type, so that
// JSON cannot come as text/plain past the browser's cross-origin rules (B87). A
// request without any body needs no type.
func checkBodyType(r *http.Request, want string) error {
	if want == "" || r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	if len(r.Header["Content-Type"]) != 1 {
		return ErrMediaType
	}
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return ErrMediaType
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return ErrMediaType
	}
	if len(r.Header["Content-Encoding"]) > 0 {
		return ErrMediaType // a few bytes could unfold to many (F30)
	}
	return nil
}
