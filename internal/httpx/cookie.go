package httpx

import (
	"net/http"
	"time"
)

// The cookies. The __Host- prefix makes the browser refuse them from another host, a
// subdomain or an insecure page (RFC 6265bis §4.1.3.2), so nobody can plant one. A
// pending sign-in has a name of its own and is never read as a session (D4).
const (
	SessionCookie = "__Host-sallyport-session"
	PendingCookie = "__Host-sallyport-pending"
	AccountCookie = "__Host-sallyport-account" // which organisation's sign-in was used last; no secret
	// TrustedCookie begins the name of a cookie by which a browser is trusted, one for each person.
	TrustedCookie = "__Host-sallyport-trusted-"
)

// SetCookie hands the browser a cookie no script can read and no other site's form can
// use. maxAge 0 makes it end with the browser, as session secrets must (63B-4 §5.1.1).
func SetCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// ClearCookie takes a cookie back.
func ClearCookie(w http.ResponseWriter, name string) { SetCookie(w, name, "", -time.Second) }

// ReadCookie gives a cookie's value. A name that came twice is refused: one of the two
// was planted, and there is no telling which.
func ReadCookie(r *http.Request, name string) (string, bool) {
	found := r.CookiesNamed(name)
	if len(found) != 1 || found[0].Value == "" {
		return "", false
	}
	return found[0].Value, true
}
