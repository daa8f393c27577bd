package web

import (
	"net/http"
	"strings"

	"sallyport/internal/browser"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// trustedMost is how many people's trust one browser keeps: each is a cookie, which goes out with every request.
const trustedMost = 8

// trusted reads the cookie of a trusted browser that a request has for somebody. Whose it is says its name, which is known when the
// person is.
func trusted(r *http.Request) func(accountID, userID string) string {
	return func(accountID, userID string) string {
		cookie, _ := httpx.ReadCookie(r, httpx.TrustedCookie+browser.Name(accountID, userID))
		return cookie
	}
}

// keepTrust hands the browser its cookie after a step of a sign-in, or takes back one that is worth nothing.
func keepTrust(w http.ResponseWriter, r *http.Request, step signin.Step) {
	name := httpx.TrustedCookie + browser.Name(step.User.AccountID, step.User.ID)
	switch {
	case step.Trusted != "":
		httpx.SetCookie(w, name, step.Trusted, step.TrustFor)
		others := 0
		for _, c := range r.Cookies() {
			if !strings.HasPrefix(c.Name, httpx.TrustedCookie) || c.Name == name {
				continue
			}
			if others++; others >= trustedMost { // whoever's it is, they are asked for a code once
				httpx.ClearCookie(w, c.Name)
			}
		}
	case step.Untrusted:
		httpx.ClearCookie(w, name)
	}
}
