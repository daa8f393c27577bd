package signin_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

func credentials(email string) signin.Credentials {
	return signin.Credentials{Account: "acme", Email: email, Password: domaintest.Password}
}

// walk is one person's way through a sequence of calls, with the model of what it may lead to.
type walk struct {
	w      *domaintest.World
	u      user.User
	phone  domaintest.Phone
	cookie string // of the last right password, kept even when it is spent
	setUp  bool   // a reset demands a set-up

	passed bool // model: the first door is open for cookie
	used   bool // model: the code was used
	bad    int  // model: wrong codes since the last right one
}

// calls is the alphabet. Each returns what the caller got and whether the model allows a session by it.
var calls = map[byte]func(tb testing.TB, k *walk) (step signin.Step, err error, allowed bool){
	// The right password. What follows the comparison of hashes is the product's code.
	'P': func(tb testing.TB, k *walk) (signin.Step, error, bool) {
		step, err := k.w.SignIn.AfterPassword(tb.Context(), "acme", k.u.Email, domaintest.By)
		if err == nil {
			k.cookie, k.passed = step.Cookie, true
		}
		return step, err, false
	},
	// The right code.
	'V': func(_ testing.TB, k *walk) (signin.Step, error, bool) {
		allowed := k.passed && !k.used && !k.setUp && k.bad < 5
		step, err := verify(k.w, k.cookie, k.phone.Code(k.w.Clock.Now()))
		if k.passed && !allowed && !k.setUp {
			k.bad++
		}
		if allowed {
			k.passed, k.used, k.bad = false, true, 0
		}
		return step, err, allowed
	},
	// A wrong code.
	'v': func(_ testing.TB, k *walk) (signin.Step, error, bool) {
		step, err := verify(k.w, k.cookie, k.phone.Wrong(k.w.Clock.Now()))
		if k.passed && !k.setUp {
			k.bad++
		}
		return step, err, false
	},
	'C': func(tb testing.TB, k *walk) (signin.Step, error, bool) {
		err := k.w.SignIn.Cancel(tb.Context(), k.cookie, knows, domaintest.By)
		k.passed = false
		return signin.Step{}, err, false
	},
	// A set-up in one go: allowed only where a reset demands it.
	'S': func(tb testing.TB, k *walk) (signin.Step, error, bool) {
		allowed := k.passed && k.setUp
		_, e, err := k.w.SignIn.BeginSetUp(tb.Context(), k.cookie, "Set up")
		if err != nil {
			return signin.Step{}, err, allowed
		}
		phone := domaintest.Scan(tb, e.Factor.ID, e.URI)
		step, _, err := k.w.SignIn.ConfirmSetUp(tb.Context(), k.cookie, phone.FactorID, phone.Code(k.w.Clock.Now()), domaintest.By)
		if allowed {
			k.passed, k.setUp, k.used, k.bad, k.phone = false, false, true, 0, phone
		}
		return step, err, allowed
	},
	// The administrator's reset.
	'R': func(tb testing.TB, k *walk) (signin.Step, error, bool) {
		err := k.w.Admin.ResetTwoFactor(tb.Context(), k.u, "lost phone", audit.Operator())
		k.passed, k.setUp = false, true
		return signin.Step{}, err, false
	},
}

// TestEveryOrderOfCalls is ASVS 2.3.1: in whatever order the calls come, a session appears
// exactly where both doors were passed in turn.
func TestEveryOrderOfCalls(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		length := soak(4, 5)
		var words []string
		for _, first := range "PVvCSR" {
			words = append(words, string(first))
		}
		for range length - 1 {
			var longer []string
			for _, word := range words {
				for _, next := range "PVvCSR" {
					longer = append(longer, word+string(next))
				}
			}
			words = longer
		}
		// What never passes the first door is alike; a few of it are enough.
		var worth []string
		for _, word := range words {
			if strings.Contains(word[:length-1], "P") || strings.HasPrefix(word, "RSV") {
				worth = append(worth, word)
			}
		}
		walks := make([]*walk, len(worth))
		for i := range walks { // one after the other: enrolment moves the clock
			walks[i] = &walk{w: w, u: w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)}
		}
		enrol(t, w, walks)
		var wg sync.WaitGroup
		lane := make(chan int)
		var sessions atomic.Int64
		for range 32 {
			wg.Go(func() {
				for i := range lane {
					sessions.Add(follow(t, walks[i], worth[i]))
				}
			})
		}
		for i := range worth {
			lane <- i
		}
		close(lane)
		wg.Wait()
		if sessions.Load() == 0 {
			t.Error("no order of calls led to a session: the test shows nothing")
		}
	})
}

// enrol gives each a phone at one moment.
func enrol(tb testing.TB, w *domaintest.World, walks []*walk) {
	tb.Helper()
	start := w.Clock.Now()
	for _, k := range walks {
		w.Clock.Set(start)
		k.phone, _ = w.Enrol(tb, k.u)
	}
}

// follow makes the calls of word and compares each outcome with the model. It returns how many sessions began.
func follow(tb testing.TB, k *walk, word string) (sessions int64) {
	tb.Helper()
	for i := range len(word) {
		step, err, allowed := calls[word[i]](tb, k)
		in := err == nil && step.State == signin.SignedIn
		if in != allowed {
			tb.Errorf("%s, call %d: signed in %v, want %v (%v)", word, i+1, in, allowed, err)
			return sessions
		}
		if err != nil && (step.Cookie != "" || step.State != "") {
			tb.Errorf("%s, call %d: %v comes with %+v", word, i+1, err, step)
		}
		switch signed, err := k.w.Sessions.Check(tb.Context(), step.Cookie); {
		case in && err != nil:
			tb.Errorf("%s, call %d: the session does not count: %v", word, i+1, err)
		case in && signed.Level != session.AAL2:
			tb.Errorf("%s, call %d: a session of %s", word, i+1, signed.Level)
		case !in && !errors.Is(err, session.ErrNone):
			tb.Errorf("%s, call %d: a session where none may be: %v", word, i+1, err)
		}
		if in {
			sessions++
		}
	}
	return sessions
}
