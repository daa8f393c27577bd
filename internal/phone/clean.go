package phone

import (
	"strings"
	"unicode"
)

// maxTyped bounds the raw text, in bytes: fifteen full-width digits and any grouping that a person may paste.
const maxTyped = 128

// grouping are the signs that people put between digits, besides blanks and dashes.
const grouping = "()[]./（）．／"

// rightToLeft are the invisible marks under which digits may be shown in another order than they are sent. What a
// person saw in front of such a text is not known, so it is refused; the marks of the other direction, which phones
// put around a copied number, change nothing and are dropped.
const rightToLeft = "\u061c\u200f\u202b\u202e\u2067"

// clean gives the ASCII digits of what was typed, with a "+" in front if the country code comes first. The library
// behind Parse would read much more into a text (letters as keys, extensions, the first of two numbers); it gets to
// see nothing but digits.
func clean(typed string) (string, error) {
	if len(typed) > maxTyped {
		return "", errLong
	}
	typed = strings.TrimSpace(typed)
	if scheme := "tel:"; len(typed) >= len(scheme) && strings.EqualFold(typed[:len(scheme)], scheme) {
		typed = typed[len(scheme):]
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return "", errLetters
			}
			b.WriteByte('+')
		case strings.ContainsRune(rightToLeft, r):
			return "", ErrInvalid
		case groups(r):
		default:
			return "", errLetters
		}
	}
	digits := b.String()
	if rest, ok := strings.CutPrefix(digits, "00"); ok {
		digits = "+" + rest // no country has a national number that begins with 00
	}
	if strings.TrimPrefix(digits, "+") == "" {
		return "", errEmpty
	}
	return digits, nil
}

// groups reports whether r only groups digits or directs text.
func groups(r rune) bool {
	const minus = '\u2212' // a mathematical sign to Unicode, a dash to people
	return r == minus || strings.ContainsRune(grouping, r) || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Zs, unicode.Cf)
}
