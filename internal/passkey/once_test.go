package passkey_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/passkey"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/reauth"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// TestOneAnswerEntersOnce: one answer shown to two servers at once enters one of them, whether its passkey counts or not.
func TestOneAnswerEntersOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for name, key := range map[string]*keytest.Key{"counting": {}, "still": {Still: true}} {
			u := w.AddUser(t, w.Acme, name+"@acme.test", "Pat", user.Member)
			enrolled(t, w, u, key)
			worlds := []*domaintest.World{w, w.Restart(t, d)}
			for range soak(20, 5000) {
				options, ceremony, err := w.SignIn.AskPasskeyAlone(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				c := signin.PasskeyCredentials{Ceremony: ceremony, Response: key.Answer(t, options, domaintest.Site, nil)}
				var entered atomic.Int64
				var all sync.WaitGroup
				start := make(chan struct{})
				for i := range 4 {
					all.Go(func() {
						<-start
						switch _, err := worlds[i%2].SignIn.Passkey(t.Context(), c, domaintest.By); {
						case err == nil:
							entered.Add(1)
						case !errors.Is(err, factor.ErrPasskey):
							t.Errorf("%s: %v", name, err)
						}
					})
				}
				close(start)
				all.Wait()
				if n := entered.Load(); n != 1 {
					t.Fatalf("%s: one answer entered %d times", name, n)
				}
			}
		}
		for _, l := range w.Letters(t) {
			if l.Kind == outbox.PasskeyCopied {
				t.Fatal("one answer sent to two servers was called a copy")
			}
		}
	})
}

// TestCopiedPasskey: of two copies of a counting passkey the one that is behind is refused, its owner is told once a day, and
// the other one enters.
func TestCopiedPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		thief := *key
		at := aloneDoor(t, w)
		enter := func(k *keytest.Key) error {
			options, ceremony := at.ask()
			return at.show(k.Answer(t, options, domaintest.Site, nil), ceremony)
		}
		for range 3 {
			wantError(t, "the owner", enter(key), nil)
		}
		for range 2 {
			refusedAs(t, w, enter(&thief), passkey.SignCount, true)
		}
		told := 0
		for _, l := range w.Letters(t) {
			if l.Kind == outbox.PasskeyCopied && l.UserID == w.Grace.ID {
				told++
			}
		}
		if told != 1 {
			t.Errorf("the owner was told %d times, want once", told)
		}
		wantError(t, "the owner, after the thief", enter(key), nil)
		w.Clock.Advance(24 * time.Hour)
		thief.Count = 0
		refusedAs(t, w, enter(&thief), passkey.SignCount, true)
		w.Deliver(t)
		if mail := w.Mailed(t, w.Grace.Email); len(mail) == 0 {
			t.Error("no mail about the copy was delivered")
		}
	})
}

// TestCounterRises: two answers that were both read as right before either was stored: the one with the lower counter is
// refused by the write, and so is one whose passkey was removed, which is no copy.
func TestCounterRises(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{}
		id := enrolled(t, w, w.Grace, key)
		at := aloneDoor(t, w)
		rows, err := w.Factors.All(t.Context(), w.Acme.ID, w.Grace.ID)
		if err != nil {
			t.Fatal(err)
		}
		var tries [3]factor.Try
		for i := range tries {
			options, ceremony := at.ask()
			tries[i] = factor.Try{
				AccountID: w.Acme.ID, UserID: w.Grace.ID, Factors: rows, Kind: factor.Passkey,
				Code: key.Answer(t, options, domaintest.Site, nil), Ceremony: ceremony, Request: factor.Alone, By: domaintest.By,
			}
		}
		use := func(n int) error {
			_, err := w.Factors.Consume(t.Context(), tries[n], func(factor.Match) []db.Stmt { return nil })
			return err
		}
		wantError(t, "the second", use(1), nil)
		refusedAs(t, w, use(0), passkey.SignCount, true)
		if _, err := w.DB.Exec(t.Context(), `DELETE FROM factors WHERE factor_id = $1`, id); err != nil {
			t.Fatal(err)
		}
		before := len(w.Letters(t))
		refusedAs(t, w, use(2), "no_passkey", true)
		if n := len(w.Letters(t)) - before; n != 0 {
			t.Errorf("of a removed passkey, %d notices were made", n)
		}
	})
}

