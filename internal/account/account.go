// Package account holds the organisations that Sallyport serves and the policy of
// each: the rules over which reasonable customers disagree (product.md section 2).
//
// Accounts never see one another. A policy is a value; its rules are pure functions.
package account

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// Account is one customer organisation.
type Account struct {
	ID          string
	Slug        string // names it in the sign-in address: /sign-in?account=acme
	Name        string
	Policy      Policy
	SuspendedAt time.Time // zero unless suspended
	CreatedAt   time.Time
}

// Errors about accounts.
var (
	ErrNotFound  = errs.New(errs.NotFound, "account_not_found", "There is no such account.")
	ErrSlugTaken = errs.New(errs.Conflict, "account_exists", "An account with this short name exists already. Choose another short name.")
	ErrSuspended = errs.New(errs.Forbidden, "account_suspended", "Your organisation’s account is suspended. Ask your administrator.")
	errSlug      = errs.New(errs.Invalid, "account_short_name", "The short name must be 2 to 40 small letters, digits or hyphens, beginning and ending with a letter or digit.").In("slug")
	errName      = errs.New(errs.Invalid, "account_name", "Give the account’s name in 1 to 80 characters.").In("name")
)

var slugShape = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$`)

// CheckSlug refuses what cannot stand as a short name in a sign-in address.
func CheckSlug(slug string) error {
	if !slugShape.MatchString(slug) {
		return errSlug
	}
	return nil
}

// CheckName returns the name without surrounding blanks, or refuses it.
// A colon is refused because authenticator apps split the label at it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if n := len([]rune(name)); n < 1 || n > 80 {
		return "", errName
	}
	for _, r := range name {
		if r == ':' || r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return "", errName.Saying("The account’s name must not hold a colon, control characters or invisible ones.")
		}
	}
	return name, nil
}

// SlugOf proposes a short name for an organisation's name: "Acme & Sons" becomes "acme-sons".
func SlugOf(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
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
