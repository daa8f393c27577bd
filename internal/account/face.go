package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"sallyport/internal/brand"
	"sallyport/internal/errs"
	"sallyport/internal/mail"
	"sallyport/internal/texts"
)

// Face is how an account looks to its people (A17, K19). The zero value is the deployment's own look.
type Face struct {
	Logo    Picture `json:"logo,omitzero"`
	Accent  string  `json:"accent,omitempty"`  // as it was asked for: "#0b5a68"
	Support string  `json:"support,omitempty"` // who helps: an e-mail address, or an https address
	Issuer  string  `json:"issuer,omitempty"`  // what authenticator apps show; empty for the account's name
}

// Picture is a logo as pages show it. The picture itself stands in a table of its own.
type Picture struct {
	File   string `json:"file"` // names it in its address; another picture has another name
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Pale   bool   `json:"pale,omitempty"` // made for dark pages
}

// Shown reports whether the account has a look of its own. Its name then takes the place of the product's.
func (f Face) Shown() bool { return f.Logo.File != "" || f.Accent != "" }

// Brand is the name that pages and messages bear for the account's people.
func (a Account) Brand(product string) string {
	if a.Face.Shown() {
		return a.Name
	}
	return product
}

// Issuer is the name that authenticator apps show beside a code.
func (a Account) Issuer() string {
	if a.Face.Issuer != "" {
		return a.Face.Issuer
	}
	return a.Name
}

// Look is what administrators choose of their account's face beside its logo.
type Look struct {
	Name    string // of the account
	Accent  string // empty for the product's
	Support string // may be empty
	Issuer  string // empty for the name
}

// Look is what was chosen.
func (a Account) Look() Look {
	return Look{Name: a.Name, Accent: a.Face.Accent, Support: a.Face.Support, Issuer: a.Face.Issuer}
}

// Errors about a face.
var (
	ErrSupport  = errs.New(errs.Invalid, "support_address", "Give an e-mail address, or an address that begins with https://, or leave it empty.").In("support")
	ErrIssuer   = errs.New(errs.Invalid, "issuer_name", "The name for authenticator apps may have 80 characters, without a colon, control characters or invisible ones.").In("issuer")
	ErrNotOwn   = errs.New(errs.NotFound, "text_not_own", "This text has no wording of your own.")
	errNewFace  = errs.New(errs.Conflict, "face_changed", "The appearance was changed elsewhere at the same moment. Look at it and try again.")
	ErrLanguage = errs.New(errs.Invalid, "text_language", "Choose one of the languages in the list.").In("language")
)

// check brings a look into the form that is stored, or refuses it. Errors: that of the name, brand.ErrColour, ErrSupport, ErrIssuer.
func (l Look) check() (Look, error) {
	var err error
	if l.Name, err = CheckName(l.Name); err != nil {
		return l, err
	}
	if l.Accent = strings.TrimSpace(l.Accent); l.Accent != "" {
		c, err := brand.ParseColour(l.Accent)
		if err != nil {
			return l, err
		}
		l.Accent = c.String()
	}
	if l.Support = strings.TrimSpace(l.Support); l.Support != "" && SupportLink(l.Support) == "" {
		return l, ErrSupport
	}
	if l.Issuer = strings.TrimSpace(l.Issuer); l.Issuer != "" {
		if l.Issuer, err = CheckName(l.Issuer); err != nil {
			return l, ErrIssuer
		}
	}
	if l.Issuer == l.Name {
		l.Issuer = ""
	}
	return l, nil
}

// SupportLink is where a support address leads: "mailto:help@acme.test", or the https address itself. Empty if it is neither.
func SupportLink(address string) string {
	if mail.ValidAddress(address) {
		return (&url.URL{Scheme: "mailto", Opaque: url.PathEscape(address)}).String()
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > 200 || !texts.Printable(address, 200) || strings.ContainsRune(address, ' ') || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// fileBytes is how much of a hash names a logo.
const fileBytes = 16

// fileOf names a logo. The account is part of it, so that a name tells of no other account's picture.
func fileOf(accountID string, png []byte) string {
	sum := sha256.Sum256(append([]byte(accountID+"\x00"), png...))
	return hex.EncodeToString(sum[:fileBytes])
}

// decodeFace reads a stored face.
func decodeFace(text string) (f Face, err error) {
	if text == "{}" { // almost always, and every request reads its account
		return f, nil
	}
	err = json.Unmarshal([]byte(text), &f)
	return f, err
}
