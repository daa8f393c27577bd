package otp

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// ErrMalformedCode means that a text cannot be a code at all. It is no guess, so it
// may be answered without charging an attempt.
var ErrMalformedCode = errs.New(errs.Invalid, "malformed_code",
	"This is not a code. Enter only the digits your app shows.")

// maxCodeInput bounds the raw text, in bytes: room for any grouping a person may paste.
const maxCodeInput = 256

// ParseCode returns the one spelling of a code: exactly so many ASCII digits (D6).
//
// It is to be called once, at the edge, before any counter or comparison. Blanks,
// hyphens and the invisible marks that come along when a code is copied are dropped;
// full-width digits, which East Asian keyboards produce, become ASCII. Anything else,
// digits of other scripts included, and any other number of digits is
// ErrMalformedCode.
func ParseCode(s string, digits int) (string, error) {
	if len(s) > maxCodeInput || !utf8.ValidString(s) {
		return "", ErrMalformedCode
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case ignorable(r):
		default:
			return "", ErrMalformedCode
		}
	}
	if b.Len() != digits {
		return "", ErrMalformedCode
	}
	return b.String(), nil
}

// ignorable reports whether people and phones use r only to group or to direct text:
// white space, dashes, and the format characters of category Cf (zero-width spaces and
// joiners, soft hyphens, direction marks).
func ignorable(r rune) bool {
	const minus = '\u2212' // a mathematical sign to Unicode, a dash to people
	return r == minus || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Zs, unicode.Cf)
}
