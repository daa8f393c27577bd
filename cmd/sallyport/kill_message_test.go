package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/reauth"
)

// told is what a server acknowledged to people who sign in with sent codes and change their devices.
type told struct {
	mu      sync.Mutex
	changes []change
	used    []usedText
}

// change is a device that was added: its name is in the notice, and in no other.
type change struct{ email, name string }

// usedText is a sent code that opened the door.
type usedText struct{ pending, code string }

func (a *told) total() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.changes) + len(a.used)
}

// withNumber gives somebody a number without the way through the pages.
func (p *place) withNumber(t *testing.T, m member, number string) {
	t.Helper()
	w := p.world
	proof, ok := reauth.Recent(m.user, w.Clock.Now(), w.Clock.Now())
	if !ok {
		t.Fatal("no proof")
	}
	f, err := w.Factors.Begin(t.Context(), proof, m.user, factor.New{Kind: factor.SMS, Name: "My number", Secret: []byte(number), Address: number, Hint: "•••"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Codes.Send(t.Context(), w.Stored(t, m.user, f.ID), f.ID, 0, domaintest.By.As(m.user.ID)); err != nil {
		t.Fatal(err)
	}
	_, err = w.Factors.Confirm(t.Context(), m.user, factor.Try{
		AccountID: m.user.AccountID, UserID: m.user.ID, FactorID: f.ID, Code: w.SentCode(t, m.user, f.ID), Request: f.ID,
	}, 5, func(factor.Match) []db.Stmt { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// signInAndAdd signs in with the text that came to a number and adds a device, three times or until the server is gone.
func signInAndAdd(t *testing.T, o *office, m member, number, round string, a *told) error {
	c := o.client(t)
	if _, err := step(c, "/sign-in", http.StatusSeeOther, "account", "acme", "email", m.user.Email, "password", apptest.Password); err != nil {
		return err
	}
	pending := c.Cookies[httpx.PendingCookie]
	for end := time.Now().Add(time.Minute); len(o.texts.to(number)) == 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("no text to " + number)
		}
		if _, err := c.Try(c.Request(http.MethodGet, "/healthz", nil)); err != nil {
			return errCut{err}
		}
	}
	code := o.texts.to(number)[0].code(t)
	if _, err := step(c, "/sign-in/verify", http.StatusSeeOther, "code", code); err != nil {
		return err
	}
	a.mu.Lock()
	a.used = append(a.used, usedText{pending, code})
	a.mu.Unlock()
	for n := range 3 {
		name := fmt.Sprintf("Phone %s-%d-%s", round, n, m.user.Email[:strings.Index(m.user.Email, "@")])
		p, err := step(c, "/settings/two-factor/add", http.StatusOK, "name", name, "password", apptest.Password)
		if err != nil {
			return err
		}
		phone := p.Phone()
		if _, err := step(c, "/settings/two-factor/"+phone.FactorID+"/confirm", http.StatusSeeOther, "code", phone.Code(time.Now())); err != nil {
			return err
		}
		a.mu.Lock()
		a.changes = append(a.changes, change{m.user.Email, name})
		a.mu.Unlock()
	}
	return nil
}

// crowd plays all of the people at once until they are done or the server is gone.
func (o *office) crowd(t *testing.T, people []member, numbers []string, round string, a *told) {
	var wg sync.WaitGroup
	for i, m := range people {
		wg.Go(func() {
			var cut errCut
			if err := signInAndAdd(t, o, m, numbers[i], round, a); err != nil && !errors.As(err, &cut) {
				t.Errorf("%s: %v", m.user.Email, err)
			}
		})
	}
	wg.Wait()
}

// hold checks that every acknowledged change of a device was told, by one name if more than once, and that no used code is good.
func (a *told) hold(t *testing.T, o *office) {
	t.Helper()
	for _, ch := range a.changes {
		names := map[string]bool{}
		for _, m := range o.mails.to(ch.email) {
			if strings.Contains(m.Text, ch.name) {
				names[m.MessageID] = true
			}
		}
		if len(names) != 1 {
			t.Errorf("%s was told of %s by %d messages, want one: %v", ch.email, ch.name, len(names), names)
		}
	}
	for _, u := range a.used {
		c := o.client(t)
		c.Cookies[httpx.PendingCookie] = u.pending
		if p := c.Post("/sign-in/verify", "code", u.code); p.Status != http.StatusGone {
			t.Errorf("a used code again: status %d, to %s", p.Status, p.Header.Get("Location"))
		}
	}
	if n := o.count(t, `SELECT count(*) FROM sent_codes c WHERE c.used_at = 0 AND c.request LIKE 'pen_%'
		AND NOT EXISTS (SELECT 1 FROM pending_sign_ins p WHERE p.account_id = c.account_id AND p.user_id = c.user_id AND p.pending_id = c.request)`); n != 0 {
		t.Errorf("%d codes of sign-ins that are over count as unused", n)
	}
}

// TestKillWhileSending kills a server at a random instant while people sign in with texts and add devices: after the next start no
// notice of an acknowledged change is lost, and no used code is good again (F01). SALLYPORT_SOAK=1 does it 50 times per engine.
func TestKillWhileSending(t *testing.T) {
	rounds := 2
	if soak() {
		rounds = 50
	}
	t.Parallel()
	eachEngine(t, func(t *testing.T, dsn string) {
		t.Parallel()
		o, _ := openOffice(t, dsn, 0)
		o.mails.set(func(verb, _ string) string {
			if verb == "." { // more of them are under way when the server dies
				time.Sleep(20 * time.Millisecond)
			}
			return "ok"
		})
		changes, used, twice := 0, 0, 0
		for round := range rounds {
			o.signal(syscall.SIGKILL)
			var people []member
			var numbers []string
			o.place.again(t, func(d *db.DB) {
				o.place.world.Codes.DB = d
				people = o.place.people(t, "k"+strconv.Itoa(round)+"-", 0, 8)
				for i := range people {
					numbers = append(numbers, fmt.Sprintf("+43664%07d", 1000000+round*100+i))
					o.place.withNumber(t, people[i], numbers[i])
				}
			})
			o.later(t)
			o.process = serve(t, o.settings...)
			a := &told{}
			var wg sync.WaitGroup
			wg.Go(func() { o.crowd(t, people, numbers, strconv.Itoa(round), a) })
			// Spread over a round's work: from the first acknowledgements to its end.
			for wanted := 6 + round*13%22; a.total() < wanted && !t.Failed(); {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Duration(round*7%11) * time.Millisecond)
			o.signal(syscall.SIGKILL)
			wg.Wait()
			o.process = serve(t, o.settings...)
			// Who died holds leases for two minutes.
			if err := o.db.Run(t.Context(), db.Write(`UPDATE outbox SET leased_until = 0 WHERE state = 'queued'`)); err != nil {
				t.Fatal(err)
			}
			o.settled(t)
			a.hold(t, o)
			changes, used = changes+len(a.changes), used+len(a.used)
			if t.Failed() {
				t.Fatalf("round %d; the server said:\n%s", round, o.out)
			}
		}
		ids := map[string]int{}
		for _, m := range o.mails.mails {
			if ids[m.MessageID]++; ids[m.MessageID] == 2 {
				twice++
			}
		}
		t.Logf("%d kills: %d changes were told, %d of all mails more than once; %d used codes are over", rounds, changes, twice, used)
	})
}

// TestTerminateWhileSending ends a server with SIGTERM while a gateway keeps its answer back: what is being sent is sent to its
// end, once; what the gateway never answers is due again at the next start, with the same code (F25).
func TestTerminateWhileSending(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		o.addAddress(t, o.entered(t, people[0]), "sms", number)
		sent := len(o.texts.to(number))
		answer := make(chan struct{})
		o.texts.set(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-answer:
				takes(w, r)
			case <-r.Context().Done():
			}
		})
		restart := func(settings ...string) {
			o.process = serve(t, append(o.settings, settings...)...)
		}
		c, _ := o.signIn(t, people[0])
		first := o.texts.nth(t, number, sent+1)
		ended := make(chan int, 1)
		go func(p *process) { ended <- p.signal(syscall.SIGTERM) }(o.process)
		await(t, "the server listens no more", func() bool {
			_, err := c.Try(c.Request(http.MethodGet, "/healthz", nil))
			return err != nil
		})
		close(answer)
		if code := <-ended; code != 0 {
			t.Errorf("exit code %d\n%s", code, o.out)
		}
		restart("SHUTDOWN_TIMEOUT=1s")
		o.settled(t)
		if n := len(o.texts.to(number)) - sent; n != 1 {
			t.Errorf("the text came %d times, want once", n)
		}
		again := o.client(t)
		again.Cookies = c.Cookies
		again.Get("/sign-in/verify").Sees(http.StatusOK, "We sent a text message").
			Press("Verify", "code", first.code(t)).Follow().Sees(http.StatusOK, "You are signed in.")
		o.later(t)

		o.texts.set(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		c, _ = o.signIn(t, people[0])
		cutOff := o.texts.nth(t, number, sent+2)
		o.signal(syscall.SIGTERM)
		o.texts.set(nil)
		restart()
		o.settled(t)
		if came := o.texts.to(number)[sent+1:]; len(came) != 2 || came[1].body != cutOff.body {
			t.Errorf("want the text that was cut off once more: %+v", came)
		}
		again = o.client(t)
		again.Cookies = c.Cookies
		again.Get("/sign-in/verify").Sees(http.StatusOK).Press("Verify", "code", cutOff.code(t)).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}
