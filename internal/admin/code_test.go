package admin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// enter signs somebody in with password and code.
func enter(t *testing.T, w *domaintest.World, u user.User, code string) error {
	t.Helper()
	_, err := w.SignIn.Verify(t.Context(), w.Password(t, u).Cookie, signin.Attempt{Code: code, Known: func(string, string) bool { return true }}, domaintest.By)
	return err
}

func give(t *testing.T, w *domaintest.World, b domaintest.Browser, u user.User) admin.Given {
	t.Helper()
	g, err := w.Admin.GiveCode(t.Context(), proof(w, b), b.Signed, u.ID, "lost phone", b.As())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func left(t *testing.T, w *domaintest.World, u user.User) int {
	t.Helper()
	set, err := factor.BackupCodes(t.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	return set.Left
}

// TestGivenCodeWithinASession: whoever gave it out may have kept it, and a session is enough to use it up.
func TestGivenCodeWithinASession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		w.Enrol(t, w.Grace)
		b, g := w.Browse(t, w.Grace), give(t, w, ada, w.Grace)
		wantError(t, "the code", w.Profile.ProveFactor(t.Context(), b.Signed, g.Code, "", b.As()), nil)
		if n := letters(t, w, w.Grace, outbox.AdminCodeUsed); n != 1 {
			t.Errorf("she was told %d times: %v", n, w.Letters(t))
		}
	})
}

// TestGivenCode is X13 and K14: it works once, within the hour, beside the person's own ten, and ends the one before.
func TestGivenCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		_, own := w.Enrol(t, w.Grace)
		first := give(t, w, ada, w.Grace)
		g := give(t, w, ada, w.Grace)
		if n := left(t, w, w.Grace); n != 10 {
			t.Errorf("%d of her own are left, want 10", n)
		}
		wantError(t, "the one before", enter(t, w, w.Grace, first.Code), factor.ErrWrongCode)
		wantError(t, "the code", enter(t, w, w.Grace, strings.ToLower(strings.ReplaceAll(g.Code, "-", " "))), nil)
		wantError(t, "the code again", enter(t, w, w.Grace, g.Code), factor.ErrUsedCode)
		wantError(t, "one of her own", enter(t, w, w.Grace, own[0]), nil)
		if n := left(t, w, w.Grace); n != 9 {
			t.Errorf("%d of her own are left, want 9", n)
		}
		if letters(t, w, w.Grace, outbox.AdminCodeIssued) != 2 || letters(t, w, w.Grace, outbox.AdminCodeUsed) != 1 || letters(t, w, w.Grace, outbox.BackupCodeUsed) != 1 {
			t.Errorf("she was told wrongly: %v", w.Letters(t))
		}
		for _, l := range w.Letters(t) {
			if l.Kind == outbox.AdminCodeUsed && !strings.Contains(l.Facts, `"left":"10"`) {
				t.Errorf("the notice counts it among her own: %s", l.Facts)
			}
		}
		for _, m := range w.Mailed(t, w.Grace.Email) {
			if strings.Contains(m.Text, g.Code) {
				t.Error("a mail holds the code")
			}
		}
		events, err := audit.List(t.Context(), d, w.Acme.ID, 100)
		n := 0
		for _, e := range events {
			if e.Action == audit.BackupCodeIssued && e.Actor.ID == w.Ada.ID && e.Target == w.Grace.ID && e.Detail["reason"] == "lost phone" {
				n++
			}
			if strings.Contains(fmt.Sprint(e.Detail), g.Code[5:]) {
				t.Error("the record holds the code")
			}
		}
		if err != nil || n != 2 {
			t.Errorf("recorded %d times, %v", n, err)
		}
		// Neither her new codes nor a reset leave one behind.
		g = give(t, w, ada, w.Grace)
		b := w.Browse(t, w.Grace)
		if _, _, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, w.Grace), b.As()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "after she made new codes", enter(t, w, w.Grace, g.Code), factor.ErrWrongCode)
	})
}

