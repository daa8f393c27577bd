package signin_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// out is one person's way through a sequence of calls with the mailed way out among them, with the model of what it may lead to.
type out struct {
	w      *domaintest.World
	u      user.User
	phone  domaintest.Phone
	cookie string // of the last right password or token, kept even when it is spent
	token  string // the newest one that was mailed

	open  bool   // model: cookie waits for the second factor
	setUp bool   // model: cookie waits for a set-up
	asked string // model: the cookie that the newest token is good for
	off   bool   // model: there is no second factor
	used  bool   // model: the phone's code was used
}

// TestEveryOrderOfTheWayOut: in whatever order the calls come, the token works where it was mailed and nowhere
// else, and nobody gets in without both doors or password, mailbox and, by the policy, a new device (ASVS 2.3.1, B58).
func TestEveryOrderOfTheWayOut(t *testing.T) {
	for _, mode := range []string{"disable", "re_enrol"} {
		t.Run(mode, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				w.SetPolicy(t, "mailed_disable="+mode)
				const alphabet = "PADVCS"
				words := []string{"P", "AP", "DP"} // what never passes the first door is alike
				for range soak(3, 4) {
					var longer []string
					for _, word := range words {
						for _, next := range alphabet {
							longer = append(longer, word+string(next))
						}
					}
					words = longer
				}
				people := make([]*out, len(words))
				start := w.Clock.Now()
				for i := range people {
					w.Clock.Set(start) // enrolment moves it
					people[i] = &out{w: w, u: w.AddUser(t, w.Acme, fmt.Sprintf("o%d@acme.test", i), "", user.Member)}
					people[i].phone, _ = w.Enrol(t, people[i].u)
				}
				var wg sync.WaitGroup
				var offs atomic.Int64
				lane := make(chan int)
				for range 16 {
					wg.Go(func() {
						for i := range lane {
							people[i].follow(t, words[i], mode)
							if people[i].off {
								offs.Add(1)
							}
						}
					})
				}
				for i := range words {
					lane <- i
				}
				close(lane)
				wg.Wait()
				if offs.Load() == 0 {
					t.Error("no order of calls switched anything off: the test shows nothing")
				}
			})
		})
	}
}

// follow makes the calls of word and compares each outcome with the model.
func (o *out) follow(tb testing.TB, word, mode string) {
	tb.Helper()
	for i := range len(word) {
		want, level := signin.State(""), session.AAL2
		var got signin.Step
		var err error
		switch word[i] {
		case 'P': // the right password
			switch {
			case o.off && mode == "disable":
				want, level = signin.SignedIn, session.AAL1
			case o.off:
				want = signin.SetUp
			default:
				want = signin.SecondFactor
			}
			if got, err = o.w.SignIn.AfterPassword(tb.Context(), "acme", o.u.Email, domaintest.By); err == nil {
				o.cookie, o.open, o.setUp = got.Cookie, want == signin.SecondFactor, want == signin.SetUp
			}
		case 'A': // ask for the token
			err = o.w.SignIn.AskDisable(tb.Context(), o.cookie, domaintest.By)
			if may := o.open && o.asked != o.cookie; (err == nil) != may {
				tb.Errorf("%s, call %d: mailed %v, want %v (%v)", word, i+1, err == nil, may, err)
				return
			}
			if err == nil {
				o.asked, o.token = o.cookie, mailedToken(tb, o.w, o.u, "disable_token")
			}
		case 'D': // paste the newest
			if o.open && o.asked == o.cookie {
				want, level = signin.SignedIn, session.AAL1
				if mode == "re_enrol" {
					want = signin.SetUp
				}
			}
			if got, err = confirm(o.w, o.cookie, o.token); err == nil {
				o.open, o.off, o.setUp, o.asked, o.cookie = false, true, want == signin.SetUp, "", got.Cookie
			}
		case 'V': // the right code
			if o.open && !o.used {
				want = signin.SignedIn
			}
			if got, err = verify(o.w, o.cookie, o.phone.Code(o.w.Clock.Now())); err == nil {
				o.open, o.used = false, true
			}
		case 'C':
			err = o.w.SignIn.Cancel(tb.Context(), o.cookie, knownBrowser, domaintest.By)
			o.open, o.setUp = false, false
		case 'S': // a set-up in one go
			if o.setUp {
				want = signin.SignedIn
			}
			_, e, begun := o.w.SignIn.BeginSetUp(tb.Context(), o.cookie, "Set up")
			if err = begun; err == nil {
				phone := domaintest.Scan(tb, e.Factor.ID, e.URI)
				if got, _, err = o.w.SignIn.ConfirmSetUp(tb.Context(), o.cookie, phone.FactorID, phone.Code(o.w.Clock.Now()), domaintest.By); err == nil {
					o.phone, o.setUp, o.off, o.used = phone, false, false, true
				}
			}
		}
		if got.State != want {
			tb.Errorf("%s, call %d: state %q, want %q (%v)", word, i+1, got.State, want, err)
			return
		}
		signed, check := o.w.Sessions.Check(tb.Context(), got.Cookie)
		if in := want == signin.SignedIn; in != (check == nil) || in && signed.Level != level || !in && !errors.Is(check, session.ErrNone) {
			tb.Errorf("%s, call %d: %s comes with the session %+v, %v", word, i+1, want, signed, check)
			return
		}
	}
}
