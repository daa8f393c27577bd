package admin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// deed is one thing that administrators do to others.
type deed struct {
	name string
	do   func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, userID string) error
}

// deeds are all of them.
var deeds = []deed{
	{"reset", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.Reset(ctx, p, b.Signed, id, "lost phone", b.As())
	}},
	{"give a code", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		_, err := w.Admin.GiveCode(ctx, p, b.Signed, id, "lost phone", b.As())
		return err
	}},
	{"lock", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.LockUser(ctx, p, b.Signed, id, b.As())
	}},
	{"unlock", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.UnlockUser(ctx, p, b.Signed, id, b.As())
	}},
	{"role", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.SetRole(ctx, p, b.Signed, id, user.Admin, b.As())
	}},
	{"link", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		external := fmt.Sprintf("%x", id)
		return w.Admin.ChangeUser(ctx, p, b.Signed, id, admin.Change{ExternalID: &external}, b.As())
	}},
	{"end sessions", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.EndSessions(ctx, p, b.Signed, id, "", b.As())
	}},
	{"end browsers", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.EndBrowsers(ctx, p, b.Signed, id, "", b.As())
	}},
	{"remove", func(ctx context.Context, w *domaintest.World, p reauth.SecondFactor, b domaintest.Browser, id string) error {
		return w.Admin.RemoveUser(ctx, p, b.Signed, id, b.As())
	}},
}

// strong gives somebody a second factor and a session that has just proved it.
func strong(tb testing.TB, w *domaintest.World, u user.User) domaintest.Browser {
	tb.Helper()
	w.Enrol(tb, u)
	return w.Browse(tb, u)
}

func proof(w *domaintest.World, b domaintest.Browser) reauth.SecondFactor {
	return b.Signed.SecondFactor(w.Clock.Now())
}

func read(tb testing.TB, w *domaintest.World, u user.User) user.User {
	tb.Helper()
	now, err := user.Get(tb.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return now
}

// rows counts what a change would leave: events and messages.
func rows(tb testing.TB, w *domaintest.World) (n int) {
	tb.Helper()
	err := w.DB.Get(tb.Context(), `SELECT (SELECT count(*) FROM audit_events) + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM factor_codes) + (SELECT sum(epoch) FROM users)`, nil, &n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestWhoMayActOnWhom is the matrix of role by role for every deed, with oneself, somebody of another account and nobody
// (T12, section 3, B52, B64): what is refused changes nothing.
func TestWhoMayActOnWhom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		actors := map[user.Role]domaintest.Browser{user.Owner: strong(t, w, w.Ada), user.Admin: strong(t, w, w.Alan), user.Member: strong(t, w, w.Grace)}
		n := 0
		target := func(a account.Account, role user.Role, for_ string) string {
			n++
			u := w.AddUser(t, a, fmt.Sprintf("t%d@acme.test", n), "", role)
			w.Enrol(t, u)
			trust(t, w, a, u)
			if for_ == "unlock" {
				wantError(t, "lock", w.Admin.Lock(t.Context(), read(t, w, u), audit.Operator()), nil)
			}
			return u.ID
		}
		for role, b := range actors {
			for _, deed := range deeds {
				b = w.Browse(t, b.Signed.User) // the clock goes on with each device
				for _, c := range []struct {
					name string
					id   string
					want error
				}{
					{"owner", target(w.Acme, user.Owner, deed.name), map[user.Role]error{user.Admin: admin.ErrRank, user.Member: admin.ErrNotAdministrator}[role]},
					{"admin", target(w.Acme, user.Admin, deed.name), map[user.Role]error{user.Admin: admin.ErrRank, user.Member: admin.ErrNotAdministrator}[role]},
					{"member", target(w.Acme, user.Member, deed.name), map[user.Role]error{user.Member: admin.ErrNotAdministrator}[role]},
					{"oneself", b.Signed.User.ID, map[user.Role]error{user.Owner: admin.ErrSelf, user.Admin: admin.ErrSelf, user.Member: admin.ErrNotAdministrator}[role]},
					{"another account's member", target(other, user.Member, deed.name), map[user.Role]error{user.Owner: user.ErrNotFound, user.Admin: user.ErrNotFound, user.Member: admin.ErrNotAdministrator}[role]},
					{"nobody", "usr_0", map[user.Role]error{user.Owner: user.ErrNotFound, user.Admin: user.ErrNotFound, user.Member: admin.ErrNotAdministrator}[role]},
					{"no id", "", map[user.Role]error{user.Owner: user.ErrNotFound, user.Admin: user.ErrNotFound, user.Member: admin.ErrNotAdministrator}[role]},
					{"what can't be stored", "a\x00b", map[user.Role]error{user.Owner: user.ErrNotFound, user.Admin: user.ErrNotFound, user.Member: admin.ErrNotAdministrator}[role]},
				} {
					want := c.want
					if deed.name == "role" && role == user.Admin && want == nil {
						want = admin.ErrOwners
					}
					if deed.name == "role" && c.name == "admin" && want == nil {
						want = admin.ErrSoAlready
					}
					before := rows(t, w)
					err := deed.do(t.Context(), w, proof(w, b), b, c.id)
					if !errors.Is(err, want) || err == nil && want != nil {
						t.Errorf("%s: %s does it to %s: %v, want %v", deed.name, role, c.name, err, want)
					}
					if changed := rows(t, w) != before; changed != (want == nil) {
						t.Errorf("%s: %s to %s changed something: %v", deed.name, role, c.name, changed)
					}
				}
			}
		}
		// The owner's own kind is asked for as well: another's proof, an old one and none at all.
		ada := w.Browse(t, w.Ada)
		grace := target(w.Acme, user.Member, "")
		for _, deed := range deeds {
			before := rows(t, w)
			wantError(t, deed.name+" without a proof", deed.do(t.Context(), w, reauth.SecondFactor{}, ada, grace), reauth.ErrFactorNeeded)
			alan := w.Browse(t, w.Alan)
			wantError(t, deed.name+" with another's", deed.do(t.Context(), w, proof(w, alan), ada, grace), reauth.ErrFactorNeeded)
			if rows(t, w) != before {
				t.Errorf("%s without a proof changed something", deed.name)
			}
		}
	})
}

