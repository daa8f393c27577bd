package signin_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
)

// TestServersWithClocksApart: whoever guesses passwords or codes at two servers of one database whose clocks are apart gets no more guesses in
// an hour than one server gives, and afterwards the owner gets in at either.
func TestServersWithClocksApart(t *testing.T) {
	guesses := map[string]func(w *domaintest.World, phone domaintest.Phone) (guessed bool, err error){
		"password": func(w *domaintest.World, _ domaintest.Phone) (bool, error) {
			_, err := w.SignIn.Password(t.Context(), signin.Credentials{
				Account: "acme", Email: w.Ada.Email, Password: "not the one",
				Known: func(string, string) bool { return true }, Trusted: func(string, string) string { return "" },
			}, domaintest.By)
			return errors.Is(err, signin.ErrCredentials), err
		},
		"code": func(w *domaintest.World, phone domaintest.Phone) (bool, error) {
			err := try(t, w, w.Ada, phone.Wrong(w.Clock.Now()))
			return errors.Is(err, factor.ErrWrongCode), err
		},
	}
	for what, guess := range guesses {
		t.Run(what, func(t *testing.T) {
			count := func(t *testing.T, d *db.DB, off ...time.Duration) (n int) {
				t.Helper()
				servers := []*domaintest.World{domaintest.New(t, d)}
				phone, _ := servers[0].Enrol(t, servers[0].Ada)
				start := servers[0].Clock.Now()
				for range off[1:] {
					servers = append(servers, servers[0].Elsewhere(t, d, &domaintest.Clock{}))
				}
				set := func(at time.Duration) {
					for i, w := range servers {
						w.Clock.Set(start.Add(at + off[i]))
					}
				}
				for at := time.Duration(0); at < time.Hour; at += 30 * time.Second {
					set(at)
					for _, w := range servers {
						for {
							guessed, err := guess(w, phone)
							if !guessed {
								wantError(t, "a guess", err, throttle.ErrBlocked)
								break
							}
							n++
						}
					}
				}
				set(time.Hour + throttle.Longest + 10*time.Minute)
				for _, w := range servers {
					wantError(t, "the owner, with a clock of "+w.Clock.Now().Format(time.TimeOnly), try(t, w, w.Ada, phone.Code(w.Clock.Now())), nil)
					for _, other := range servers {
						other.Clock.Advance(20 * time.Minute) // a code works once, and the clock ahead has used a later one
					}
				}
				return n
			}
			one := 0
			dbtest.Each(t, func(t *testing.T, d *db.DB) { one = count(t, d, 0) })
			for _, off := range []time.Duration{90 * time.Second, -90 * time.Second, 10 * time.Minute} {
				t.Run(off.String(), func(t *testing.T) {
					dbtest.Each(t, func(t *testing.T, d *db.DB) {
						if n := count(t, d, 0, off); n != one {
							t.Errorf("%d guesses, one server gives %d", n, one)
						}
					})
				})
			}
		})
	}
}

// TestSetUpAtServersWithClocksApart: whoever must set up a second factor can do so at any server, also where the password was checked by one whose
// clock is a little ahead.
func TestSetUpAtServersWithClocksApart(t *testing.T) {
	for _, ahead := range []time.Duration{time.Millisecond, db.Skew} {
		t.Run(ahead.String(), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				w.SetPolicy(t, "enforcement=required", "grace_days=0")
				other := w.Elsewhere(t, d, &domaintest.Clock{})
				other.Clock.Set(w.Clock.Now().Add(ahead))
				step := other.Password(t, w.Grace)
				if step.State != signin.SetUp {
					t.Fatalf("after the password: %s", step.State)
				}
				_, e, err := w.SignIn.BeginSetUp(t.Context(), step.Cookie, "Phone")
				wantError(t, "begin", err, nil)
				phone := domaintest.Scan(t, e.Factor.ID, e.URI)
				done, _, err := w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, phone.FactorID, phone.Code(w.Clock.Now()), domaintest.By)
				wantError(t, "confirm", err, nil)
				if err == nil {
					w.Open(t, done.Cookie)
				}
			})
		})
	}
}
