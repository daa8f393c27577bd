package main

import (
	"errors"
	"net/http"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/httpx"
	"sallyport/internal/token"
)

// acks is what a server has acknowledged, written down by its clients as they were told.
type acks struct {
	mu      sync.Mutex
	devices []string       // factor ids confirmed
	steps   []usedStep     // codes of apps that opened the door
	backup  []usedCode     // backup codes that did
	ended   []string       // session ids signed out
	lost    []error        // how the connections ended
	signIns map[string]int // by user id
}

type usedStep struct {
	factor string
	step   int64
	member member
	code   string
}

type usedCode struct {
	user, selector string
}

func (a *acks) note(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *acks) total() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.devices) + len(a.steps) + len(a.backup) + len(a.ended)
}

// errCut ends a client's work when the server is gone.
type errCut struct{ error }

// mayHaveBegun reports whether the server may have begun the request that a client lost. It has not where nobody listened, nor
// where the connection was reset before any of the answer came: a system resets one that is closed with bytes in it that its program has not
// read, and the end of one whose request was read is an ordinary end.
func mayHaveBegun(err error) bool {
	var before *url.Error // of an answer that came in part, the reader's error is bare
	return !errors.As(err, &before) || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET)
}

// load plays all of the people at once until they are done or the server is gone.
func load(t *testing.T, url string, people []member, a *acks) {
	t.Helper()
	var wg sync.WaitGroup
	for _, m := range people {
		wg.Go(func() {
			c := apptest.NewClient(t, url)
			var err error
			if m.phone.FactorID == "" {
				err = addDevice(c, m, a)
			} else {
				err = comeAndGo(c, m, a)
			}
			var cut errCut
			switch {
			case errors.As(err, &cut):
				a.note(func() { a.lost = append(a.lost, cut.error) })
			case err != nil:
				t.Errorf("%s: %v", m.user.Email, err)
			}
		})
	}
	wg.Wait()
}

// step sends a form; anything but the answer wanted is a fault, a lost connection is errCut.
func step(c *apptest.Client, path string, want int, fields ...string) (*apptest.Page, error) {
	form := map[string][]string{}
	for i := 0; i+1 < len(fields); i += 2 {
		form[fields[i]] = []string{fields[i+1]}
	}
	p, err := c.Try(c.Request(http.MethodPost, path, form))
	if err != nil {
		return nil, errCut{err}
	}
	if p.Status != want {
		return p, errors.New(path + ": " + http.StatusText(p.Status) + ": " + p.Text())
	}
	return p, nil
}

// comeAndGo signs in with the three codes that count now, then with backup codes, and out again each time.
func comeAndGo(c *apptest.Client, m member, a *acks) error {
	newest := m.phone.Key.Step(time.Now())
	for n := range 3 + len(m.codes) {
		if _, err := step(c, "/sign-in", http.StatusSeeOther, "account", "acme", "email", m.user.Email, "password", apptest.Password); err != nil {
			return err
		}
		code, backup := "", n >= 3
		if backup {
			code = m.codes[n-3]
		} else {
			code = m.phone.Key.Code(newest - 1 + int64(n))
		}
		p, err := step(c, "/sign-in/verify", http.StatusSeeOther, "code", code)
		if err != nil {
			if p != nil && !backup && m.phone.Key.Step(time.Now()) != newest {
				continue // the step changed meanwhile, and the oldest of the three codes with it
			}
			return err
		}
		a.note(func() {
			if backup {
				a.backup = append(a.backup, usedCode{m.user.ID, code[:2]})
			} else {
				a.steps = append(a.steps, usedStep{m.phone.FactorID, newest - 1 + int64(n), m, code})
			}
			a.signIns[m.user.ID]++
		})
		b, _ := token.Parse(c.Cookies[httpx.SessionCookie], "ses")
		if _, err := step(c, "/sign-out", http.StatusSeeOther); err != nil {
			return err
		}
		a.note(func() { a.ended = append(a.ended, b.ID) })
	}
	return nil
}

// addDevice enrols a first device through the pages.
func addDevice(c *apptest.Client, m member, a *acks) error {
	if _, err := step(c, "/sign-in", http.StatusSeeOther, "account", "acme", "email", m.user.Email, "password", apptest.Password); err != nil {
		return err
	}
	p, err := step(c, "/settings/two-factor/add", http.StatusOK, "name", "My Phone", "password", apptest.Password)
	if err != nil {
		return err
	}
	phone := p.Phone()
	if _, err := step(c, "/settings/two-factor/"+phone.FactorID+"/confirm", http.StatusOK, "code", phone.Code(time.Now())); err != nil {
		return err
	}
	a.note(func() { a.devices = append(a.devices, phone.FactorID) })
	return nil
}

// hold checks in the database that all that was acknowledged is so (I1–I3, I5–I7, I9).
func (a *acks) hold(t *testing.T, d *db.DB) {
	t.Helper()
	count := func(sql string, args ...any) (n int64) {
		t.Helper()
		if err := d.Get(t.Context(), sql, args, &n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return n
	}
	for _, f := range a.devices {
		if count(`SELECT count(*) FROM factors WHERE factor_id = $1 AND state = 'confirmed'`, f) != 1 {
			t.Errorf("device %s was acknowledged and is not there", f)
		}
		if n := count(`SELECT count(*) FROM audit_events WHERE target_id = $1 AND action = 'factor.added'`, f); n != 1 {
			t.Errorf("device %s has %d audit records", f, n)
		}
	}
	for _, s := range a.steps {
		if count(`SELECT count(*) FROM factors WHERE factor_id = $1 AND last_step >= $2`, s.factor, s.step) != 1 {
			t.Errorf("device %s: the code of step %d was used and is good again", s.factor, s.step)
		}
	}
	for _, c := range a.backup {
		if count(`SELECT count(*) FROM factor_codes WHERE user_id = $1 AND selector = $2 AND used_at > 0`, c.user, c.selector) != 1 {
			t.Errorf("user %s: the backup code %s… was used and is good again", c.user, c.selector)
		}
	}
	for _, id := range a.ended {
		if count(`SELECT count(*) FROM sessions WHERE session_id = $1`, id) != 0 {
			t.Errorf("session %s was ended and lives again", id)
		}
	}
	for id, n := range a.signIns {
		if got := count(`SELECT count(*) FROM audit_events WHERE target_id = $1 AND action = 'session.signed_in'`, id); got < int64(n) {
			t.Errorf("user %s signed in %d times, %d are on record", id, n, got)
		}
	}
	if n := count(`SELECT count(*) FROM sessions s JOIN users u ON u.account_id = s.account_id AND u.user_id = s.user_id AND u.epoch = s.epoch
		JOIN factors f ON f.account_id = u.account_id AND f.user_id = u.user_id AND f.state = 'confirmed' AND f.kind = 'totp'
		WHERE s.level = 'aal1'`); n != 0 {
		t.Errorf("%d sessions of one factor belong to people with two", n)
	}
}

// replay tries a few of the acknowledged codes again, through the pages.
func (a *acks) replay(t *testing.T, c *apptest.Client, d *db.DB) {
	t.Helper()
	for _, s := range a.steps[max(0, len(a.steps)-3):] {
		c.Cookies = map[string]string{httpx.PendingCookie: pending(t, d, s.member.user)[0]}
		if p := c.Post("/sign-in/verify", "code", s.code); p.Status != http.StatusUnprocessableEntity && p.Status != http.StatusTooManyRequests {
			t.Errorf("a used code again: status %d, to %s", p.Status, p.Header.Get("Location"))
		}
	}
}
