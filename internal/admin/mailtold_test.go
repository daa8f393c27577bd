package admin_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// arrived is what left through the deployment's server.
func arrived(w *domaintest.World) (all []string) {
	for _, m := range w.Inbox.Messages() {
		all = append(all, "To: <"+m.To+">\n"+m.Text)
	}
	return all
}

// TestOwnersHearOfTheMailServer: an administrator who chooses or removes the mail server can't keep the owners from hearing of it: that goes
// through the deployment's, or through the one that an owner chose and that is replaced, never through the one that is told of.
// What an owner does, and what was refused, is told to no other.
func TestOwnersHearOfTheMailServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		w.Enrol(t, w.Ada)
		w.Enrol(t, w.Alan)
		second := w.AddUser(t, w.Acme, "olga@acme.test", "Olga", user.Owner)
		ours, theirs, deployment := domaintest.NewMailServer(t), domaintest.NewMailServer(t), w.Channels.Mail
		const set, taken = "An administrator changed your", "An administrator removed your"
		about := func(mails []string, what string) (n int) {
			for _, m := range mails {
				if strings.Contains(m, what) && (strings.Contains(m, "To: <"+w.Ada.Email+">") || strings.Contains(m, "To: <"+second.Email+">")) {
					n++
				}
			}
			return n
		}
		for i, c := range []struct {
			what               string
			by                 user.User
			shared             bool
			server             *domaintest.MailServer // nil removes it
			said               string
			ours, theirs, rest int
			dropped            int
		}{
			{"an owner's choice", w.Ada, false, ours, set, 0, 0, 0, 0},
			{"an administrator's, over an owner's", w.Alan, false, theirs, set, 2, 0, 0, 0},
			{"an administrator's, over an administrator's", w.Alan, false, theirs, set, 0, 0, 0, 2},
			{"an owner's again", w.Ada, false, ours, set, 0, 0, 0, 0},
			{"removed by an administrator", w.Alan, false, nil, taken, 2, 0, 0, 0},
			{"an administrator's, over none", w.Alan, true, theirs, set, 0, 0, 2, 0},
			{"removed again", w.Alan, true, nil, taken, 0, 0, 2, 0},
		} {
			w.Clock.Advance(time.Hour)
			b := w.Browse(t, c.by)
			w.Channels.Mail = nil
			if c.shared {
				w.Channels.Mail = deployment
			}
			w.Deliver(t)
			beforeOurs, beforeTheirs := len(ours.Mails()), len(theirs.Mails())
			beforeRest, beforeRows := about(arrived(w), c.said), len(w.Letters(t))
			if c.server == nil {
				wantError(t, c.what, w.Admin.RemoveMailServer(ctx, prove(t, w, c.by), b.Signed, b.As()), nil)
			} else {
				wantError(t, c.what, w.Admin.SetMailServer(ctx, prove(t, w, c.by), b.Signed, c.server.Server, b.As()), nil)
			}
			// Each of the two servers signs for itself: whoever is told through one trusts that one.
			for _, m := range []*domaintest.MailServer{ours, theirs} {
				w.Channels.Options = mail.Options{Roots: m.Roots}
				w.Deliver(t)
				w.Clock.Advance(time.Minute)
			}
			dropped := 0
			for _, l := range w.Letters(t)[beforeRows:] {
				if l.Kind.ToOwners() && l.State == outbox.Dropped {
					dropped++
				}
			}
			if o, th, r := about(ours.Mails()[beforeOurs:], c.said), about(theirs.Mails()[beforeTheirs:], c.said), about(arrived(w), c.said)-beforeRest; o != c.ours || th != c.theirs || r != c.rest || dropped != c.dropped {
				t.Errorf("%d, %s: %d through the owners', %d through the administrator's, %d through the deployment's, %d dropped", i, c.what, o, th, r, dropped)
			}
			for _, m := range append(ours.Mails(), theirs.Mails()...) {
				if strings.Contains(m, ours.Server.Password) {
					t.Error("the password of the server that was kept stands in a mail")
				}
			}
		}
		for _, l := range w.Letters(t) {
			if l.Kind.ToOwners() && l.State == outbox.Queued {
				t.Errorf("%s waits still", l.Kind)
			}
		}
	})
}
