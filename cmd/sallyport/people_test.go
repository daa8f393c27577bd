package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"sallyport/internal/backupcode"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/password"
	"sallyport/internal/reauth"
	"sallyport/internal/token"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// place is a database and key file with people in them, for processes to serve.
type place struct {
	dsn      string
	settings []string
	world    *domaintest.World // made the people; its database is closed unless opened again
}

// member is one person with a device and backup codes, or without.
type member struct {
	user  user.User
	phone domaintest.Phone // none if its FactorID is empty
	codes []string
}

// settle makes the account "acme" in a new database and closes it, so that the processes
// have it to themselves. enrolled people have a device, plain ones do not.
func settle(t *testing.T, dsn string, enrolled, plain int) (*place, []member) {
	t.Helper()
	p := &place{dsn: dsn}
	var all []member
	p.open(t, func(d *db.DB) {
		w := domaintest.New(t, d)
		// Servers run by the real clock. What the people did before lies ten minutes back.
		w.Clock.Set(time.Now().Add(-10 * time.Minute))
		w.Factors.NewCodes = sameCodes
		p.world = w
		p.settings = []string{"DATABASE=" + dsn, "KEY_FILE=" + w.KeyFile}
		all = p.people(t, "m", enrolled, plain)
	})
	return p, all
}

// open opens the database for fn alone.
func (p *place) open(t *testing.T, fn func(*db.DB)) {
	t.Helper()
	d, err := db.Open(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fn(d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// again opens the world's database once more, for more people.
func (p *place) again(t *testing.T, fn func(d *db.DB)) {
	t.Helper()
	p.open(t, func(d *db.DB) {
		p.world.DB, p.world.Factors.DB = d, d
		fn(d)
	})
}

func (p *place) people(t *testing.T, prefix string, enrolled, plain int) []member {
	t.Helper()
	var all []member
	for i := range enrolled + plain {
		m := member{user: p.world.AddUser(t, p.world.Acme, fmt.Sprintf("%s%d@acme.test", prefix, i), "", user.Member)}
		if i < enrolled {
			m.phone, m.codes = p.enrol(t, m.user)
		}
		all = append(all, m)
	}
	return all
}

// enrol gives somebody a device and backup codes without the pages, and without ten hashes.
func (p *place) enrol(t *testing.T, u user.User) (domaintest.Phone, []string) {
	t.Helper()
	w, now := p.world, p.world.Clock.Now()
	proof, ok := reauth.Recent(u, now, now)
	if !ok {
		t.Fatal("no proof")
	}
	e, err := totp.Begin(t.Context(), w.Factors, proof, w.Acme, u, "My Phone")
	if err != nil {
		t.Fatal(err)
	}
	phone := domaintest.Scan(t, e.Factor.ID, e.URI)
	codes, err := w.Factors.Confirm(t.Context(), u, factor.Try{
		AccountID: u.AccountID, UserID: u.ID, FactorID: e.Factor.ID, Code: phone.Code(now), By: domaintest.By,
	}, 5, func(factor.Match) []db.Stmt { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return phone, codes
}

// sameCodes gives everybody the same ten backup codes, so that a crowd costs ten hashes in all.
func sameCodes(context.Context) ([]string, []factor.Code, error) {
	s, err := drawn()
	return s.shown, s.stored, err
}

type set struct {
	shown  []string
	stored []factor.Code
}

var drawn = sync.OnceValues(func() (s set, err error) {
	s.shown, s.stored, err = backupcode.New(context.Background(), password.New(password.Config{}))
	return s, err
})

// pending begins sign-ins in the database itself, as if the passwords had just been right.
func pending(t testing.TB, d *db.DB, users ...user.User) (cookies []string) {
	t.Helper()
	now := time.Now()
	var stmts []db.Stmt
	for _, u := range users {
		cookie, b := token.Issue(u.AccountID, u.ID, "pen")
		cookies = append(cookies, cookie)
		stmts = append(stmts, db.Must(db.ErrNotFound, `
			INSERT INTO pending_sign_ins (account_id, user_id, pending_id, epoch, return_to, forgives, created_at, expires_at)
			SELECT u.account_id, u.user_id, $3, u.epoch, '', FALSE, $4, $5 FROM users u WHERE u.account_id = $1 AND u.user_id = $2`,
			b.AccountID, b.UserID, b.ID, db.At(now), db.At(now.Add(10*time.Minute))))
	}
	if err := d.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
	return cookies
}

// watch opens the database beside running servers until the test ends.
func watch(t *testing.T, p *place) *db.DB { return dbtest.Open(t, p.dsn) }