// TestGivenCodeEnds at its sixtieth minute, with the clean-up stopped (B12), and is swept then.
func TestGivenCodeEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		w.Enrol(t, w.Grace)
		g := give(t, w, ada, w.Grace)
		if !g.Ends.Equal(w.Clock.Now().Add(time.Hour)) {
			t.Errorf("it ends at %s", g.Ends)
		}
		w.Clock.Set(g.Ends)
		wantError(t, "at its end", enter(t, w, w.Grace, g.Code), factor.ErrWrongCode)
		if n, err := factor.SweepIssued(t.Context(), d, w.Clock.Now().Add(-time.Microsecond), 100); n != 0 || err != nil {
			t.Errorf("swept %d before the end, %v", n, err)
		}
		w.Clock.Set(g.Ends.Add(-time.Hour - 2*time.Minute))
		wantError(t, "from a clock that was ahead", enter(t, w, w.Grace, g.Code), factor.ErrWrongCode)
		w.Clock.Set(g.Ends.Add(-time.Second))
		wantError(t, "a second before its end", enter(t, w, w.Grace, g.Code), nil)
		if n, err := factor.SweepIssued(t.Context(), d, g.Ends, 100); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		if n := left(t, w, w.Grace); n != 10 {
			t.Errorf("%d of her own are left, want 10", n)
		}
	})
}

// TestGivenCodeOpensALockedSet, and makes a set for somebody who has a device and none.
func TestGivenCodeOpensALockedSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		w.Enrol(t, w.Grace)
		wantError(t, "lock", d.Run(t.Context(), db.Write(`UPDATE factors SET failures = 100 WHERE user_id = $1`, w.Grace.ID)), nil)
		wantError(t, "the code", enter(t, w, w.Grace, give(t, w, ada, w.Grace).Code), nil)

		w.Enrol(t, w.Alan)
		wantError(t, "no set", d.Run(t.Context(), db.Write(`DELETE FROM factor_codes WHERE user_id = $1`, w.Alan.ID), db.Write(`DELETE FROM factors WHERE user_id = $1 AND kind = 'backup_code'`, w.Alan.ID)), nil)
		g := give(t, w, ada, w.Alan)
		if n := left(t, w, w.Alan); n != 0 {
			t.Errorf("%d of his own are left, want none", n)
		}
		wantError(t, "the code in a new set", enter(t, w, w.Alan, g.Code), nil)
	})
}

// TestGivenCodeIsRefused where it must not or need not be given out.
func TestGivenCodeIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada := strong(t, w, w.Ada)
		ask := func(reason string) error {
			_, err := w.Admin.GiveCode(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, reason, ada.As())
			return err
		}
		wantError(t, "nobody's device", ask("lost"), factor.ErrNothingToReplace)
		_, err := w.Admin.OperatorGiveCode(t.Context(), w.Grace, "lost")
		wantError(t, "nobody's device, by the operator", err, factor.ErrNothingToReplace)
		wantError(t, "a reset of it", w.Admin.Reset(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, "lost", ada.As()), admin.ErrNothingToReset)
		w.Enrol(t, w.Grace)
		for _, reason := range []string{"", " \t", strings.Repeat("x", 201), "a\nb"} {
			wantError(t, fmt.Sprintf("reason %.5q", reason), ask(reason), admin.ErrReason)
			wantError(t, fmt.Sprintf("reset, reason %.5q", reason), w.Admin.Reset(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, reason, ada.As()), admin.ErrReason)
		}
		w.SetPolicy(t, "admin_codes=off", "admin_reset=off")
		wantError(t, "by an old page", ask("lost"), admin.ErrCodesOff) // the session shows the policy of a second ago
		wantError(t, "a reset by an old page", w.Admin.Reset(t.Context(), proof(w, ada), ada.Signed, w.Grace.ID, "lost", ada.As()), admin.ErrResetOff)
		if _, err := w.Admin.OperatorGiveCode(t.Context(), w.Grace, "lost"); err != nil {
			t.Errorf("the operator: %v", err)
		}
	})
}

// TestTenCodesAnHour for one administrator, however many at once, and for each their own ten.
func TestTenCodesAnHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		strong(t, w, w.Ada)
		strong(t, w, w.Alan)
		people := make([]user.User, 16)
		for i := range people {
			people[i] = w.AddUser(t, w.Acme, fmt.Sprintf("p%d@acme.test", i), "", user.Member)
			w.Enrol(t, people[i])
		}
		ada, alan := w.Browse(t, w.Ada), w.Browse(t, w.Alan)
		results := make(chan error, len(people))
		for _, u := range people {
			go func() {
				_, err := w.Admin.GiveCode(t.Context(), proof(w, ada), ada.Signed, u.ID, "lost", ada.As())
				results <- err
			}()
		}
		given := 0
		for range people {
			switch err := <-results; {
			case err == nil:
				given++
			case !errors.Is(err, brake.ErrGiven):
				t.Errorf("refused by %v", err)
			}
		}
		if given != 10 {
			t.Errorf("%d were given out, want 10", given)
		}
		give(t, w, alan, people[0])
		w.Clock.Advance(time.Hour - time.Microsecond)
		ada = w.Browse(t, w.Ada)
		_, err := w.Admin.GiveCode(t.Context(), proof(w, ada), ada.Signed, people[0].ID, "lost", ada.As())
		wantError(t, "within the hour", err, brake.ErrGiven)
		w.Clock.Advance(time.Microsecond)
		give(t, w, ada, people[0])
	})
}