// TestSpentChallengesAreSwept: what is spent stays long enough for a clock that is put back by an hour to revive no answer.
func TestSpentChallengesAreSwept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{Still: true}
		enrolled(t, w, w.Grace, key)
		at := aloneDoor(t, w)
		asked := w.Clock.Now()
		options, ceremony := at.ask()
		answer := key.Answer(t, options, domaintest.Site, nil)
		wantError(t, "the right answer", at.show(answer, ceremony), nil)
		w.Clock.Advance(time.Hour)
		if _, err := factor.SweepSpent(t.Context(), d, w.Clock.Now(), 10); err != nil {
			t.Fatal(err)
		}
		w.Clock.Set(asked.Add(time.Second))
		refusedAs(t, w, at.show(answer, ceremony), "challenge_spent", true)
		for _, after := range []time.Duration{0, factor.AskedFor + db.Skew, factor.AskedFor + factor.SpentKept} {
			if n, err := factor.SweepSpent(t.Context(), d, asked.Add(after), 10); err != nil || n != 0 {
				t.Errorf("%s after it was asked, %d were swept (%v)", after, n, err)
			}
		}
		if n, err := factor.SweepSpent(t.Context(), d, asked.Add(factor.AskedFor+factor.SpentKept+time.Millisecond), 10); err != nil || n != 1 {
			t.Errorf("when it was over, %d were swept (%v), want 1", n, err)
		}
	})
}

// TestStrangersKeepNobodyOut: wrong passwords and wrong codes close other doors, not the passkey's (B28); nor are
// they forgiven by it, but for those of the other devices (D3).
func TestStrangersKeepNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Grace)
		key := &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		b := w.Browse(t, w.Grace)
		for range throttle.Lock {
			_, _ = w.Factors.Prove(t.Context(), w.Grace, phone.Wrong(w.Clock.Now()), "", time.Minute, domaintest.By) // the last one says what came of them
			w.Clock.Advance(time.Hour)
		}
		b = w.Browse(t, w.Grace)
		wantError(t, "the phone", w.Profile.ProveFactor(t.Context(), b.Signed, phone.Code(w.Clock.Now()), "", b.As()), factor.ErrLocked)
		step := stepDoor(t, w, b)
		options, ceremony := step.ask()
		wantError(t, "the passkey, in a session", step.show(key.Answer(t, options, domaintest.Site, nil), ceremony), nil)
		for range 12 {
			if _, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: w.Grace.Email, Password: "wrong"}, domaintest.By); err == nil {
				t.Fatal("a wrong password entered")
			}
		}
		_, before := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: w.Grace.Email, Password: domaintest.Password}, domaintest.By)
		if before == nil {
			t.Fatal("no wait runs after twelve wrong passwords")
		}
		alone := aloneDoor(t, w)
		options, ceremony = alone.ask()
		wantError(t, "the passkey alone, while passwords wait", alone.show(key.Answer(t, options, domaintest.Site, nil), ceremony), nil)
		_, after := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: w.Grace.Email, Password: domaintest.Password}, domaintest.By)
		if after == nil || after.Error() != before.Error() {
			t.Errorf("after the passkey, the right password is answered with %v, before with %v", after, before)
		}
	})
}

