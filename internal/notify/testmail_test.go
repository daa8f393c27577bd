package notify_test

import (
	"errors"
	"testing"

	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/user"
)

// TestTheTestTestsTheOwnServer: it goes through an account's own mail server whoever chose that and whoever asks, beside a deployment's
// server that would take it; through the deployment's only where there is no other.
func TestTheTestTestsTheOwnServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		own := domaintest.NewMailServer(t)
		w.Channels.Options = mail.Options{Roots: own.Roots}
		test := func(what string, want error, through, deployments int) {
			t.Helper()
			mails, before := len(own.Mails()), len(w.Inbox.Messages())
			people := []user.User{w.Ada, w.Alan} // an owner, an administrator
			for _, u := range people {
				if err := w.Notify.Test(ctx, w.Acme, u, domaintest.By.As(u.ID)); !errors.Is(err, want) {
					t.Errorf("%s, for %s: %v", what, u.Email, err)
				}
			}
			if n, rest := len(own.Mails())-mails, len(w.Inbox.Messages())-before; n != through || rest != deployments {
				t.Errorf("%s: %d through the own server, %d through the deployment's", what, n, rest)
			}
		}
		test("no own server", nil, 0, 2)
		for _, byOwner := range []bool{true, false} {
			wrong := own.Server
			wrong.Password = "another one's"
			for server, want := range map[mail.Server]error{own.Server: nil, wrong: mail.ErrLogin} {
				if err := w.Channels.Set(ctx, w.Acme.ID, server, byOwner, domaintest.By); err != nil {
					t.Fatal(err)
				}
				through := 0
				if want == nil {
					through = 2
				}
				test("an own server", want, through, 0)
			}
		}
		w.Channels.Mail = nil
		if err := w.Channels.Remove(ctx, w.Acme.ID, domaintest.By); err != nil {
			t.Fatal(err)
		}
		test("none at all", channel.ErrNoMail, 0, 0)
	})
}
