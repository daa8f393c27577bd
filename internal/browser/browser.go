// Package browser keeps the browsers that people trust: in one of them the second factor is not asked for (X15, X16, K11, K12).
package browser

import "time"

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
