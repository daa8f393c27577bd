package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// errRate stops a caller who makes too many calls.
var errRate = errs.New(errs.TooMany, "rate_limited", "This is more than may be asked for in a minute. Wait, then go on more slowly.")

const (
	limitWindow  = time.Minute
	mostCounted  = 50_000 // callers, of each kind: some megabytes
	limitsPolicy = "calls"
)

// limiter counts the calls of each caller in a minute. It is a brake for floods and programs gone wild, in the memory of one
// process: what guards secrets is counted in the database (D3). Whoever is signed in is counted by session or key, so that
// strangers in the same network can't use that up; everybody else by network address.
type limiter struct {
	most int // calls a minute; 0 for no limit
	now  func() time.Time

	mu     sync.Mutex
	minute time.Time
	counts [2]map[string]int // of strangers and of callers who are known, in this minute
}

func newLimiter(most int, now func() time.Time) *limiter { return &limiter{most: most, now: now} }

// take counts a call, unless it is only judged, and reports how many are left, -1 if there were too many, and when the minute is over.
func (l *limiter) take(known bool, who string, count bool) (left int, over time.Duration) {
	now := l.now()
	kind := 0
	if known {
		kind = 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Truncate(limitWindow); minute != l.minute {
		l.minute, l.counts = minute, [2]map[string]int{{}, {}}
	}
	over = l.minute.Add(limitWindow).Sub(now)
	counts := l.counts[kind]
	n, counted := counts[who]
	if !counted && len(counts) >= mostCounted {
		return l.most, over // so many at once are no business of a limit per caller
	}
	if n >= l.most {
		return -1, over
	}
	if count {
		counts[who] = n + 1
	}
	return l.most - n - 1, over
}

// charge counts a call, and says on the answer what is left.
func (l *limiter) charge(w http.ResponseWriter, known bool, who string) error {
	if l.most == 0 {
		return nil
	}
	left, over := l.take(known, who, true)
	return l.say(w, left, over)
}

// admit refuses the call of a program's key that has made too many. It counts none: that is done when the call is let through, and one with
// a wrong code or a used nonce must not use up what the key's owner may call.
func (l *limiter) admit(w http.ResponseWriter, keyID string) error {
	if l.most == 0 {
		return nil
	}
	if left, over := l.take(true, keyID, false); left < 0 {
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
			if over := l.charge(w, false, network(r.Context())); over != nil {
				return nil, over
			}
			return nil, err
		}
		known, who := false, network(r.Context())
		if c := admitted.Context().Value(callerKey{}).(*caller); c.signed != nil {
			known, who = true, c.signed.ID
		}
		return admitted, l.charge(w, known, who)
	}
}

// render counts what was refused before the guard saw it, then tells the failure.
func (l *limiter) render(render httpx.Renderer) httpx.Renderer {
	return func(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
		if !said(w) {
			_ = l.charge(w, false, network(r.Context())) // it is refused anyway
		}
		render(w, r, f)
	}
}

// said reports whether the answer tells what is left already.
func said(w http.ResponseWriter) bool { return w.Header().Get("RateLimit-Policy") != "" }

// network is what a stranger is counted by: the address, of IPv6 the /64 that one customer has.
func network(ctx context.Context) string {
	client := httpx.InfoOf(ctx).Client
	if client.Is6() {
		if prefix, err := client.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return client.String()
}
