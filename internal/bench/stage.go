package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/backupcode"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/otp"
	"sallyport/internal/password"
	"sallyport/internal/seal"
	"sallyport/internal/signin"
	"sallyport/internal/token"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// passphrase is everybody's password.
const passphrase = "seven unrelated ferry bells"

// visitor is who signs in here.
var visitor = audit.Actor{
	Kind: audit.KindNobody, Address: "192.0.2.7",
	UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}

// person is somebody with an authenticator app.
type person struct {
	user user.User
	key  otp.Key
}

// stage is a database with people, and the services that sign them in.
type stage struct {
	db      *db.DB
	ring    *seal.Ring
	hasher  *password.Hasher
	signIns *signin.Service
	acme    account.Account
	people  []person
	ahead   atomic.Int64 // how far the services' clock is ahead of the true one
}

func (s *stage) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// build opens and fills a database. keyFile must exist.
func build(ctx context.Context, dsn, keyFile string, people int) (*stage, error) {
	s := &stage{hasher: password.New(password.Config{Queue: 10_000, Wait: time.Minute})}
	var err error
	if s.ring, err = seal.Open(keyFile); err != nil {
		return nil, err
	}
	if s.db, err = db.Open(ctx, dsn); err != nil {
		return nil, err
	}
	if err := s.db.Migrate(ctx); err != nil {
		return nil, err
	}
	factors := &factor.Service{
		DB: s.db, Ring: s.ring, Now: s.now, Methods: []factor.Method{totp.Method{}, backupcode.Method{Hasher: s.hasher}},
		NewCodes: func(ctx context.Context) ([]string, []factor.Code, error) { return backupcode.New(ctx, s.hasher) },
	}
	s.signIns = &signin.Service{DB: s.db, Hasher: s.hasher, Factors: factors, Now: s.now}
	if s.acme, err = account.Create(ctx, s.db, s.now(), "acme", "Acme", audit.Operator()); err != nil {
		return nil, err
	}
	return s, s.populate(ctx, people)
}

// populate adds people with one authenticator app each. They share a password hash, so
// that they cost no hashing, but nothing else: every secret is drawn and sealed by itself.
func (s *stage) populate(ctx context.Context, n int) error {
	hash, err := s.hasher.Hash(ctx, passphrase)
	if err != nil {
		return err
	}
	var stmts []db.Stmt
	for i := range n {
		u, create, err := user.Creating(s.now(), user.New{
			AccountID: s.acme.ID, Email: fmt.Sprintf("person%05d@acme.test", i), Name: "A Person", Role: user.Member, PasswordHash: hash,
		}, audit.Operator())
		if err != nil {
			return err
		}
		key := otp.Key{Secret: otp.NewSecret(), Digits: otp.DefaultDigits, Period: otp.DefaultPeriod}
		enrol, err := s.enrol(u.AccountID, u.ID, key)
		if err != nil {
			return err
		}
		s.people = append(s.people, person{u, key})
		stmts = append(append(stmts, create...), enrol)
	}
	return s.write(ctx, stmts)
}

// enrol returns the statement that package factor's enrolment would end with. owner is a user's id or an API key's.
func (s *stage) enrol(accountID, owner string, key otp.Key) (db.Stmt, error) {
	// The form in which package totp keeps a key; a wrong one would fail every verification.
	raw, err := json.Marshal(map[string]any{"secret": key.Secret, "digits": key.Digits, "period": int(key.Period / time.Second)})
	if err != nil {
		return db.Stmt{}, err
	}
	factorID := id.New("fac", s.now())
	sealed, err := s.ring.Seal(raw, seal.AD("factors", accountID, owner, factorID))
	return db.Write(`
		INSERT INTO factors (account_id, user_id, factor_id, kind, name, state, secret, created_at, confirmed_at)
		VALUES ($1, $2, $3, 'totp', 'My Phone', 'confirmed', $4, $5, $5)`,
		accountID, owner, factorID, sealed, db.At(s.now())), err
}

// write runs many statements, some hundred to a transaction.
func (s *stage) write(ctx context.Context, stmts []db.Stmt) error {
	for len(stmts) > 0 {
		n := min(600, len(stmts))
		if err := s.db.Run(ctx, stmts[:n]...); err != nil {
			return err
		}
		stmts = stmts[n:]
	}
	return nil
}

// stride scatters neighbours over the tables, because people do not sign in in the order in
// which they were added. It is a prime that divides no number of people used here.
const stride = 7919

// ticket is a sign-in that waits for its code.
type ticket struct{ cookie, code string }

// tickets passes the first door for n people, by writing what passing it writes, and
// moves the services' clock on, so that everybody has a code not used yet. It moves three
// periods: one in a million codes is that of the next period too, and then both are used up.
func (s *stage) tickets(ctx context.Context, n int) ([]ticket, error) {
	s.ahead.Add(3 * int64(otp.DefaultPeriod))
	now := s.now()
	all := make([]ticket, n)
	stmts := make([]db.Stmt, n)
	for i := range n {
		p := s.people[i*stride%len(s.people)]
		cookie, b := token.Issue(p.user.AccountID, p.user.ID, "pen")
		all[i] = ticket{cookie, p.key.Code(p.key.Step(now))}
		stmts[i] = db.Write(`
			INSERT INTO pending_sign_ins (account_id, user_id, pending_id, epoch, return_to, forgives, created_at, expires_at)
			VALUES ($1, $2, $3, $4, '', FALSE, $5, $6)`,
			b.AccountID, b.UserID, b.ID, p.user.Epoch, db.At(now), db.At(now.Add(signin.PendingFor)))
	}
	return all, s.write(ctx, stmts)
}

// known says that the browser has signed the person in before, as it almost always has: no notice is due.
func known(string, string) bool { return true }

// verify is the operation measured: the second door, from cookie and code to session.
func (s *stage) verify(ctx context.Context, t ticket) error {
	step, err := s.signIns.Verify(ctx, t.cookie, signin.Attempt{Code: t.code, Known: known}, visitor)
	if err != nil {
		return err
	}
	if step.State != signin.SignedIn {
		return fmt.Errorf("state %s after a right code", step.State)
	}
	return nil
}
