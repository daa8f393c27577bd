package password

import (
	_ "embed" // the list below
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// The bounds on new passwords (ASVS 6.2.1, 6.2.9; NIST SP 800-63B-4 section 3.1.1.2
// where a second factor exists). MaxBytes keeps strangers from having us hash novels
// (B95).
const (
	MinCharacters = 8
	MaxCharacters = 256
	MaxBytes      = 1024
)

// Why a new password is refused.
var (
	ErrTooShort = errs.New(errs.Invalid, "password_too_short",
		"This password is too short. Use at least 8 characters; a few unrelated words work well.")
	ErrTooLong = errs.New(errs.Invalid, "password_too_long",
		"This password is too long. Use at most 256 characters.")
	ErrTooCommon = errs.New(errs.Invalid, "password_too_common",
		"This password is among the first that attackers try. Choose another; a few unrelated words work well.")
)

// commonList holds lower-case passwords, one a line, after a comment that says where
// they come from.
//
//go:embed common.txt
var commonList string

// Check says whether pw may become somebody's password. Any characters in any
// composition are welcome (ASVS 6.2.5); refused are fewer than 8 or more than 256
// (Unicode code points, at most 1024 bytes), the listed common passwords in any case
// (ASVS 6.2.4, 6.2.12), and the words in also: the user's name and address, the names
// of the account and of the service. Those are refused with digits and signs around
// and between them too, since that is how people dress them up: "Acme-acme-2026" for Acme.
//
// The password is judged as it came. It is not normalised: ASVS 6.2.8 wants it
// verified exactly as typed, and keyboards of one person give one form.
//
// The error is ErrTooShort, ErrTooLong or ErrTooCommon.
func Check(pw string, also ...string) error {
	characters := utf8.RuneCountInString(pw)
	switch {
	case characters < MinCharacters:
		return ErrTooShort
	case characters > MaxCharacters || len(pw) > MaxBytes:
		return ErrTooLong
	case common(pw):
		return ErrTooCommon
	case named(pw, also):
		return ErrTooCommon.Saying("This password is little more than your name or address, or a name of this service. Choose another; a few unrelated words work well.")
	}
	return nil
}

// common looks pw up in the list. A search through 50 KB is quick enough for something
// people do once a year, and needs no memory.
func common(pw string) bool {
	return !strings.Contains(pw, "\n") && strings.Contains(commonList, "\n"+fold(pw)+"\n")
}

// named reports whether pw is one of the words, or nothing but their parts with digits and signs among them.
func named(pw string, words []string) bool {
	known := map[string]bool{}
	for _, w := range words {
		if w != "" && fold(pw) == fold(w) {
			return true // one without letters, too
		}
		for _, part := range letters(w) {
			known[part] = true
		}
	}
	parts := letters(pw)
	for _, part := range parts {
		if !known[part] {
			return false
		}
	}
	return len(parts) > 0
}

// fold makes spellings equal that differ in case only.
func fold(s string) string { return strings.ToLower(s) }

// letters lists the runs of letters in s, folded.
func letters(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) })
}