// TestFreshness: a proof counts for fifteen minutes to the second, in a session of the right level only (B66), and is renewed by a
// code, which is used up with it.
func TestFreshness(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "session_idle=24h", "session_lifetime=24h")
		phone, codes := w.Enrol(t, w.Ada)
		b := w.Browse(t, w.Ada)
		at := w.Clock.Now()
		w.Enrol(t, w.Grace)
		reset := func() error { return w.Admin.Reset(t.Context(), proof(w, b), b.Signed, w.Grace.ID, "lost", b.As()) }
		held := proof(w, b)
		w.Clock.Set(at.Add(15*time.Minute + time.Second))
		wantError(t, "a second too late", reset(), reauth.ErrFactorNeeded)
		wantError(t, "made in time, used too late", w.Admin.Reset(t.Context(), held, b.Signed, w.Grace.ID, "lost", b.As()), reauth.ErrFactorNeeded)
		w.Clock.Set(at.Add(-time.Minute - time.Second))
		wantError(t, "from the future", reset(), reauth.ErrFactorNeeded)
		w.Clock.Set(at.Add(-time.Minute))
		wantError(t, "from a clock a little ahead", reset(), nil)
		w.Enrol(t, read(t, w, w.Grace))
		w.Clock.Set(at.Add(15 * time.Minute))
		wantError(t, "in the last second", reset(), nil)
		w.Enrol(t, read(t, w, w.Grace))

		w.Clock.Set(at.Add(time.Hour))
		wantError(t, "a wrong code", w.Profile.ProveFactor(t.Context(), b.Signed, phone.Wrong(w.Clock.Now()), "", b.As()), factor.ErrWrongCode)
		b = w.Open(t, b.Cookie)
		wantError(t, "after a wrong code", reset(), reauth.ErrFactorNeeded)
		for _, code := range []string{phone.Code(w.Clock.Now()), codes[0]} {
			w.Clock.Advance(time.Hour)
			b = w.Open(t, b.Cookie)
			if code != codes[0] {
				code = phone.Code(w.Clock.Now())
			}
			wantError(t, "before a code", reset(), reauth.ErrFactorNeeded)
			wantError(t, "a code", w.Profile.ProveFactor(t.Context(), b.Signed, code, "", b.As()), nil)
			wantError(t, "the same code again", w.Profile.ProveFactor(t.Context(), b.Signed, code, "", b.As()), factor.ErrUsedCode)
			b = w.Open(t, b.Cookie)
			wantError(t, "after a code", reset(), nil)
			w.Enrol(t, read(t, w, w.Grace))
		}
		// Without a second factor there is nothing to prove, however fresh the sign-in is.
		alan := w.Browse(t, w.Alan)
		alan.Signed.ProvedAt = w.Clock.Now()
		wantError(t, "a session of the password alone", w.Admin.Reset(t.Context(), proof(w, alan), alan.Signed, w.Grace.ID, "lost", alan.As()), session.ErrLevel)
		if proof(w, alan) != (reauth.SecondFactor{}) {
			t.Error("a session of the password alone proves a second factor")
		}
		wantError(t, "a code in it", w.Profile.ProveFactor(t.Context(), alan.Signed, "123456", "", alan.As()), session.ErrLevel)
		// A code that was right proves nothing in a session that has ended.
		gone := w.Browse(t, w.Ada)
		wantError(t, "sign out", w.Sessions.SignOut(t.Context(), gone.Signed, gone.As()), nil)
		wantError(t, "a code in an ended session", w.Profile.ProveFactor(t.Context(), gone.Signed, codes[1], "", gone.As()), session.ErrNone)
	})
}

