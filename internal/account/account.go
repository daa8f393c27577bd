// Package account holds the organisations that Sallyport serves, the policy of each (the
// rules over which reasonable customers disagree, product.md section 2), what each
// may use by its plan, its trial and exceptions, and how each looks to its people.
//
// Accounts never see one another. A policy is a value, and so are the plans, which come
// from the settings; their rules are pure functions.
package account

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

// Account is one customer organisation.
type Account struct {
	ID          string
	Slug        string // names it in the sign-in address: /sign-in?account=acme
	Name        string
	Policy      Policy
	Plan        string      // empty for the deployment's default plan
	TrialEndsAt time.Time   // zero without a trial; it is over at this instant
	Allowances  []Allowance // ended ones too, until they are renewed or taken back
	Face        Face
	Wording     int64     // how often its own texts were changed; 0 is never
	SuspendedAt time.Time // zero unless suspended
	CreatedAt   time.Time

	RequiredAt       time.Time // since when everybody must have a second factor; zero while they need not
	AdminsRequiredAt time.Time // since when owners and administrators must
	TrustFrom        time.Time // a browser trusted before is not trusted; zero for never
	UsedFrom         time.Time // a session not used since is over, as it was by an earlier policy; zero for never
	BegunFrom        time.Time // a session that began before is over likewise
}

// Errors about accounts.
var (
	ErrNotFound  = errs.New(errs.NotFound, "account_not_found", "There is no such account.")
	ErrSlugTaken = errs.New(errs.Conflict, "account_exists", "An account with this short name exists already. Choose another short name.")
	ErrSuspended = errs.New(errs.Forbidden, "account_suspended", "Your organisation’s account is suspended. Ask your administrator.")
	ErrChanged   = errs.New(errs.Conflict, "policy_changed_meanwhile", "Somebody else changed these settings at the same moment. Look at them again, and repeat your change.")
	errSlug      = errs.New(errs.Invalid, "account_short_name", "The short name must be 2 to 40 small letters, digits or hyphens, beginning and ending with a letter or digit.").In("slug")
	ErrName      = errs.New(errs.Invalid, "account_name", "Give the organisation’s name in 1 to 80 characters.").In("name")
)

var slugShape = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$`)

// CheckSlug refuses what cannot stand as a short name in a sign-in address.
func CheckSlug(slug string) error {
	if !slugShape.MatchString(slug) {
		return errSlug
	}
	return nil
}

// Sought brings what somebody typed or sent as a short name into the form that is looked up. What cannot be
// one becomes a name that no account has; empty stays empty and names none.
func Sought(typed string) string {
	slug := strings.ToLower(strings.TrimSpace(typed))
	if slug != "" && CheckSlug(slug) != nil {
		return nowhere
	}
	return slug
}

// nowhere is no account's short name, and cannot be.
const nowhere = "-"

// CheckName returns the name without surrounding blanks, or refuses it.
// A colon is refused because authenticator apps split the label at it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 80 {
		return "", ErrName
	}
	if strings.Contains(name, ":") || !texts.Printable(name, 80) {
		return "", ErrName.Saying("The organisation’s name must not hold a colon, control characters or invisible ones.")
	}
	return name, nil
}

// spelled writes the letters of European languages that stand outside a–z as their
// readers do where there is no other way. Other scripts have no spelling that all agree on.
var spelled = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "œ", "oe", "ø", "oe", "å", "a", "þ", "th", "ð", "d", "đ", "d", "ł", "l", "ı", "i",
	"à", "a", "á", "a", "â", "a", "ã", "a", "ā", "a", "ă", "a", "ą", "a", "ç", "c", "ć", "c", "č", "c", "ď", "d",
	"è", "e", "é", "e", "ê", "e", "ë", "e", "ē", "e", "ė", "e", "ę", "e", "ě", "e", "ğ", "g", "ģ", "g",
	"ì", "i", "í", "i", "î", "i", "ï", "i", "ī", "i", "į", "i", "ķ", "k", "ĺ", "l", "ļ", "l", "ľ", "l",
	"ñ", "n", "ń", "n", "ņ", "n", "ň", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ō", "o", "ő", "o",
	"ŕ", "r", "ř", "r", "ś", "s", "š", "s", "ş", "s", "ș", "s", "ť", "t", "ţ", "t", "ț", "t",
	"ù", "u", "ú", "u", "û", "u", "ū", "u", "ů", "u", "ű", "u", "ų", "u", "ý", "y", "ÿ", "y", "ź", "z", "ż", "z", "ž", "z",
)

// Spell writes a name in small letters, the European ones beyond a–z as spelled has them: "Müller" becomes "mueller".
func Spell(name string) string { return spelled.Replace(strings.ToLower(name)) }

// SlugOf proposes a short name for an organisation's name: "Müller & Söhne" becomes "mueller-soehne".
func SlugOf(name string) string {
	var b strings.Builder
	for _, r := range Spell(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent that follows its letter
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := strings.Trim(b.String(), "-")
	if len(slug) > 40 {
		slug = strings.Trim(slug[:40], "-")
	}
	if len(slug) < 2 {
		return "account"
	}
	return slug
}
