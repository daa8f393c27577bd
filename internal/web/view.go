package web

import (
	"strings"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

// View is the data of one page. Each page has a struct of its own.
type View interface {
	page() string // its folder under pages
	onCard() bool // shown as one card even to somebody signed in
	failed() bool // it reports an error, and its title says so
}

// Chrome is what surrounds every page.
type Chrome struct {
	Language texts.Language   // of the page; empty for English
	Wording  *texts.Catalogue // the account's own; nil for the one of the language
	Product  string           // the product's name, or the account's own brand (A17)
	Face     Face             // of the account
	Account  string           // the account's name; empty when it is not known yet
	Person   *Person          // who is signed in; nil shows the page as one card
	Place    Place            // the entry of the list of places one is at
	Notice   Notice           // a quiet line about what has just been done; empty for none
	About    string           // the device or address that the notice names
	Left     int              // backup codes left, where the notice tells
}

// Face is what a page shows of how an account looks. The zero value is the product's own look.
type Face struct {
	Own           bool   // the product's mark is not shown
	Logo          string // the picture's address; empty for none
	Width, Height int    // of the logo
	Pale          bool   // it needs a dark ground
	Sheet         string // the address of the style sheet with the accent; empty for the product's
	Support       string // who helps
	SupportLink   string
}

// NoticeNeutral reports whether the notice is no success.
func (c Chrome) NoticeNeutral() bool { return c.Notice.neutral() }

// NoticeOffersCodes reports whether the notice leads to new backup codes: few are left.
func (c Chrome) NoticeOffersCodes() bool {
	return c.Notice == NoticeBackupCodeUsed && BackupState{Left: c.Left}.Low()
}

// Person is who is signed in. Name may be empty.
type Person struct {
	Name          string
	Email         string
	Administrator bool // of the account, whose places are listed too
}

// Called gives the name, or the e-mail address where there is none.
func (p Person) Called() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}

// Place is an entry of the list of places in the settings.
type Place string

// The places.
const (
	PlaceProfile   Place = "profile"
	PlaceTwoFactor Place = "two_factor"
	PlaceSessions  Place = "sessions"
	PlaceBrowsers  Place = "browsers"
	PlaceAPIKeys   Place = "api_keys"
	PlaceAdmin     Place = "admin"
	PlaceUsers     Place = "users"
	PlacePolicy    Place = "policy"
	PlaceMail      Place = "mail"
	PlaceAudit     Place = "audit"
	PlaceBrand     Place = "brand"
)

// FormError is what was wrong with a form. It stands in a summary on top, which takes
// the focus, and beside its field.
type FormError struct {
	Summary string        // heading of the summary; empty for "There is a problem"
	Field   string        // the input's name, to which the summary links; empty for the form as a whole
	Message string        // what was wrong and what to do next
	Code    string        // stable code, for tests and support
	Wait    time.Duration // how long until a new try makes sense, said in words; 0 for none
}

// Failure turns an error into a FormError in the catalogue's language; nil stays nil.
// An error that names no field is shown for the form as a whole.
func Failure(say texts.Catalogue, err error) *FormError {
	e := errs.From(err)
	if e == nil {
		return nil
	}
	return &FormError{Field: e.Field, Message: say.Error(e), Code: e.Code, Wait: untold(say, e)}
}

// untold is the wait that is not told in what the catalogue says of an error.
func untold(say texts.Catalogue, e *errs.Error) time.Duration {
	wait, err := say.Wait(e.RetryAfter)
	if err != nil || e.Kind == errs.TooMany || e.Kind == errs.Unavailable || strings.Contains(say.Error(e), wait) {
		return 0
	}
	return e.RetryAfter
}

// field is one input as its template sees it.
type field struct {
	Name    string
	Value   string
	Said    string // hint between label and input
	Error   *FormError
	Focused bool
}

// newField describes the input called name. An error of another field is not its own,
// and a page with an error puts the focus on the summary instead.
func newField(name, value string, failure *FormError) field {
	f := field{Name: name, Value: value}
	if failure != nil && failure.Field == name {
		f.Error = failure
	}
	return f
}

// Hint gives the field a hint.
func (f field) Hint(text string) field {
	f.Said = text
	return f
}

// Focus puts the cursor into the field when the page opens, unless there is an error to read first.
func (f field) Focus(failure *FormError) field {
	f.Focused = failure == nil
	return f
}

// Describes lists the ids of the texts that belong to the input, for aria-describedby.
func (f field) Describes() string {
	var ids []string
	if f.Said != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != nil {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// groups cuts a key into groups of four, as authenticator apps show it: "JBSW Y3DP".
func groups(key string) string {
	var b strings.Builder
	for i, r := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
