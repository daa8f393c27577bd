package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Level is what a request must have proved to reach a route. The zero value is no
// level: a route that forgot to declare one stops the server from starting (D5).
type Level uint8

// The levels, weakest first. Pending is not half a session but another kind of
// object (D4): a guard that wants a session never reads it.
const (
	levelMissing Level = iota
	Public             // anybody
	Pending            // the password was right, the second factor is still owed
	AAL1               // signed in, at the level this person owes
	AAL2               // signed in with a second factor
)

// Fresh is how recent the sign-in must be.
type Fresh uint8

// The freshness values. Public and Pending routes have no sign-in and leave it out;
// every other route must name one.
const (
	freshMissing Fresh = iota
	AnyAge             // any session that has not ended
	Recent             // the second factor was proved a short while ago; the guard checks
	Whole              // where the session has a second factor, it was proved in it, whenever that was; the guard checks
	Proved             // the handler demands the password or a factor in this very request
)

// Scope is whose data a route may touch.
type Scope uint8

// The scopes. Public and Pending routes leave it out.
const (
	scopeMissing Scope = iota
	Self               // only what belongs to the person signed in
	Account            // the account of the person signed in; the guard checks the role
	Operator           // all accounts
	Program            // what a program began itself: an API key's, or the operator's; no person's session has any of it
)

// Defaults for what a route leaves out.
const (
	DefaultBody    = 16 << 10 // bytes; a form of ours is far smaller
	DefaultTimeout = 20 * time.Second
)

// Route is one row of a surface's table.
type Route struct {
	Pattern string // of http.ServeMux, with a method: "POST /settings/two-factor/add"
	Level   Level
	Fresh   Fresh
	Scope   Scope
	Handler Handler
	Body    int64         // most bytes of body; 0 means DefaultBody
	Timeout time.Duration // of the request's context; 0 means DefaultTimeout
	Form    bool          // takes forms, whatever the other routes of its surface take
	Upload  bool          // takes a form with a file, which Upload reads, beside plain forms
}

// Method gives the method of the pattern.
func (rt Route) Method() string {
	method, _, _ := strings.Cut(rt.Pattern, " ")
	return method
}

// Path gives the path of the pattern, with its wildcards.
func (rt Route) Path() string {
	_, path, _ := strings.Cut(rt.Pattern, " ")
	return strings.TrimSpace(path)
}

var errRoute = errors.New("route table")

// check says what is wrong with one row.
func (rt Route) check() error {
	wrong := func(what string) error { return fmt.Errorf("%w: %q %s", errRoute, rt.Pattern, what) }
	method, path, ok := strings.Cut(rt.Pattern, " ")
	switch {
	case !ok || !methods[method]:
		return wrong("names no method")
	case !strings.HasPrefix(path, "/"):
		return wrong("has no path of this site")
	case rt.Level == levelMissing || rt.Level > AAL2:
		return wrong("declares no level")
	case rt.Level >= AAL1 && (rt.Fresh == freshMissing || rt.Fresh > Proved):
		return wrong("declares no freshness")
	case rt.Level >= AAL1 && (rt.Scope == scopeMissing || rt.Scope > Program):
		return wrong("declares no scope")
	case rt.Level < AAL1 && (rt.Fresh != freshMissing || rt.Scope != scopeMissing):
		return wrong("declares a freshness or scope, but asks for no sign-in")
	case rt.Fresh == Recent && rt.Level != AAL2:
		return wrong("wants a recent second factor, but asks for none")
	case rt.Handler == nil:
		return wrong("has no handler")
	case rt.Body < 0 || rt.Timeout < 0:
		return wrong("has a negative limit")
	}
	return nil
}

// methods a route may have. GET serves HEAD too.
var methods = map[string]bool{
	http.MethodGet: true, http.MethodPost: true, http.MethodPut: true,
	http.MethodPatch: true, http.MethodDelete: true,
}