// TestInvitation from the mail to the first sign-in: until it is accepted there is nobody, and accepting opens no session.
func TestInvitation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enforcement=required", "grace_days=7")
		ada := strong(t, w, w.Ada)
		const bob, secret = "bob@acme.test", "nine quiet harbour cranes"
		invite := func(b domaintest.Browser, email string, role user.Role) error {
			_, err := w.Admin.Invite(t.Context(), proof(w, b), b.Signed, admin.Invitee{Email: email, Name: "Bob", Role: role}, b.As())
			return err
		}
		wantError(t, "invite", invite(ada, " BOB@acme.test", user.Member), nil)
		old := w.MailedToken(t, bob)
		w.Clock.Advance(time.Minute)
		wantError(t, "invite again", invite(ada, bob, user.Admin), nil)
		token := w.MailedToken(t, bob)
		if old == "" || token == "" || old == token {
			t.Fatalf("the tokens are %q and %q", old, token)
		}
		u, err := user.ByEmail(t.Context(), d, w.Acme.ID, bob)
		if err != nil || u.Role != user.Admin || u.InvitedAt.IsZero() {
			t.Fatalf("invited is %+v, %v", u, err)
		}
		in := func(password string) (signin.Step, error) {
			return w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: bob, Password: password}, domaintest.By)
		}
		for _, password := range []string{"", secret} {
			_, err = in(password)
			wantError(t, "a sign-in before", err, signin.ErrCredentials)
		}
		wantError(t, "a forgotten password before", w.Recovery.Ask(t.Context(), "acme", bob, domaintest.By), nil)
		if again := w.MailedToken(t, bob); again != token {
			t.Error("a password was mailed to somebody who has not come")
		}
		for name, deed := range map[string]error{
			"lock": w.Admin.LockUser(t.Context(), proof(w, ada), ada.Signed, u.ID, ada.As()),
			"role": w.Admin.SetRole(t.Context(), proof(w, ada), ada.Signed, u.ID, user.Member, ada.As()),
		} {
			wantError(t, name, deed, admin.ErrInvited)
		}

		join := func(token, name, password string) error {
			_, err := w.Recovery.Join(t.Context(), token, name, password, domaintest.By)
			return err
		}
		for _, wrong := range []string{old, "", strings.Repeat("0", 26), "a\x00b"} {
			if err := join(wrong, "", secret); err == nil {
				t.Errorf("joined with %q", wrong)
			}
		}
		if err := join(token, "", "short"); err == nil {
			t.Error("joined with a short password")
		}
		if err := join(token, "B\x00b", secret); err == nil {
			t.Error("joined with a name that can't be shown")
		}
		w.Clock.Advance(6 * 24 * time.Hour)
		wantError(t, "join", join(token, "", secret), nil)
		wantError(t, "join again", join(token, "Eve", "ten other harbour cranes"), mailtoken.ErrToken)
		step, err := in(secret)
		if err != nil || step.State != signin.SignedIn || step.User.Name != "Bob" || step.Owed.Demand != account.InGrace || !step.Owed.By.Equal(w.Clock.Now().AddDate(0, 0, 7)) {
			t.Errorf("the first sign-in is %s, %s until %s, %v", step.State, step.Owed.Demand, step.Owed.By, err)
		}
		wantError(t, "inviting somebody who is there", invite(w.Browse(t, w.Ada), bob, user.Member), user.ErrEmailTaken)
		if n := letters(t, w, u, outbox.Invitation); n != 2 {
			t.Errorf("%d invitations were mailed", n)
		}
	})
}

