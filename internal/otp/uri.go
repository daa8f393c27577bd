package otp

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sallyport/internal/errs"
)

// ErrMalformedURI means that a text is not an otpauth link of a kind we can use.
var ErrMalformedURI = errs.New(errs.Invalid, "malformed_otpauth_uri",
	"This is not a key for time-based codes. Copy the whole link that begins with otpauth://totp/.")

// Bounds on links from elsewhere. Periods outside them are typing errors rather than
// phones: the shortest in use is 15 s, and longer ones stretch the life of a stolen code.
const (
	maxURIBytes = 2048
	minPeriod   = 15 * time.Second
	maxPeriod   = 5 * time.Minute
)

// URI writes the otpauth link an app scans, in the Key Uri Format of Google
// Authenticator's wiki:
//
//	otpauth://totp/Acme:ada@acme.test?secret=…&issuer=Acme
//
// The issuer stands in the label and as a parameter, because old apps read only the
// one and new apps only the other. Blanks are %20, never "+", which some apps show.
// Colons and control characters in the names become blanks, since a colon ends the
// issuer. Algorithm, digits and period are written only when they differ from
// SHA1, 6 and 30 s: every reader assumes these, some stumble over parameters they do
// not know, and a shorter link makes a coarser picture that scans from further away.
func (k Key) URI(issuer, account string) string {
	issuer, account = labelText(issuer), labelText(account)
	var b strings.Builder
	b.WriteString("otpauth://totp/")
	if issuer != "" {
		b.WriteString(escape(issuer) + ":")
	}
	b.WriteString(escape(account))
	b.WriteString("?secret=" + base32NoPadding.EncodeToString(k.Secret))
	if issuer != "" {
		b.WriteString("&issuer=" + escape(issuer))
	}
	if k.Algorithm != SHA1 {
		b.WriteString("&algorithm=" + k.Algorithm.String())
	}
	if d := k.digits(); d != DefaultDigits {
		b.WriteString("&digits=" + strconv.Itoa(d))
	}
	if p := k.period(); p != DefaultPeriod {
		b.WriteString("&period=" + strconv.Itoa(int(p/time.Second)))
	}
	return b.String()
}

// labelText makes a name fit for a label: no colon, no control or invisible
// characters, single blanks, valid UTF-8.
func labelText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ':' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	return strings.Join(strings.Fields(s), " ")
}

// escape percent-encodes all but unreserved characters and "@", which the format's own
// examples leave plain in labels.
func escape(s string) string {
	return strings.NewReplacer("+", "%20", "%40", "@").Replace(url.QueryEscape(s))
}

// ParseURI reads an otpauth link made elsewhere. It accepts what apps accept: any
// order and case of parameters' values, SHA-1, SHA-256 and SHA-512, 6 or 8 digits,
// periods from 15 s to 5 min, secrets as [ParseSecret]. The issuer parameter outranks
// the prefix of the label; unknown parameters are ignored. Counter-based links
// (otpauth://hotp/), repeated parameters and everything else malformed give
// ErrMalformedURI or ErrMalformedSecret.
func ParseURI(s string) (key Key, issuer, account string, err error) {
	fail := func(e error) (Key, string, string, error) { return Key{}, "", "", e }
	if len(s) > maxURIBytes {
		return fail(ErrMalformedURI)
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "otpauth" || !strings.EqualFold(u.Host, "totp") || u.User != nil {
		return fail(ErrMalformedURI)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fail(ErrMalformedURI)
	}
	for _, values := range query {
		if len(values) != 1 { // which of two would the phone have taken?
			return fail(ErrMalformedURI)
		}
	}
	if key.Secret, err = ParseSecret(query.Get("secret")); err != nil {
		return fail(err)
	}
	var ok bool
	if key.Algorithm, ok = parseAlgorithm(query.Get("algorithm")); !ok {
		return fail(ErrMalformedURI)
	}
	if key.Digits, ok = parseDigits(query.Get("digits")); !ok {
		return fail(ErrMalformedURI)
	}
	if key.Period, ok = parsePeriod(query.Get("period")); !ok {
		return fail(ErrMalformedURI)
	}
	label := strings.TrimPrefix(u.Path, "/")
	prefix, account, split := strings.Cut(label, ":")
	if !split {
		prefix, account = "", label
	}
	issuer, account = labelText(prefix), labelText(account)
	if named := labelText(query.Get("issuer")); named != "" {
		issuer = named
	}
	return key, issuer, account, nil
}

func parseAlgorithm(s string) (Algorithm, bool) {
	switch strings.ReplaceAll(strings.ToUpper(s), "-", "") {
	case "", "SHA1":
		return SHA1, true
	case "SHA256":
		return SHA256, true
	case "SHA512":
		return SHA512, true
	default:
		return 0, false
	}
}

func parseDigits(s string) (int, bool) {
	switch s {
	case "", "6":
		return 6, true
	case "8":
		return 8, true
	default:
		return 0, false
	}
}

func parsePeriod(s string) (time.Duration, bool) {
	if s == "" {
		return DefaultPeriod, true
	}
	seconds, err := strconv.ParseUint(s, 10, 16)
	period := time.Duration(seconds) * time.Second
	return period, err == nil && period >= minPeriod && period <= maxPeriod
}
