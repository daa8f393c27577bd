package texts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// Errors about an account's own wording.
var (
	ErrKey   = errs.New(errs.NotFound, "text_not_found", "There is no such text. Choose one from the list.")
	ErrText  = errs.New(errs.Invalid, "text_invalid", "Write the text in one line, without control characters or invisible ones.").In("text")
	ErrEmpty = errs.New(errs.Invalid, "text_missing", "Write a text, or restore the default one.").In("text")
	ErrLong  = errs.New(errs.Invalid, "text_too_long", "This text is too long for where it is shown.").In("text")
	ErrPlace = errs.New(errs.Invalid, "text_places", "The text must hold the same places in braces as the default text, each as often, and no other braces.").In("text")
)

// Limits of an own text, in characters. A text message is paid for by its length.
const (
	maxOwn    = 1000
	maxOwnSMS = 160
)

// place is a named place in a text.
var place = regexp.MustCompile(`\{[a-z_]+\}`)

// Places lists the places of a text in the order of the alphabet, each as often as it is there: "{device}", "{time}".
func Places(text string) []string {
	found := place.FindAllString(text, -1)
	slices.Sort(found)
	return found
}

// Editable reports whether an account may have its own wording of a text: of all but the code by which
// browsers know the language.
func (c Catalogue) Editable(key string) bool {
	_, known := c[key]
	return known && key != "language"
}

// Keys lists the texts that an account may word itself, in the order of the alphabet.
func (c Catalogue) Keys() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(key string) bool { return !c.Editable(key) })
}

// Printable reports whether s has at most so many characters and none that is a
// control or invisible formatting character, which could disguise a name in a list.
func Printable(s string, most int) bool {
	return utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, hides)
}

// hides reports whether a character shows nothing, and so could disguise what it stands in.
func hides(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Check returns an own wording of a text without surrounding blanks, or refuses it: what fills the places needs them
// all, and whoever reads the text must see all that it says. Markup is no danger and no use: it is shown as it is written.
//
// Errors: ErrKey, ErrEmpty, ErrText, ErrLong, ErrPlace.
func (c Catalogue) Check(key, own string) (string, error) {
	if !c.Editable(key) {
		return "", ErrKey
	}
	own = strings.TrimSpace(own)
	most := maxOwn
	if strings.HasPrefix(key, "sms.") {
		most = maxOwnSMS
	}
	switch wanted := Places(c[key]); {
	case own == "":
		return "", ErrEmpty
	case strings.ContainsFunc(own, hides):
		return "", ErrText
	case utf8.RuneCountInString(own) > most:
		return "", ErrLong.Saying(fmt.Sprintf("This text may have %d characters. Make it shorter.", most))
	case !slices.Equal(Places(own), wanted) || strings.ContainsAny(place.ReplaceAllString(own, ""), "{}"):
		if len(wanted) == 0 {
			return "", ErrPlace.Saying("The default text has no places in braces, so this one must not hold braces either.")
		}
		return "", ErrPlace.Saying("The text must hold these places, each as often as the default text does, and no other braces: " + strings.Join(wanted, " "))
	}
	return own, nil
}

// With gives the catalogue with an account's own wordings in place of its texts. One that no longer fits, because a later
// version says the text otherwise, is left out.
func (c Catalogue) With(own map[string]string) Catalogue {
	all := maps.Clone(c)
	for key, text := range own {
		if checked, err := c.Check(key, text); err == nil {
			all[key] = checked
		}
	}
	return all
}