// TestInvitationIsRefused: by role, without a mail server, after a week, for an address that exists; nothing is stored then.
func TestInvitationIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada, alan, grace := strong(t, w, w.Ada), strong(t, w, w.Alan), strong(t, w, w.Grace)
		invite := func(b domaintest.Browser, email string, role user.Role) error {
			b = w.Browse(t, b.Signed.User)
			_, err := w.Admin.Invite(t.Context(), proof(w, b), b.Signed, admin.Invitee{Email: email, Role: role}, b.As())
			return err
		}
		wantError(t, "an admin by the owner", invite(ada, "boss@acme.test", user.Admin), nil)
		before := rows(t, w)
		for _, c := range []struct {
			name  string
			by    domaintest.Browser
			email string
			role  user.Role
			want  error
		}{
			{"an owner by an admin", alan, "x@acme.test", user.Owner, admin.ErrOwners},
			{"an admin by an admin", alan, "x@acme.test", user.Admin, admin.ErrOwners},
			{"a member by a member", grace, "x@acme.test", user.Member, admin.ErrNotAdministrator},
			{"the invited admin again, by an admin", alan, "boss@acme.test", user.Member, admin.ErrRank},
			{"an owner who is there, by an admin", alan, "ada@acme.test", user.Member, user.ErrEmailTaken},
			{"a member who is there", ada, "Grace@acme.test", user.Owner, user.ErrEmailTaken},
			{"oneself", ada, "ada@acme.test", user.Member, user.ErrEmailTaken},
			{"no address", ada, "nobody", user.Member, user.ErrEmail},
			{"no role", ada, "x@acme.test", "root", user.ErrRole},
		} {
			wantError(t, c.name, invite(c.by, c.email, c.role), c.want)
		}
		if n := rows(t, w); n != before {
			t.Errorf("%d rows more", n-before)
		}
		mail := w.Channels.Mail
		w.Channels.Mail = nil
		if err := invite(ada, "x@acme.test", user.Member); err == nil {
			t.Error("invited without a mail server")
		}
		w.Channels.Mail = mail
		if rows(t, w) != before {
			t.Error("something was stored without a mail server")
		}
		// Each end of an invitation: a week, a removal, an operator's password.
		token := w.MailedToken(t, "boss@acme.test")
		w.Clock.Advance(7 * 24 * time.Hour)
		_, err := w.Recovery.Join(t.Context(), token, "", "nine quiet harbour cranes", domaintest.By)
		wantError(t, "after a week", err, mailtoken.ErrToken)
		wantError(t, "invite", invite(ada, "boss@acme.test", user.Member), nil)
		token = w.MailedToken(t, "boss@acme.test")
		u, err := user.ByEmail(t.Context(), d, w.Acme.ID, "boss@acme.test")
		wantError(t, "read", err, nil)
		ada = w.Browse(t, w.Ada)
		wantError(t, "remove", w.Admin.RemoveUser(t.Context(), proof(w, ada), ada.Signed, u.ID, ada.As()), nil)
		_, err = w.Recovery.Join(t.Context(), token, "", "nine quiet harbour cranes", domaintest.By)
		wantError(t, "after a removal", err, mailtoken.ErrToken)
		// The same address invited elsewhere leaves everybody's sign-in without an account's name as it was.
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		wantError(t, "another account", err, nil)
		dave := w.AddUser(t, w.Acme, "dave@acme.test", "", user.Member)
		if _, err := w.Admin.OperatorInvite(t.Context(), other.ID, admin.Invitee{Email: dave.Email, Role: user.Member}); err != nil {
			t.Fatal(err)
		}
		_, err = w.SignIn.Password(t.Context(), signin.Credentials{Email: dave.Email, Password: domaintest.Password}, domaintest.By)
		wantError(t, "a sign-in of somebody who was invited elsewhere", err, nil)
		w.Clock.Advance(time.Second) // mails of one instant come in any order
		wantError(t, "a forgotten password of theirs", w.Recovery.Ask(t.Context(), "", dave.Email, domaintest.By), nil)
		if m := w.Mailed(t, dave.Email); len(m) == 0 || m[0].Subject != "Choose a new password" {
			t.Errorf("the mails are %v", m)
		}
	})
}

// TestJoinOnce: of all who use an invitation at the same moment one joins, and a renewed one is no use to any.
func TestJoinOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i := range rounds(5, 60) {
			email := fmt.Sprintf("j%d@acme.test", i)
			if _, err := w.Admin.OperatorInvite(t.Context(), w.Acme.ID, admin.Invitee{Email: email, Role: user.Member}); err != nil {
				t.Fatal(err)
			}
			token := w.MailedToken(t, email)
			errs := both(func(i int) error {
				_, err := w.Recovery.Join(t.Context(), token, "", fmt.Sprint("nine quiet harbour cranes ", i), domaintest.By)
				return err
			})
			if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), mailtoken.ErrToken) {
				t.Fatalf("round %d: %v and %v", i, errs[0], errs[1])
			}
		}
	})
}