// TestResetOnce: of two administrators who reset at the same moment one does, and the other is told why not.
func TestResetOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		bob := w.AddUser(t, w.Acme, "bob@acme.test", "", user.Admin)
		browsers := []domaintest.Browser{strong(t, w, w.Ada), strong(t, w, bob)}
		for i := range rounds(20, 200) {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("r%d@acme.test", i), "", user.Member)
			w.Enrol(t, u)
			browsers[0], browsers[1] = w.Browse(t, w.Ada), w.Browse(t, bob)
			errs := both(func(i int) error {
				return w.Admin.Reset(t.Context(), proof(w, browsers[i]), browsers[i].Signed, u.ID, "lost", browsers[i].As())
			})
			if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), admin.ErrNothingToReset) {
				t.Fatalf("round %d: %v and %v", i, errs[0], errs[1])
			}
			if n := letters(t, w, u, outbox.TwoFactorReset); n != 1 {
				t.Fatalf("round %d: told %d times", i, n)
			}
		}
	})
}

// rounds is how often a race is run: more in a night.
func rounds(every, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return every
}

// both runs do(0) and do(1) at the same moment.
func both(do func(i int) error) []error {
	errs := make([]error, 2)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range errs {
		wg.Go(func() { <-start; errs[i] = do(i) })
	}
	close(start)
	wg.Wait()
	return errs
}

// letters counts the messages of a kind for somebody.
func letters(tb testing.TB, w *domaintest.World, u user.User, k outbox.Kind) (n int) {
	tb.Helper()
	for _, l := range w.Letters(tb) {
		if l.UserID == u.ID && l.Kind == k {
			n++
		}
	}
	return n
}

// TestAnOwnerStays: whatever two owners, or the operator twice, do at the same moment, one owner is left who can sign in.
func TestAnOwnerStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		wantError(t, "removing the last", w.Admin.OperatorRemove(t.Context(), w.Ada), admin.ErrLastOwner)
		wantError(t, "demoting the last", w.Admin.OperatorSetRole(t.Context(), w.Ada, user.Admin), admin.ErrLastOwner)
		locked := w.AddUser(t, w.Acme, "locked@acme.test", "", user.Owner)
		wantError(t, "lock", w.Admin.Lock(t.Context(), locked, audit.Operator()), nil)
		wantError(t, "removing the last who can sign in", w.Admin.OperatorRemove(t.Context(), w.Ada), admin.ErrLastOwner)
		if _, err := w.Admin.OperatorInvite(t.Context(), w.Acme.ID, admin.Invitee{Email: "invited@acme.test", Role: user.Owner}); err != nil {
			t.Fatal(err)
		}
		wantError(t, "removing the last who came", w.Admin.OperatorRemove(t.Context(), w.Ada), admin.ErrLastOwner)

		mutual := map[string]func(b domaintest.Browser, id string) error{
			"remove": func(b domaintest.Browser, id string) error {
				return w.Admin.RemoveUser(t.Context(), proof(w, b), b.Signed, id, b.As())
			},
			"lock": func(b domaintest.Browser, id string) error {
				return w.Admin.LockUser(t.Context(), proof(w, b), b.Signed, id, b.As())
			},
			"demote": func(b domaintest.Browser, id string) error {
				return w.Admin.SetRole(t.Context(), proof(w, b), b.Signed, id, user.Member, b.As())
			},
		}
		for i := range rounds(10, 200) {
			for name, do := range mutual {
				a, err := account.Create(t.Context(), d, w.Clock.Now(), fmt.Sprintf("m%d-%s", i, name), "M", audit.Operator())
				if err != nil {
					t.Fatal(err)
				}
				owners := []user.User{w.AddUser(t, a, "one@m.test", "", user.Owner), w.AddUser(t, a, "two@m.test", "", user.Owner)}
				browsers := []domaintest.Browser{strong(t, w, owners[0]), strong(t, w, owners[1])}
				errs := both(func(i int) error { return do(browsers[i], owners[1-i].ID) })
				if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), session.ErrNone) {
					t.Fatalf("%s, round %d: %v and %v", name, i, errs[0], errs[1])
				}
				if n, err := user.OwnersBeside(t.Context(), d, user.User{AccountID: a.ID}); n != 1 || err != nil {
					t.Fatalf("%s, round %d: %d owners are left, %v", name, i, n, err)
				}
			}
			a, err := account.Create(t.Context(), d, w.Clock.Now(), fmt.Sprintf("o%d", i), "O", audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			owners := []user.User{w.AddUser(t, a, "one@o.test", "", user.Owner), w.AddUser(t, a, "two@o.test", "", user.Owner)}
			errs := both(func(i int) error { return w.Admin.OperatorRemove(t.Context(), owners[i]) })
			if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), admin.ErrLastOwner) {
				t.Fatalf("the operator twice, round %d: %v and %v", i, errs[0], errs[1])
			}
		}
	})
}

