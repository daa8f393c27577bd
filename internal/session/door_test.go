package session_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
)

const app = "https://app.example.com"

// atDoor is a world with somebody who is signed in, and a ticket of theirs.
func atDoor(t *testing.T, d *db.DB) (w *domaintest.World, signed *session.Signed, ticket string) {
	t.Helper()
	w = domaintest.New(t, d)
	signed = w.Browse(t, w.Ada).Signed
	return w, signed, ticketFor(t, w, signed)
}

func ticketFor(t *testing.T, w *domaintest.World, signed *session.Signed) string {
	t.Helper()
	ticket, err := w.Sessions.Ticket(t.Context(), signed, app, session.Challenge("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

// TestTicketsCountOnceThereAndForThatBrowser: a ticket travels in an address, so whoever sees it must have nothing.
func TestTicketsCountOnceThereAndForThatBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, signed, ticket := atDoor(t, d)
		enter := func(ticket, origin, secret string) error {
			_, err := w.Sessions.Enter(t.Context(), ticket, origin, secret, domaintest.By)
			return err
		}
		for what, wrong := range map[string][2]string{
			"another browser": {app, "another"}, "no browser": {app, ""}, "another site": {app + ".evil.example", "secret"},
			"the challenge in place of the secret": {app, session.Challenge("secret")},
		} {
			seen := ticketFor(t, w, signed)
			wantError(t, what, enter(seen, wrong[0], wrong[1]), session.ErrTicket)
			wantError(t, "the right one, after "+what, enter(seen, app, "secret"), session.ErrTicket) // who chose the challenge may have led somebody else there
		}
		ofNone, err := w.Sessions.Ticket(t.Context(), signed, app, session.Challenge(""))
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "no browser, by the challenge of no secret", enter(ofNone, app, ""), session.ErrTicket)
		wantError(t, "the right one", enter(ticket, app, "secret"), nil)
		wantError(t, "a second time", enter(ticket, app, "secret"), session.ErrTicket)

		late := ticketFor(t, w, signed)
		w.Clock.Advance(session.TicketFor)
		wantError(t, "late", enter(late, app, "secret"), session.ErrTicket)

		ended := ticketFor(t, w, signed)
		if err := w.Sessions.SignOut(t.Context(), signed, domaintest.By); err != nil {
			t.Fatal(err)
		}
		wantError(t, "after signing out", enter(ended, app, "secret"), session.ErrTicket)
	})
}

// TestTicketsAreRaced: of all who try at once, one gets a pass.
func TestTicketsAreRaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _, ticket := atDoor(t, d)
		other := session.New(d, w.Clock.Now)
		var all sync.WaitGroup
		var passes atomic.Int32
		for i := range 16 {
			s := []*session.Service{w.Sessions, other}[i%2]
			all.Go(func() {
				if _, err := s.Enter(t.Context(), ticket, app, "secret", domaintest.By); err == nil {
					passes.Add(1)
				}
			})
		}
		all.Wait()
		if passes.Load() != 1 {
			t.Errorf("%d passes for one ticket", passes.Load())
		}
	})
}

// TestPassesEndWithTheirSession: a pass is the session at one site, as long as that lasts and never anywhere else.
func TestPassesEndWithTheirSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, signed, ticket := atDoor(t, d)
		pass, err := w.Sessions.Enter(t.Context(), ticket, app, "secret", domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		at := func(s *session.Service, value, origin string) error {
			got, err := s.CheckPass(t.Context(), value, origin)
			if err == nil && (got.ID != signed.ID || got.User.ID != w.Ada.ID || got.Level != signed.Level) {
				t.Errorf("the pass stands for %+v", got.Session)
			}
			return err
		}
		elsewhere := session.New(d, w.Clock.Now)
		wantError(t, "a pass", at(w.Sessions, pass, app), nil)
		wantError(t, "another time, from what is remembered", at(w.Sessions, pass, app), nil)
		wantError(t, "at another site", at(w.Sessions, pass, "https://other.example.com"), session.ErrNone)
		wantError(t, "at another site, elsewhere", at(elsewhere, pass, "https://other.example.com"), session.ErrNone)
		wantError(t, "as a session", check(t, w, pass), session.ErrNone)
		wantError(t, "the ticket as a pass", at(w.Sessions, ticket, app), session.ErrNone)
		unused := ticketFor(t, w, signed)
		wantError(t, "an unused ticket as a pass", at(w.Sessions, unused, app), session.ErrNone)

		var entered int
		if err := d.Get(t.Context(), `SELECT count(*) FROM audit_events WHERE action = $1 AND account_id = $2`, []any{string(audit.DoorEntered), w.Ada.AccountID}, &entered); err != nil || entered != 1 {
			t.Errorf("%d events, %v", entered, err)
		}

		wantError(t, "elsewhere", at(elsewhere, pass, app), nil)
		if err := w.Sessions.SignOut(t.Context(), signed, domaintest.By); err != nil {
			t.Fatal(err)
		}
		wantError(t, "here, at once", at(w.Sessions, pass, app), session.ErrNone)
		w.Clock.Advance(time.Second)
		wantError(t, "elsewhere, a second later", at(elsewhere, pass, app), session.ErrNone)
		if n, err := session.SweepPasses(t.Context(), d, w.Clock.Now(), 10); n != 2 || err != nil {
			t.Errorf("%d swept, %v", n, err)
		}
	})
}

// TestPassesAreBounded: whoever enters again and again keeps no more than the newest four passes of that session at that site. Those at
// another site, and of another session, are nobody else's business, and a ticket on its way is none.
func TestPassesAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, signed, _ := atDoor(t, d)
		const other = "https://wiki.example.com"
		enter := func(by *session.Signed, origin string) string {
			t.Helper()
			w.Clock.Advance(time.Second)
			ticket, err := w.Sessions.Ticket(t.Context(), by, origin, session.Challenge("secret"))
			if err != nil {
				t.Fatal(err)
			}
			pass, err := w.Sessions.Enter(t.Context(), ticket, origin, "secret", domaintest.By)
			if err != nil {
				t.Fatal(err)
			}
			return pass
		}
		elsewhere, another := enter(signed, other), enter(w.Browse(t, w.Ada).Signed, app)
		waiting := ticketFor(t, w, signed)
		var passes []string
		for range 7 {
			passes = append(passes, enter(signed, app))
		}
		for i, pass := range passes {
			_, err := w.Sessions.CheckPass(t.Context(), pass, app)
			if i < len(passes)-4 {
				wantError(t, "one of the older", err, session.ErrNone)
			} else {
				wantError(t, "one of the newest", err, nil)
			}
		}
		_, err := w.Sessions.CheckPass(t.Context(), elsewhere, other)
		wantError(t, "at another site", err, nil)
		_, err = w.Sessions.CheckPass(t.Context(), another, app)
		wantError(t, "of another session", err, nil)
		_, err = w.Sessions.Enter(t.Context(), waiting, app, "secret", domaintest.By)
		wantError(t, "the ticket", err, nil)

		// At one moment, whatever their hashes are, the newest is never one that goes.
		for range 12 {
			w.Clock.Advance(-time.Second)
			_, err := w.Sessions.CheckPass(t.Context(), enter(signed, app), app)
			wantError(t, "just made", err, nil)
		}
		var rows int
		if err := d.Get(t.Context(), `SELECT count(*) FROM door_passes`, nil, &rows); err != nil || rows != 7 {
			t.Errorf("%d rows, want 4 and the other two, and the first ticket: %v", rows, err)
		}
	})
}
