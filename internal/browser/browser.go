// Package browser keeps the browsers that people trust: in one of them the second factor is not asked for (X15, X16, K11, K12).
//
// A trusted browser is a row and a cookie. The cookie holds two secrets, the row their hashes. The lasting one finds the
// row. The other is the turn: each sign-in replaces it by one conditional write, so a cookie that was copied is used twice
// sooner or later, and then neither copy is trusted any more (security.md B73). What ends a trust ends it for good: the
// row says why, and no clock that is put back and no setting that is taken back makes it live again.
//
// Trust replaces the code and never the password, and it belongs to one person in one environment. A user agent is only a
// claim: it notices an honest browser that is another one now, and stops no thief who copies it together with the cookie.
package browser

import (
	"bytes"
	"time"

	"github.com/mileusna/useragent"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/place"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Environment is what must not change about a trusted browser (K12). A browser's version may.
type Environment struct {
	Browser string // family: "Firefox"
	System  string // operating system: "Linux"
	Country string // ISO 3166 code; empty where no location database knows it
}

// Browser is one trusted browser.
type Browser struct {
	AccountID, UserID string
	ID                string // names it in lists; the hash of a secret, so no secret itself
	Name              string // given by its owner; empty for what it says of itself
	Environment
	Address    string // of its last use
	UserAgent  string // of its last use
	TrustedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time

	epoch int64 // of the user; in another one it is not trusted
	ended Why   // empty while nothing was found that ends the trust
}

// Why says why the second factor is asked for again in a browser that was trusted (X16).
type Why string

// The reasons.
const (
	OtherBrowser Why = "browser" // another family
	OtherSystem  Why = "system"
	OtherCountry Why = "country"
	Over         Why = "over" // its days are over, or something ended the trust
	UsedTwice    Why = "used" // its secret was used already: there are two copies, and both are ended
)

// Errors about trusted browsers.
var (
	ErrNotFound = errs.New(errs.NotFound, "browser_not_found", "There is no such trusted browser. It may have been ended already.")
	ErrName     = errs.New(errs.Invalid, "browser_name", "A name has at most 40 characters and no control characters. Leave it empty for what the browser says of itself.").In("name")
	// ErrTurn says that the trust was used or ended since it was checked. Whoever gets it checks once more.
	ErrTurn = errs.New(errs.Conflict, "browser_turn", "This browser signed in at the same moment once more. Sign in again.")
)

// Service checks what browsers say. DB and Now are needed; without Places no country is known.
type Service struct {
	DB     *db.DB
	Places *place.Database
	Now    func() time.Time
}

// Environment reads what a browser claims to be and where it is. What the parser does not know is compared as it is said, versions
// and all: it asks too often rather than taking two unknown browsers for one.
func (s *Service) Environment(agent, address string) Environment {
	ua := useragent.Parse(audit.Claim(agent))
	return Environment{Browser: ua.Name, System: ua.OS, Country: s.Places.Of(address).Country}
}

// change is the first thing in which an environment is another one; empty if none is.
func (e Environment) change(now Environment) Why {
	switch {
	case e.Browser != now.Browser:
		return OtherBrowser
	case e.System != now.System:
		return OtherSystem
	case e.Country != now.Country:
		return OtherCountry
	}
	return ""
}

// Counter names the counter of the passwords that were wrong in this browser. It has its own, so that nobody elsewhere makes
// its owner wait (security.md B28).
func (b Browser) Counter() throttle.Key {
	return throttle.Key{AccountID: b.AccountID, Subject: "browser:" + b.ID}
}

// Named is what the owner calls the browser, or else what it is.
func (b Browser) Named() string {
	switch {
	case b.Name != "":
		return b.Name
	case b.System == "":
		return b.Browser
	}
	return b.Browser + ", " + b.System
}

// over reports whether the trust has ended by itself at now: it was given up to an end that never moves, under an epoch of its user's,
// and under rules of the account's that may have become stricter since. Both clocks may have been wrong.
func (b Browser) over(a account.Account, u user.User, now time.Time) bool {
	days := time.Duration(a.Policy.TrustedBrowserDays) * 24 * time.Hour
	return b.epoch != u.Epoch ||
		!now.Before(b.ExpiresAt) || !now.Before(b.TrustedAt.Add(days)) ||
		!a.TrustFrom.IsZero() && !b.TrustedAt.After(a.TrustFrom) ||
		db.FromTheFuture(b.TrustedAt, now) || db.FromTheFuture(b.LastUsedAt, now)
}

// Verdict is what a cookie was found to be worth. The zero Verdict is that of a browser which is not trusted and never was.
type Verdict struct {
	Browser      Browser
	Trusted      bool
	Why          Why       // why it is not trusted, if it was
	Found        bool      // that was found just now: end it by End
	Failures     int64     // wrong passwords in this browser, in a row
	BlockedUntil time.Time // none counts in it before

	turn   []byte // hash of the cookie's turn
	secret string // the cookie without its turn
}

// judge decides what the cookie is worth, given the turn that is stored.
func (v *Verdict) judge(stored []byte, a account.Account, u user.User, here Environment, now time.Time) {
	b := v.Browser
	switch {
	case b.ended != "":
		v.Why = b.ended
		return
	case !bytes.Equal(stored, v.turn): // hashes of random secrets: how long it takes tells nothing
		v.Why = UsedTwice
	case b.over(a, u, now):
		v.Why = Over
	default:
		v.Why = b.change(here)
	}
	v.Trusted, v.Found = v.Why == "", v.Why != ""
}
