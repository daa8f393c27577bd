package httpx

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

const redacted = "[redacted]"

// NewLogger writes structured lines to w, as "json" or, with any other format, as
// text, from level up. It is the last net under the rule that nothing secret is logged
// (B92): attributes with a secret's name, credentials inside URLs, URL queries, byte
// slices and values it does not know are replaced. Characters that could forge a line
// or drive a terminal are escaped (16.4.1).
func NewLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	opt := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}

// redact is called for every attribute except groups themselves.
func redact(groups []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) {
		return slog.String(a.Key, redacted)
	}
	for _, g := range groups {
		if secretName(g) {
			return slog.String(a.Key, redacted)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, clean(a.Value.String()))
	case slog.KindAny:
		return slog.Attr{Key: a.Key, Value: known(a.Value.Any())}
	}
	return a
}

// known lets through what says how it wants to be read, and names the type of the rest:
// a struct or header printed whole may hold a secret in any corner.
func known(v any) slog.Value {
	switch v := v.(type) {
	case nil, slog.Level, *slog.Source:
		return slog.AnyValue(v)
	case *url.URL:
		if v == nil {
			return slog.StringValue("")
		}
		return slog.StringValue(clean(v.Scheme + "://" + v.Host + v.Path))
	case error:
		return slog.StringValue(clean(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(clean(v.String()))
	case []string:
		return slog.StringValue(clean(strings.Join(v, ", ")))
	}
	return slog.StringValue(fmt.Sprintf("[%T]", v))
}

// credentials finds "scheme://user:password@".
var credentials = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*):[^\s/@]*@`)

// clean takes credentials out of URLs and spells out what a terminal would obey. Line
// feeds and escapes are left to the handlers, which quote them.
func clean(s string) string {
	if strings.Contains(s, "://") {
		s = credentials.ReplaceAllString(s, "$1:"+redacted+"@")
	}
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if unprintable(c) {
			fmt.Fprintf(&b, "\\u%04x", c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// unprintable finds what encoding/json would pass as it is: DEL, the C1 controls (a
// second alphabet of terminal escapes), and invisible and direction-changing marks.
func unprintable(c rune) bool {
	return c >= 0x7f && !unicode.IsPrint(c) && c != unicode.ReplacementChar
}

// secretName says whether an attribute is named like a secret.
func secretName(key string) bool {
	key = strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	switch key {
	case "error_code", "key_id", "status_code":
		return false // stable codes and public numbers
	}
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "token", "cookie", "authorization", "credential"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	last := key[strings.LastIndexByte(key, '_')+1:]
	switch strings.TrimSuffix(last, "s") {
	case "code", "key", "pin", "otp", "dsn", "seed", "pwd", "body", "query":
		return true
	}
	return false
}