// TestRemovedForGood: nothing that the person signed in with is left, nothing of theirs works, and the record stays.
func TestRemovedForGood(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		phone, _ := w.Enrol(t, w.Grace)
		w.Trust(t, w.Grace, phone, domaintest.By)
		w.Clock.Advance(time.Minute)
		half := w.Password(t, w.Grace)
		b := w.Browse(t, w.Grace)
		wantError(t, "ask", w.Recovery.Ask(t.Context(), "acme", w.Grace.Email, domaintest.By), nil)
		token := w.MailedToken(t, w.Grace.Email)
		wantError(t, "remove", w.Admin.RemoveUser(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, ada.As()), nil)
		for _, table := range []string{"users", "sessions", "factors", "factor_codes", "mail_tokens", "sent_codes", "trusted_browsers"} {
			var n int
			if err := d.Get(t.Context(), `SELECT count(*) FROM `+table+` WHERE user_id = $1`, []any{w.Grace.ID}, &n); err != nil || n != 0 {
				t.Errorf("%s has %d rows of hers, %v", table, n, err)
			}
		}
		_, err := w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the session, at once", err, session.ErrNone)
		_, err = w.SignIn.Verify(t.Context(), half.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By)
		wantError(t, "the half-finished sign-in", err, signin.ErrExpired)
		if _, err = w.Recovery.Choose(t.Context(), token, "nine quiet harbour cranes", domaintest.By); err == nil {
			t.Error("the mailed token works")
		}
		if mails := w.Mailed(t, w.Grace.Email); len(mails) == 0 || mails[0].Subject != "Your account was removed" {
			t.Errorf("she was not told: %v", mails)
		}
		wantError(t, "again", w.Admin.RemoveUser(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, ada.As()), user.ErrNotFound)
		events, err := audit.List(t.Context(), d, w.Acme.ID, 100)
		found := false
		for _, e := range events {
			found = found || e.Action == audit.UserRemoved && e.Target == w.Grace.ID && e.Detail["email"] == w.Grace.Email && e.Actor.ID == w.Ada.ID
		}
		if err != nil || !found {
			t.Errorf("the record does not tell: %v", err)
		}
	})
}

// TestRoleAndLock: each ends the person's sessions, is told and recorded once, and is said to be so when it is asked for again.
func TestRoleAndLock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		for _, c := range []struct {
			name string
			told outbox.Kind
			ends bool
			do   func() error
		}{
			{"promote", outbox.RoleChanged, true, func() error {
				return w.Admin.SetRole(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, user.Admin, ada.As())
			}},
			{"lock", outbox.AccessLocked, true, func() error { return w.Admin.LockUser(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, ada.As()) }},
			{"unlock", outbox.AccessUnlocked, false, func() error {
				return w.Admin.UnlockUser(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, ada.As())
			}},
		} {
			var b domaintest.Browser
			if c.ends {
				b = w.Browse(t, w.Grace)
			}
			wantError(t, c.name, c.do(), nil)
			if c.ends {
				_, err := w.Sessions.Check(t.Context(), b.Cookie)
				wantError(t, c.name+": the session, at once", err, session.ErrNone)
			}
			wantError(t, c.name+" again", c.do(), admin.ErrSoAlready)
			if n := letters(t, w, w.Grace, c.told); n != 1 {
				t.Errorf("%s was told %d times", c.name, n)
			}
		}
		wantError(t, "no role", w.Admin.SetRole(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, "root", ada.As()), user.ErrRole)

		// A device that is locked by wrong codes is opened without ending the person's sessions.
		phone, _ := w.Enrol(t, w.Grace)
		b := w.Browse(t, w.Grace)
		wantError(t, "lock the device", d.Run(t.Context(), db.Write(`UPDATE factors SET failures = 100 WHERE factor_id = $1`, phone.FactorID)), nil)
		wantError(t, "unlock", w.Admin.UnlockUser(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, ada.As()), nil)
		wantError(t, "its code", w.Profile.ProveFactor(t.Context(), b.Signed, phone.Code(w.Clock.Now()), "", b.As()), nil)
		if _, err := w.Sessions.Check(t.Context(), b.Cookie); err != nil {
			t.Errorf("the session ended: %v", err)
		}
	})
}
