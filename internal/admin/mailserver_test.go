package admin_test

import (
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

var acmeMail = mail.Server{Host: "mail.acme.test", Port: 587, Security: mail.StartTLS, User: "robot", Password: "the robot's own secret", From: "no-reply@acme.test"}

// prove is somebody's password, entered just now.
func prove(t *testing.T, w *domaintest.World, u user.User) reauth.Proof {
	t.Helper()
	proof, ok := reauth.Recent(u, w.Clock.Now(), w.Clock.Now())
	if !ok {
		t.Fatal("no proof")
	}
	return proof
}

// TestMailServerAsksForAll: the role, the second factor and a fresh proof of that very person, for each change by itself (B65, 6.3.3).
func TestMailServerAsksForAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		plain := w.Browse(t, w.Ada)
		for _, u := range []user.User{w.Ada, w.Alan, w.Grace} {
			w.Enrol(t, u)
		}
		ada, alan, grace := w.Browse(t, w.Ada), w.Browse(t, w.Alan), w.Browse(t, w.Grace)
		old := prove(t, w, w.Ada)
		w.Clock.Advance(reauth.Fresh + time.Second)
		other, err := account.Create(ctx, d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		before := len(events(t, w))
		for _, c := range []struct {
			what  string
			b     domaintest.Browser
			proof reauth.Proof
			want  error
		}{
			{"a member", grace, prove(t, w, w.Grace), admin.ErrNotAdministrator},
			{"without a second factor", plain, prove(t, w, w.Ada), session.ErrLevel},
			{"without a proof", ada, reauth.Proof{}, reauth.ErrProofNeeded},
			{"with an old proof", ada, old, reauth.ErrProofNeeded},
			{"with another's proof", ada, prove(t, w, w.Alan), reauth.ErrProofNeeded},
			{"with a stranger's proof", ada, prove(t, w, eve), reauth.ErrProofNeeded},
		} {
			wantError(t, "setting, "+c.what, w.Admin.SetMailServer(ctx, c.proof, c.b.Signed, acmeMail, c.b.As()), c.want)
			wantError(t, "removing, "+c.what, w.Admin.RemoveMailServer(ctx, c.proof, c.b.Signed, c.b.As()), c.want)
			if c.want != reauth.ErrProofNeeded {
				wantError(t, "testing, "+c.what, w.Admin.TestMailServer(ctx, c.b.Signed, c.b.As()), c.want)
			}
		}
		if _, err := w.Admin.MailServer(ctx, grace.Signed); err == nil {
			t.Error("a member is told of the mail server")
		}
		if n := len(events(t, w)); n != before {
			t.Errorf("%d events of what was refused", n-before)
		}
		relay := mail.Server{Host: "localhost", Port: 25, Security: mail.None, From: "no-reply@acme.test"}
		wantError(t, "the operator's own relay", w.Admin.SetMailServer(ctx, prove(t, w, w.Ada), ada.Signed, relay, ada.As()), mail.ErrServer)
		for _, b := range []domaintest.Browser{ada, alan} {
			proof := prove(t, w, b.Signed.User)
			wantError(t, "nothing there", w.Admin.RemoveMailServer(ctx, proof, b.Signed, b.As()), channel.ErrNoOwn)
			wantError(t, "setting", w.Admin.SetMailServer(ctx, proof, b.Signed, acmeMail, b.As()), nil)
			seen, err := w.Admin.MailServer(ctx, b.Signed)
			if err != nil || seen.Own == nil || seen.Own.Host != acmeMail.Host || seen.Own.Password != "" {
				t.Errorf("%+v, %v", seen, err)
			}
			wantError(t, "removing", w.Admin.RemoveMailServer(ctx, proof, b.Signed, b.As()), nil)
		}
		told := map[outbox.Kind]int{}
		messages, err := outbox.Lease(ctx, d, w.Clock.Now(), outbox.Mail, nil, 100)
		for _, m := range messages {
			told[m.Kind]++
			if m.Kind == outbox.MailServerSet && (m.Facts["host"] != "mail.acme.test:587" || m.Facts["sender"] != acmeMail.From) {
				t.Errorf("told %v", m.Facts)
			}
		}
		if err != nil || told[outbox.MailServerSet] != 2 || told[outbox.MailServerGone] != 2 {
			t.Errorf("told %v, %v", told, err)
		}
	})
}

func events(t *testing.T, w *domaintest.World) []audit.Event {
	t.Helper()
	all, err := audit.List(t.Context(), w.DB, w.Acme.ID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
