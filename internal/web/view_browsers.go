package web

import "time"

// TrustedBrowser is one row of a list of trusted browsers.
type TrustedBrowser struct {
	ID       string
	Name     string // given by its owner; may be empty
	Browser  string // in words: "Firefox on Linux, Vienna"
	Address  string
	Trusted  time.Time
	LastUsed time.Time
	Ends     time.Time
	Current  bool // the one that asks
}

// Called is the name, or what the browser is where it has none.
func (b TrustedBrowser) Called() string {
	if b.Name != "" {
		return b.Name
	}
	return b.Browser
}

// Browsers is /settings/browsers. End posts to /settings/browsers/{id}/end, "End the trust in all browsers" to /settings/browsers/end-all.
type Browsers struct {
	Browsers []TrustedBrowser
	Days     int // for how many days a browser may be trusted; 0 for not at all
}

func (Browsers) page() string { return "browsers" }
func (Browsers) onCard() bool { return false }
func (Browsers) failed() bool { return false }

// RenameBrowser is /settings/browsers/{id}/rename. Posts name.
type RenameBrowser struct {
	ID      string
	Present string // what it is called now
	Name    string // as typed before
	Error   *FormError
}

func (RenameBrowser) page() string   { return "renamebrowser" }
func (RenameBrowser) onCard() bool   { return false }
func (v RenameBrowser) failed() bool { return v.Error != nil }

// EndSessions is /admin/users/{id}/end-sessions. Posts session, of the one to be ended; empty for all.
type EndSessions struct {
	Somebody
	One   *Session // nil for all
	Error *FormError
}

func (EndSessions) page() string   { return "endsessions" }
func (EndSessions) onCard() bool   { return false }
func (v EndSessions) failed() bool { return v.Error != nil }

// EndBrowsers is /admin/users/{id}/end-browsers. Posts browser, of the one in which the trust is to be ended; empty for all.
type EndBrowsers struct {
	Somebody
	One   *TrustedBrowser // nil for all
	Error *FormError
}

func (EndBrowsers) page() string   { return "endbrowsers" }
func (EndBrowsers) onCard() bool   { return false }
func (v EndBrowsers) failed() bool { return v.Error != nil }
