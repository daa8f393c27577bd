package httpx

import (
	"net/http"

	"sallyport/internal/errs"
)

// Handler serves one route. It either answers or returns an error, never both: an
// error after the first byte was written can only break the connection off.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Guard decides whether a request may reach a route, before its handler runs. It
// reads the route's Level, Fresh and Scope and returns the request to go on with,
// usually r with the signed-in person in its context. An error is rendered like a
// handler's. If it has answered itself, say with a redirect to the sign-in page, it
// returns nil and nil, and the handler does not run. It is called for every route,
// public ones too.
type Guard func(route Route, w http.ResponseWriter, r *http.Request) (*http.Request, error)

// Failure is what a surface may tell of an error.
type Failure struct {
	Status    int         // HTTP status, 400 to 599
	Err       *errs.Error // Code, Message and Field are safe to show; Cause is not
	RequestID string      // what the log knows this request by
}

// Renderer writes a failure the way its surface speaks: a page or problem details.
// Status-dependent headers (Allow, Retry-After) are set before it is called. It must
// call WriteHeader with f.Status.
type Renderer func(w http.ResponseWriter, r *http.Request, f Failure)

// SeeOther answers a form post with a redirect to a page of this site (303, so that
// the browser asks with GET and sends no credentials along; RFC 9700 §4.12). A path
// that [ReturnTo] refuses becomes "/". It returns nil, so a handler may end with it.
func SeeOther(w http.ResponseWriter, path string) error {
	if _, ok := ReturnTo(path); !ok {
		path = "/"
	}
	return SeeElsewhere(w, path)
}

// SeeElsewhere is SeeOther to an address of any site. The caller has compared it with a list: it must be none that somebody has only sent.
func SeeElsewhere(w http.ResponseWriter, address string) error {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}
