package api

import (
	"fmt"
	"net/http"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// errRate stops a caller who makes too many calls.
var errRate = errs.New(errs.TooMany, "rate_limited", "This is more than may be asked for in a minute. Wait, then go on more slowly.")

const (
	limitWindow  = time.Minute
	limitsPolicy = "calls"
)

// limiter counts the calls of each caller in a minute. Whoever is signed in is counted by session or key, so that
// strangers in the same network can't use that up; everybody else by network address.
type limiter struct {
	most            int // calls a minute; 0 for no limit
	known, stranger *httpx.Limit
}

func newLimiter(most int, now func() time.Time) *limiter {
	return &limiter{most, httpx.NewLimit(most, limitWindow, now), httpx.NewLimit(most, limitWindow, now)}
}

// charge counts a call, and says on the answer what is left.
func (l *limiter) charge(w http.ResponseWriter, by *httpx.Limit, who string) error {
	if l.most == 0 {
		return nil
	}
	left, over := by.Take(who)
	return l.say(w, left, over)
}

// admit refuses the call of a program's key that has made too many. It counts none: that is done when the call is let through, and one with
// a wrong code or a used nonce must not use up what the key's owner may call.
func (l *limiter) admit(w http.ResponseWriter, keyID string) error {
	if l.most == 0 {
		return nil
	}
	if left, over := l.known.Judge(keyID); left < 0 {
		return l.say(w, left, over)
	}
	return nil
}

// say puts on the answer what is left (draft-ietf-httpapi-ratelimit-headers-10), and refuses a call too many.
func (l *limiter) say(w http.ResponseWriter, left int, over time.Duration) error {
	h, seconds := w.Header(), (over+time.Second-1)/time.Second
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", limitsPolicy, l.most, limitWindow/time.Second))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", limitsPolicy, max(left, 0), seconds))
	if left < 0 {
		return errRate.After(over)
	}
	return nil
}

// limited counts each call that reaches a route: a known caller's after the guard has found out who it is, and before it does
// anything, and a program's is judged before a code or nonce of it is used up; a stranger's, and one that the guard turns away, by network.
func (l *limiter) limited(guard httpx.Guard) httpx.Guard {
	return func(rt httpx.Route, w http.ResponseWriter, r *http.Request) (*http.Request, error) {
		admitted, err := guard(rt, w, r)
		if err != nil {
			if said(w) { // a key's call too many
				return nil, err
			}
			if over := l.charge(w, l.stranger, httpx.Network(r.Context())); over != nil {
				return nil, over
			}
			return nil, err
		}
		if c := admitted.Context().Value(callerKey{}).(*caller); c.signed != nil {
			return admitted, l.charge(w, l.known, c.signed.ID)
		}
		return admitted, l.charge(w, l.stranger, httpx.Network(r.Context()))
	}
}

// render counts what was refused before the guard saw it, then tells the failure.
func (l *limiter) render(render httpx.Renderer) httpx.Renderer {
	return func(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
		if !said(w) {
			_ = l.charge(w, l.stranger, httpx.Network(r.Context())) // it is refused anyway
		}
		render(w, r, f)
	}
}

// said reports whether the answer tells what is left already.
func said(w http.ResponseWriter) bool { return w.Header().Get("RateLimit-Policy") != "" }
