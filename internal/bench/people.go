package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/httpx"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

const (
	fewPeople  = 100
	manyPeople = 100_000
	looks      = 20 // requests of one burst
)

// people measures the administrators' pages about users: of an account with a hundred, and of one with a hundred thousand.
func (b *bench) people(ctx context.Context) error {
	if err := b.peopleOn(ctx, "SQLite", "sqlite:"+b.path("few.db"), "sqlite:"+b.path("many.db")); err != nil {
		return err
	}
	server := os.Getenv(envServer)
	if server == "" {
		return nil // postgres says so
	}
	few, dropFew, err := newDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer dropFew() //nolint:errcheck // of a server that is thrown away, or that has one stray database more
	many, dropMany, err := newDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer dropMany() //nolint:errcheck // as above
	return b.peopleOn(ctx, "PostgreSQL", few, many)
}

func (b *bench) peopleOn(ctx context.Context, engine, fewDSN, manyDSN string) error {
	b.report.group("Administrators' pages on " + engine + ", time at 100,000 users ÷ time at 100")
	few, err := b.office(ctx, fewDSN, fewPeople)
	if err != nil {
		return err
	}
	defer few.app.Close() //nolint:errcheck // nothing is lost
	many, err := b.office(ctx, manyDSN, manyPeople)
	if err != nil {
		return err
	}
	defer many.app.Close() //nolint:errcheck // as above
	for _, page := range []struct{ name, path string }{
		{"list, first page", "/admin/users"},
		{"list, a page in the middle", "/admin/users?at=" + "MIDDLE"},
		{"by name, downwards", "/admin/users?sort=-name"},
		{"filter with few hits: 20 locked", "/admin/users?state=locked"},
		{"filter with few hits: 20 with SMS", "/admin/users?kind=sms&sort=name"},
		{"filter with few hits: 20 administrators, without, overdue", "/admin/users?role=admin&second_factor=off&state=overdue"},
		{"filter with 1,500 hits (60 of 100)", "/admin/users?kind=email"},
		{"filter with many hits: the newest second factors", "/admin/users?second_factor=on&sort=-second_factor"},
		{"filter with many hits: overdue", "/admin/users?state=overdue&sort=-added"},
		{"search with few hits: 20 Müllers", "/admin/users?search=mull"},
		{"search with few hits, by two words of which one is everybody's", "/admin/users?search=acme+mull"},
		{"search with 1,500 hits (40 of 100)", "/admin/users?search=weber"},
		{"search with many hits", "/admin/users?search=acme"},
		{"search without hits", "/admin/users?search=nobody"},
		{"one user", "/admin/users/" + "PERSON"},
		{"overview", "/admin"},
		{"two-factor policy, with the rollout and its users", "/admin/two-factor"},
		{"audit log", "/admin/audit"},
		{"audit log of one user", "/admin/audit?person=" + "PERSON"},
	} {
		ratio, small, large, err := byTurns(b.rounds, few.opens(page.path), many.opens(page.path))
		if err != nil {
			return fmt.Errorf("%s: %w", page.name, err)
		}
		b.report.figure(page.name, ratio, atMost(2, ""), "by CPU alone   "+number(float64(large.cpuEach())/float64(small.cpuEach())), "at 100         "+small.String(), "at 100,000     "+large.String())
	}
	return nil
}

// office is a server whose owner looks at the people of an account.
type office struct {
	app     *app.App
	cpu     meter // of the server and, on PostgreSQL, of the database's
	handler http.Handler
	cookie  string
	words   *strings.Replacer // for what a path names of this account
}

