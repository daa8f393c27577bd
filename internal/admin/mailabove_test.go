package admin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/user"
)

// heldBack is what the audit log tells of mail that was held back, the oldest first.
func heldBack(t *testing.T, w *domaintest.World) (all []string) {
	t.Helper()
	for _, e := range events(t, w) {
		for _, u := range []user.User{w.Ada, w.Alan, w.Grace} {
			if name, _, _ := strings.Cut(u.Name, " "); e.Action == audit.MailHeldBack && e.Target == u.ID {
				all = append(all, e.Detail["kind"]+":"+name)
			}
		}
	}
	slices.Sort(all)
	return all
}

// TestMailAboveItsChooser: the server that an administrator chose must not be handed what opens the account of an owner or administrator: the
// token of who forgot their password, the invitation of who is to be one (B64). That goes through the deployment's, or not at all,
// until an owner chooses the server. Members' mail goes through it always.
func TestMailAboveItsChooser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		w.Enrol(t, w.Ada)
		w.Enrol(t, w.Alan)
		theirs, deployment := domaintest.NewMailServer(t), w.Channels.Mail
		w.Channels.Options = mail.Options{Roots: theirs.Roots}
		people := []user.User{w.Ada, w.Alan, w.Grace}
		for _, c := range []struct {
			by          user.User
			shared      bool
			own, rest   string // who of those that forgot their password is mailed through which
			held        string // of whom it is recorded that their mail was held back
			invitations error
		}{
			{w.Alan, true, "Grace", "Ada Alan", "", nil},
			{w.Alan, false, "Grace", "", "reset_token:Ada reset_token:Alan", channel.ErrNotOwners},
			{w.Ada, true, "Ada Alan Grace", "", "", nil},
			{w.Ada, false, "Ada Alan Grace", "", "", nil},
		} {
			w.Clock.Advance(time.Hour)
			w.Channels.Mail = deployment
			b := w.Browse(t, c.by)
			wantError(t, "setting", w.Admin.SetMailServer(ctx, prove(t, w, c.by), b.Signed, theirs.Server, b.As()), nil)
			w.Deliver(t)
			if !c.shared {
				w.Channels.Mail = nil
			}
			own, rest, recorded := len(theirs.Mails()), map[string]int{}, heldBack(t, w)
			for _, u := range people {
				rest[u.ID] = len(w.Mailed(t, u.Email))
				wantError(t, "asking", w.Recovery.Ask(ctx, "acme", u.Email, domaintest.By), nil)
			}
			w.Deliver(t)
			var throughOwn, throughRest []string
			for _, u := range people {
				name, _, _ := strings.Cut(u.Name, " ")
				for _, m := range theirs.Mails()[own:] {
					if strings.Contains(m, "To: <"+u.Email+">") {
						throughOwn = append(throughOwn, name)
					}
				}
				if len(w.Mailed(t, u.Email)) > rest[u.ID] {
					throughRest = append(throughRest, name)
				}
			}
			if got := strings.Join(throughOwn, " "); got != c.own {
				t.Errorf("%s’s choice, deployment %t: through it %q, want %q", c.by.Name, c.shared, got, c.own)
			}
			held := heldBack(t, w)[len(recorded):]
			if got := strings.Join(held, " "); got != c.held {
				t.Errorf("%s’s choice, deployment %t: recorded as held back %q, want %q", c.by.Name, c.shared, got, c.held)
			}
			seen, err := w.Admin.MailServer(ctx, b.Signed)
			says, err2 := w.Channels.HoldsBack(ctx, w.Acme.ID)
			if err != nil || err2 != nil || seen.HoldsBack != (c.held != "") || says != (c.held != "") {
				t.Errorf("%s’s choice, deployment %t: the page says %t, the command %t, %v, %v", c.by.Name, c.shared, seen.HoldsBack, says, err, err2)
			}
			if got := strings.Join(throughRest, " "); got != c.rest {
				t.Errorf("%s’s choice, deployment %t: through the deployment’s %q, want %q", c.by.Name, c.shared, got, c.rest)
			}
			_, err = w.Admin.OperatorInvite(ctx, w.Acme.ID, admin.Invitee{Email: "boss@acme.test", Role: user.Owner})
			wantError(t, "inviting an owner", err, c.invitations)
			_, err = w.Admin.OperatorInvite(ctx, w.Acme.ID, admin.Invitee{Email: "new@acme.test", Role: user.Member})
			wantError(t, "inviting a member", err, nil)
		}
	})
}
