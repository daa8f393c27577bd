package admin_test

import (
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestWhatSuspensionEndsStaysEnded: an account is suspended because somebody is in who should not be. When it is resumed, nobody is in:
// no session and no half-finished sign-in lives again (I7). Who was invited may still come.
func TestWhatSuspensionEndsStaysEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := w.Browse(t, w.AddUser(t, other, "eve@other.test", "Eve", user.Owner))
		grace := w.SignInPlain(t, w.Grace)
		w.Enrol(t, w.Ada)
		pending := w.Password(t, w.Ada).Cookie
		if _, err := w.Admin.OperatorInvite(t.Context(), w.Acme.ID, admin.Invitee{Email: "new@acme.test", Role: user.Member}); err != nil {
			t.Fatal(err)
		}
		for _, suspended := range []bool{true, true, false} { // what is so already is no change
			if _, err := w.Admin.AlterAccount(t.Context(), w.Acme.ID, account.Change{Suspended: &suspended}, audit.Operator()); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Second)
		}
		_, err = w.Sessions.Check(t.Context(), grace.Cookie)
		wantError(t, "a session from before", err, session.ErrNone)
		_, err = w.SignIn.Pending(t.Context(), pending)
		wantError(t, "a half-finished sign-in from before", err, signin.ErrExpired)
		w.SignInPlain(t, w.Grace)
		w.Open(t, eve.Cookie)
		w.Deliver(t)
		token := ""
		for _, m := range w.Mailed(t, "new@acme.test") {
			token = domaintest.TokenIn(m)
		}
		_, err = w.Recovery.Join(t.Context(), token, "", "nine quiet harbour cranes", domaintest.By)
		wantError(t, "the invitation", err, nil)
		if n := letters(t, w, w.Grace, outbox.SessionsEnded); n != 0 {
			t.Errorf("told %d times", n)
		}
	})
}
