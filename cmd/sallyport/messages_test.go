package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/user"
)

// office is a server with ways to send, and people whom it sends codes.
type office struct {
	*process
	place    *place
	settings []string
	db       *db.DB
	texts    *gateway
	mails    *relay
}

// openOffice starts a server on the database with a gateway and a mail server that work, and people without a second factor.
func openOffice(t *testing.T, dsn string, people int) (*office, []member) {
	t.Helper()
	p, all := settle(t, dsn, 0, people)
	o := &office{place: p, texts: newGateway(t), mails: newRelay(t)}
	o.settings = append(p.settings, o.texts.setting(), o.mails.setting())
	o.process = serve(t, o.settings...)
	o.db = watch(t, p)
	return o, all
}

// addAddress sets a number ("sms") or mailbox ("email") up through the pages, and returns the backup codes that came with it.
func (o *office) addAddress(t *testing.T, c *apptest.Client, kind, address string) []string {
	t.Helper()
	page := c.Get("/settings/two-factor/add-"+kind).Sees(http.StatusOK).
		Press("Next", "name", "My address", "address", address, "password", apptest.Password).Follow().Sees(http.StatusOK, "We sent a")
	code := ""
	if kind == "sms" {
		code = o.texts.nth(t, address, 1).code(t)
	} else {
		code = sixDigits.FindString(o.mails.nth(t, address, 1).Subject)
	}
	codes := page.Press("Verify", "code", code).Follow().Sees(http.StatusOK).BackupCodes()
	o.settled(t)
	o.later(t)
	return codes
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// entered is a browser in which somebody without a second factor has signed in.
func (o *office) entered(t *testing.T, m member) *apptest.Client {
	t.Helper()
	c := o.client(t)
	if p := c.SignIn(m.user.Email, apptest.Password).Follow().Sees(http.StatusOK); !strings.HasPrefix(p.At(), "/settings") {
		t.Fatalf("signing in led to %s: %s", p.Path, p.Text())
	}
	return c
}

// signIn passes the first door in a new browser. The page shown then is the code page.
func (o *office) signIn(t *testing.T, m member) (*apptest.Client, *apptest.Page) {
	t.Helper()
	c := o.client(t)
	return c, c.SignIn(m.user.Email, apptest.Password).Follow().Sees(http.StatusOK)
}

// shows opens the code page until it says something.
func shows(t *testing.T, c *apptest.Client, words string) *apptest.Page {
	t.Helper()
	var page *apptest.Page
	await(t, "the code page says: "+words, func() bool {
		page = c.Get("/sign-in/verify").Sees(http.StatusOK)
		return strings.Contains(page.Text(), words)
	})
	return page
}

const inVain = "did not get through"

// later makes an hour pass for the limits: a new code may be sent, and as many as ever.
func (o *office) later(t *testing.T) {
	t.Helper()
	err := o.db.Run(t.Context(), db.Write(`UPDATE sent_codes SET sent_at = sent_at - $1`, time.Minute.Microseconds()),
		db.Write(`DELETE FROM send_slots`), db.Write(`DELETE FROM send_days`))
	if err != nil {
		t.Fatal(err)
	}
}

// retry makes the delays pass after which a message is tried again.
func (o *office) retry(t *testing.T) {
	t.Helper()
	if err := o.db.Run(t.Context(), db.Write(`UPDATE outbox SET due_at = 0 WHERE state = 'queued' AND leased_until = 0`)); err != nil {
		t.Fatal(err)
	}
}

// settled has everything that waits tried until nothing does.
func (o *office) settled(t *testing.T) {
	t.Helper()
	await(t, "the outbox is empty", func() bool {
		o.retry(t)
		return o.count(t, `SELECT count(*) FROM outbox WHERE state = 'queued'`) == 0
	})
}

func (o *office) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := o.db.Get(t.Context(), sql, args, &n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// live counts the codes that somebody could enter now.
func (o *office) live(t *testing.T, u user.User) int {
	t.Helper()
	return o.count(t, `
		SELECT count(*) FROM sent_codes c JOIN pending_sign_ins p ON p.account_id = c.account_id AND p.user_id = c.user_id AND p.pending_id = c.request
		WHERE c.account_id = $1 AND c.user_id = $2 AND c.used_at = 0 AND c.expires_at > $3`, u.AccountID, u.ID, db.At(time.Now()))
}

// eachOffice is eachEngine with an office, beside other tests.
func eachOffice(t *testing.T, people int, fn func(t *testing.T, o *office, people []member)) {
	t.Helper()
	t.Parallel() // much of it is waiting
	eachEngine(t, func(t *testing.T, dsn string) {
		t.Parallel()
		o, all := openOffice(t, dsn, people)
		fn(t, o, all)
	})
}