// office opens a server on a database of its own with so many people: half have a second factor, and in every account 20 each are
// locked, have text messages, are administrators without a second factor, and are called Müller.
func (b *bench) office(ctx context.Context, dsn string, n int) (*office, error) {
	cfg := config.Default()
	cfg.Database, cfg.KeyFile = config.DSN(dsn), b.path(fmt.Sprintf("people-%d-%d.key", n, time.Now().UnixNano()))
	cfg.PublicURL = &url.URL{Scheme: "http", Host: "127.0.0.1"}
	if err := seal.NewKeyFile(cfg.KeyFile); err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	o := &office{app: a, cpu: ownCPU}
	if a.DB.Engine() == db.Postgres {
		var backend int
		if err := a.DB.Get(ctx, `SELECT pg_backend_pid()`, nil, &backend); err != nil {
			return nil, errors.Join(err, a.Close())
		}
		if f := stat(backend); len(f) > 1 { // the server runs here; its first process is every backend's parent
			o.cpu = both(ownCPU, cpuOfFamily(atoi(f[1])))
		}
	}
	if o.handler, err = a.Handler(); err == nil {
		err = o.fill(ctx, n)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return o, nil
}

func (o *office) fill(ctx context.Context, n int) error {
	d, began := o.app.DB, time.Now().AddDate(0, -6, 0)
	acme, err := account.Create(ctx, d, began, "acme", "Acme", audit.Operator())
	if err != nil {
		return err
	}
	policy, err := acme.Policy.With("enforcement=required", "grace_days=14")
	if err != nil {
		return err
	}
	if err := account.SetPolicy(ctx, d, began, acme.ID, policy, audit.Operator()); err != nil {
		return err
	}
	var stmts []db.Stmt
	var with []string
	var owner user.User
	for i := range n {
		made := began.Add(time.Duration(i) * time.Minute)
		u := user.New{AccountID: acme.ID, Email: fmt.Sprintf("p%06d@acme.test", i*stride%n), Name: "A Person", Role: user.Member, PasswordHash: "none"}
		switch {
		case i == 0:
			u.Role = user.Owner
		case i%(n/20) == 1:
			u.Role = user.Admin
		case i%(n/20) == 2:
			u.Name = "Thomas Müller"
		}
		if i%max(2, n/1500) == 0 && u.Name == "A Person" {
			u.Name = "Anna Weber"
		}
		person, create, err := user.Creating(made, u, audit.Operator())
		if err != nil {
			return err
		}
		if i == 0 {
			owner = person
		}
		stmts = append(stmts, create...)
		if i%(n/20)%2 == 0 { // no administrator
			with = append(with, person.ID)
		}
	}
	stmts = together(stmts)
	set := func(change string, ids []string) {
		for some := range slices.Chunk(ids, most) {
			args := []any{acme.ID}
			places := make([]string, len(some))
			for i, id := range some {
				args = append(args, id)
				places[i] = fmt.Sprintf("$%d", i+2)
			}
			stmts = append(stmts, db.Write(`UPDATE users SET `+change+` WHERE account_id = $1 AND user_id IN (`+strings.Join(places, ", ")+`)`, args...))
		}
	}
	nth := 0
	set(`two_factor_since = created_at, two_factor_kinds = 'totp '`, with)
	set(`two_factor_kinds = 'totp email '`, slices.DeleteFunc(slices.Clone(with), func(string) bool { nth++; return nth%max(1, len(with)/1500) > 0 }))
	set(`two_factor_kinds = 'totp sms email '`, with[len(with)-20:])
	set(`locked_at = created_at`, with[1:21]) // the first is the owner who looks
	for len(stmts) > 0 {
		k := min(20, len(stmts)) // what a transaction has time for when the machine is busy
		if strings.HasPrefix(stmts[0].SQL, "UPDATE") {
			k = 1
		}
		if err := d.Run(ctx, stmts[:k]...); err != nil {
			return err
		}
		stmts = stmts[k:]
	}
	if d.Engine() == db.Postgres { // as its autovacuum does by itself within minutes, after so many rows
		c, err := pgx.Connect(ctx, string(o.app.Config.Database))
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, `VACUUM ANALYZE`)
		if err := errors.Join(err, c.Close(ctx)); err != nil {
			return err
		}
	}
	if err := o.app.Adoption.Work(ctx); err != nil { // as the server does in the background
		return err
	}
	cookie, _, issue := session.Issue(time.Now(), acme, owner, owner.Epoch, session.AAL2, []string{"pwd", "otp", "mfa"}, visitor)
	if err := d.Run(ctx, issue); err != nil {
		return err
	}
	o.cookie = cookie
	var q user.Query
	for range n / user.PageSize / 2 {
		p, err := user.Select(ctx, d, acme, q, time.Now())
		if err != nil {
			return err
		}
		q.At = p.After
	}
	o.words = strings.NewReplacer("MIDDLE", q.At, "PERSON", with[len(with)/2])
	return nil
}

// opens is a burst of requests for one page, one after the other.
func (o *office) opens(path string) side {
	return func(int) (sample, error) {
		return burst(1, looks, o.cpu, func(int, int) error {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+o.words.Replace(path), nil)
			r.AddCookie(&http.Cookie{Name: httpx.SessionCookie, Value: o.cookie})
			w := httptest.NewRecorder()
			o.handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				return fmt.Errorf("%s: status %d", path, w.Code)
			}
			return nil
		})
	}
}

// most is how many arguments a statement is given: SQLite takes time for their names that grows with the square.
const most = 500

// together joins inserts of one row each into inserts of many rows, which are quicker: the order among tables stays.
func together(stmts []db.Stmt) (joined []db.Stmt) {
	byText := map[string]*db.Stmt{}
	var order []string
	flush := func(text string) {
		head, _, _ := strings.Cut(text, "VALUES")
		s := byText[text]
		width := strings.Count(text, "$")
		var b strings.Builder
		b.WriteString(head + "VALUES ")
		for i := range s.Args {
			switch {
			case i == 0:
				b.WriteString("(")
			case i%width == 0:
				b.WriteString("), (")
			default:
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "$%d", i+1)
		}
		b.WriteString(")")
		joined = append(joined, db.Stmt{SQL: b.String(), Args: s.Args})
		s.Args = nil
	}
	for _, s := range stmts {
		if byText[s.SQL] == nil {
			byText[s.SQL] = &db.Stmt{}
			order = append(order, s.SQL)
		}
		into := byText[s.SQL]
		into.Args = append(into.Args, s.Args...)
		if len(into.Args) >= most {
			flush(s.SQL)
		}
	}
	for _, text := range order {
		if len(byText[text].Args) > 0 {
			flush(text)
		}
	}
	return joined
}