// TestWhoIsNotAdmitted: who is locked or suspended hears it only with the right passkey, and who is unknown, gone or only
// invited hears what everybody hears who has the wrong one (B26, B91). None of them gets a session.
func TestWhoIsNotAdmitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key, other := &keytest.Key{}, &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		enrolled(t, w, w.Alan, other)
		at := aloneDoor(t, w)
		enter := func(lie func(*keytest.Draft)) error {
			options, ceremony := at.ask()
			return at.show(key.Answer(t, options, domaintest.Site, lie), ceremony)
		}
		handle := func(h string) func(*keytest.Draft) { return func(d *keytest.Draft) { d.Handle = []byte(h) } }
		for _, h := range []string{
			"", ".", "a.b", w.Acme.ID, w.Acme.ID + ".", w.Acme.ID + ".usr_0", "acc_0." + w.Grace.ID, string(other.Handle), string(key.Handle) + " ", string(key.Handle) + "\x00", "\xff.\xff",
			w.Grace.ID + "." + w.Acme.ID, "%.%", "'.'",
		} {
			if err := enter(handle(h)); !errors.Is(err, factor.ErrPasskey) || errs.From(err).Message != factor.ErrPasskey.Message {
				t.Errorf("the handle %q is answered with %v", h, err)
			}
		}
		if got := len(events(t, w, audit.PasskeyRefused)); got != 0 {
			t.Errorf("strangers left %d marks in the audit log", got)
		}
		invited, err := w.Admin.OperatorInvite(t.Context(), w.Acme.ID, admin.Invitee{Email: "new@acme.test", Role: user.Member})
		if err != nil {
			t.Fatal(err)
		}
		theirs := &keytest.Key{}
		proof, _ := reauth.Recent(invited, w.Clock.Now(), w.Clock.Now())
		f, made, err := w.Factors.BeginPasskey(t.Context(), proof, invited, w.Acme, "ses_1", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Factors.Confirm(t.Context(), invited, factor.Try{
			AccountID: w.Acme.ID, UserID: invited.ID, FactorID: f.ID, Within: "ses_1", Code: keytest.Make(t, made, domaintest.Site, theirs, nil), By: domaintest.By,
		}, 5, func(factor.Match) []db.Stmt { return nil }); err != nil {
			t.Fatal(err)
		}
		mine := key
		key = theirs
		wantError(t, "who is only invited, with a passkey all the same", enter(nil), factor.ErrPasskey)
		key = mine

		wrong := spoil(func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig })
		if err := w.Admin.Lock(t.Context(), w.Grace, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "locked, with the right passkey", enter(nil), user.ErrLocked)
		wantError(t, "locked, with a wrong one", enter(wrong), factor.ErrPasskey)
		if err := account.SetSuspended(t.Context(), w.DB, w.Clock.Now(), w.Acme.ID, true, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		key, at = other, aloneDoor(t, w)
		wantError(t, "suspended, with the right passkey", enter(nil), account.ErrSuspended)
		wantError(t, "suspended, with a wrong one", enter(wrong), factor.ErrPasskey)
		if err := account.SetSuspended(t.Context(), w.DB, w.Clock.Now(), w.Acme.ID, false, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		options, ceremony := at.ask()
		right := key.Answer(t, options, domaintest.Site, nil)
		if err := account.SetSuspended(t.Context(), w.DB, w.Clock.Now(), w.Acme.ID, true, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "suspended meanwhile", at.show(right, ceremony), account.ErrSuspended)
		if err := account.SetSuspended(t.Context(), w.DB, w.Clock.Now(), w.Acme.ID, false, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Millisecond)
		refusedAs(t, w, at.show(right, ceremony), "challenge_spent", true)
		if n := len(events(t, w, audit.SignedIn)); n != 0 {
			t.Errorf("%d sign-ins were recorded, of people who must not enter", n)
		}
	})
}

// events are those of an action in the audit log.
func events(tb testing.TB, w *domaintest.World, action audit.Action) []audit.Event {
	tb.Helper()
	all, err := audit.List(tb.Context(), w.DB, w.Acme.ID, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	return slices.DeleteFunc(all, func(e audit.Event) bool { return e.Action != action })
}
