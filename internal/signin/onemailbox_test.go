package signin_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
)

// TestMailboxAloneOpensNothing: whoever reads Ada's mail, and nothing else, resets her password and stands at the second door, where her app
// is asked for, and her mailbox is no way on.
func TestMailboxAloneOpensNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		own := w.AddAddress(t, w.Ada, factor.Email, w.Ada.Email)
		execute(t, w, `UPDATE users SET preferred_factor = $2 WHERE user_id = $1`, w.Ada.ID, own.ID)
		w.Clock.Advance(time.Hour)
		const fresh = "the thief's very own words"
		wantError(t, "ask", w.Recovery.Ask(t.Context(), "acme", w.Ada.Email, domaintest.By), nil)
		if _, err := w.Recovery.Choose(t.Context(), w.MailedToken(t, w.Ada.Email), fresh, domaintest.By); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		step, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: w.Ada.Email, Password: fresh}, domaintest.By)
		if err != nil || step.State != signin.SecondFactor {
			t.Fatalf("state %s, %v", step.State, err)
		}
		p, err := w.SignIn.Pending(t.Context(), step.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignIn.Sent(t.Context(), p); err == nil {
			t.Error("a code was mailed by itself")
		}
		wantError(t, "send", w.SignIn.Send(t.Context(), step.Cookie, own.ID, domaintest.By), signin.ErrMailRests)
		// Even a code that was sent in some way is none.
		wantError(t, "send all the same", w.Codes.Send(t.Context(), own, p.Request(), 0, domaintest.By), nil)
		code := w.SentCode(t, w.Ada, p.Request())
		for what, a := range map[string]signin.Attempt{
			"the mailbox": {FactorID: own.ID}, "the one on its way": {Unsaid: true}, "any": {}, "any mailbox": {Kind: factor.Email},
		} {
			a.Code = code
			if _, err := w.SignIn.Verify(t.Context(), step.Cookie, a, domaintest.By); err == nil {
				t.Fatalf("in with the code of %s", what)
			}
		}
		if n := w.Stored(t, w.Ada, own.ID).Failures; n != 0 {
			t.Errorf("%d codes were compared with the mailbox's", n)
		}
		if _, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); err != nil {
			t.Errorf("the app: %v", err)
		}
	})
}

// TestWhichMailboxRests: the one of the registered address, for 24 hours after a reset by mail, and only beside a device that was there before.
func TestWhichMailboxRests(t *testing.T) {
	own := func(t *testing.T, w *domaintest.World) { w.AddAddress(t, w.Ada, factor.Email, w.Ada.Email) }
	app := func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada) }
	ago := func(d time.Duration) func(*testing.T, *domaintest.World) {
		return func(t *testing.T, w *domaintest.World) { w.Clock.Advance(48 * time.Hour); resetAgo(t, w, d) }
	}
	for _, c := range []struct {
		what  string
		steps []func(*testing.T, *domaintest.World)
		rests bool
	}{
		{"beside an app", []func(*testing.T, *domaintest.World){own, app, ago(0)}, true},
		{"beside a locked app, which the thief has locked", []func(*testing.T, *domaintest.World){own, app, ago(0), func(t *testing.T, w *domaintest.World) {
			lockDevices(t, w, w.Ada, factor.TOTP)
		}}, true},
		{"beside a number", []func(*testing.T, *domaintest.World){own, func(t *testing.T, w *domaintest.World) {
			w.AddAddress(t, w.Ada, factor.SMS, "+436641234567")
		}, ago(0)}, true},
		{"beside another mailbox, which does not", []func(*testing.T, *domaintest.World){own, func(t *testing.T, w *domaintest.World) {
			w.AddAddress(t, w.Ada, factor.Email, "ada@home.test")
		}, ago(0)}, true},
		{"alone, with backup codes", []func(*testing.T, *domaintest.World){own, ago(0)}, false},
		{"beside an app not confirmed", []func(*testing.T, *domaintest.World){own, ago(0), func(t *testing.T, w *domaintest.World) {
			w.BeginPhone(t, w.Browse(t, w.Ada), "Half")
		}}, false},
		{"beside an app added since", []func(*testing.T, *domaintest.World){own, ago(time.Hour), app}, false},
		{"after 23:59:59", []func(*testing.T, *domaintest.World){own, app, ago(24*time.Hour - time.Second)}, true},
		{"after 24 hours", []func(*testing.T, *domaintest.World){own, app, ago(24 * time.Hour)}, false},
		{"after a reset of tomorrow, by today's clock", []func(*testing.T, *domaintest.World){own, app, ago(-24 * time.Hour)}, true},
		{"without a reset", []func(*testing.T, *domaintest.World){own, app}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				for _, do := range c.steps {
					do(t, w)
				}
				cookie := half(t, w, w.Ada)
				p, err := w.SignIn.Pending(t.Context(), cookie)
				if err != nil {
					t.Fatal(err)
				}
				now := w.Clock.Now()
				for _, f := range p.Devices() {
					rests, want := c.rests && f.Name == "At "+w.Ada.Email, error(nil)
					if rests {
						want = signin.ErrMailRests
					}
					if offered := slices.ContainsFunc(p.Ways(now), func(way factor.Factor) bool { return way.ID == f.ID }); offered == rests {
						t.Errorf("%s is offered: %t", f.Name, offered)
					}
					if got, until := p.Rests(now); (got.ID == f.ID) != rests || rests && !until.Equal(p.User.PasswordMailedAt.Add(24*time.Hour)) {
						t.Errorf("%s rests: %q until %s", f.Name, got.Name, until)
					}
					if f.Kind == factor.Email {
						wantError(t, "send to "+f.Name, w.SignIn.Send(t.Context(), cookie, f.ID, domaintest.By), want)
					}
				}
			})
		})
	}
}

// TestMailRestsInNoCheck: a check's first door is the program's, which no reset here opens.
func TestMailRestsInNoCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		own := w.AddAddress(t, w.Ada, factor.Email, w.Ada.Email)
		execute(t, w, `UPDATE users SET external_id = 'ada' WHERE user_id = $1`, w.Ada.ID)
		w.Clock.Advance(time.Hour)
		resetAgo(t, w, 0)
		c, _, err := w.Checks.Begin(t.Context(), signin.OperatorProgram(), signin.AskedFor{Account: "acme", ExternalID: "ada"}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		st := findCheck(t, w, signin.OperatorProgram(), c.ID)
		wantError(t, "send", st.SignIn.Send(t.Context(), "", own.ID, domaintest.By), nil)
	})
}
