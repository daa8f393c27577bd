package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/user"
)

type object = map[string]any

// suite is one system's walk on one engine.
type suite struct {
	t        *testing.T
	s        *apptest.Server
	system   string
	engine   string
	operator string // the operator's key
	boss     *person
	window   *chrometest.Browser // opened by the first visit
}

// walk runs a system's suite on both engines, each on a server whose account has the policy.
func walk(t *testing.T, system string, policy object, fn func(w *suite), change ...func(*config.Config)) {
	t.Helper()
	t.Parallel() // chromium and the mail server are waited for
	for engine, dsn := range map[string]func(testing.TB) string{db.SQLite: dbtest.SQLite, db.Postgres: dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "operator")
			if err := admin.NewOperatorKey(path); err != nil {
				t.Fatal(err)
			}
			key, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if engine == db.SQLite {
				chrometest.Tools(t)
			}
			s := apptest.Start(t, dsn(t), append([]func(*config.Config){apptest.WithInbox, func(c *config.Config) { c.OperatorKeyFile = path }}, change...)...)
			w := &suite{t: t, s: s, system: system, engine: engine, operator: strings.TrimSpace(string(key))}
			w.boss = &person{w: w, email: apptest.Ada}
			w.boss.addApp(t)
			w.policy(t, policy)
			fn(w)
		})
	}
}

// another is a second server on the same engine, for rows that need it to be otherwise. It has a window of its own.
func (w *suite) another(t *testing.T, change ...func(*config.Config)) *suite {
	t.Helper()
	dsn := dbtest.SQLite
	if w.engine == db.Postgres {
		dsn = dbtest.Postgres
	}
	other := &suite{t: t, s: apptest.Start(t, dsn(t), change...), engine: w.engine}
	other.boss = &person{w: other, email: apptest.Ada}
	other.boss.addApp(t)
	return other
}

// row walks one demand; its name begins with the demand's id.
func (w *suite) row(name string, fn func(t *testing.T)) {
	w.t.Run(name, func(t *testing.T) {
		t.Cleanup(func() { record(w.engine, t) })
		fn(t)
	})
}

// policy changes the account's policy by REST, as its owner, and waits until it is in force everywhere.
func (w *suite) policy(t *testing.T, change object) {
	t.Helper()
	w.boss.api(t).Must(t, 200, "PATCH /v1/account/policy", change)
	w.s.Clock.Advance(time.Second)
}

// terms changes the account's plan, trial or exceptions by REST, as the operator.
func (w *suite) terms(t *testing.T, change object) {
	t.Helper()
	w.s.API(w.operator).Must(t, 200, "PATCH /v1/accounts/"+w.s.Acme.ID, change)
	w.s.Clock.Advance(time.Second)
}

// in is a time as the interface takes it.
func (w *suite) in(d time.Duration) string { return w.s.Clock.Now().Add(d).Format(time.RFC3339) }

// person is somebody of the account, with what they carry.
type person struct {
	w     *suite
	email string
	uid   string
	app   *chrometest.Phone // nil without one
	id    string            // of the app
	codes []string          // backup codes
}

// person makes a member for one row. More than one of a row have different names.
func (w *suite) person(t *testing.T, names ...string) *person {
	t.Helper()
	return w.somebody(t, user.Member, names...)
}

func (w *suite) somebody(t *testing.T, role user.Role, names ...string) *person {
	t.Helper()
	row, _, _ := strings.Cut(filepath.Base(t.Name()), "_")
	p := &person{w: w, email: strings.ToLower(strings.Join(append([]string{row}, names...), "-")) + "@mail.test"}
	p.uid = w.s.AddUser(t, w.s.Acme, p.email, "Somebody", role).ID
	return p
}

// passes gives the password by REST.
func (p *person) passes(t *testing.T) apptest.Answer {
	t.Helper()
	return p.w.s.API("").Must(t, 200, "POST /v1/sign-in", object{"account": "acme", "email": p.email, "password": apptest.Password})
}

// code is what the app shows, a code that it has not shown before.
func (p *person) code(t *testing.T) string {
	t.Helper()
	p.w.s.Clock.Advance(chrometest.Period)
	return p.app.At(t, p.w.s.Clock.Now())
}

// wrong is six digits that no app of the person shows within the next minutes.
func (p *person) wrong(t *testing.T) string {
	t.Helper()
	near := map[string]bool{}
	for d := -8; d <= 8; d++ {
		near[p.app.At(t, p.w.s.Clock.Now().Add(time.Duration(d)*chrometest.Period))] = true
	}
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if !near[code] {
			return code
		}
	}
	t.Fatal("all wrong codes are right")
	return ""
}

// verify answers a pending sign-in by REST.
func (p *person) verify(t *testing.T, pending apptest.Answer, code string) apptest.Answer {
	t.Helper()
	return p.w.s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": pending.JSON["pending"], "code": code})
}

// api signs in by REST, with a code where there is an app.
func (p *person) api(t *testing.T) *apptest.API {
	t.Helper()
	in := p.passes(t)
	if p.app != nil {
		in = p.verify(t, in, p.code(t))
	}
	is(t, in, "signed_in")
	return p.w.s.API(in.JSON["token"].(string))
}

// is demands the state of a sign-in or device.
func is(t *testing.T, a apptest.Answer, state string) {
	t.Helper()
	if a.JSON["state"] != state {
		t.Fatalf("state %v, want %s: %s", a.JSON["state"], state, a.Raw)
	}
}

// refused demands a problem.
func refused(t *testing.T, a apptest.Answer, status int, code string) {
	t.Helper()
	if a.Status != status || a.Code() != code {
		t.Fatalf("%d %s, want %d %s", a.Status, a.Raw, status, code)
	}
}

// begin begins to add an app by REST.
func (p *person) begin(t *testing.T, api *apptest.API) apptest.Answer {
	t.Helper()
	return api.Must(t, 201, "POST /v1/me/factors", object{"kind": "totp", "name": "My Phone", "password": apptest.Password})
}

// addApp sets an app up by REST.
func (p *person) addApp(t *testing.T) {
	t.Helper()
	api := p.api(t)
	begun := p.begin(t, api)
	p.app, p.id = chrometest.Enter(t, begun.JSON["uri"].(string)), begun.JSON["id"].(string)
	p.keep(api.Must(t, 200, "POST /v1/me/factors/"+p.id+"/confirm", object{"code": p.code(t)}))
}

// confirm is the person's app entered by the code that it shows, where its set-up has begun.
func (p *person) confirm(t *testing.T) {
	t.Helper()
	in := p.passes(t)
	is(t, in, "signed_in")
	api := p.w.s.API(in.JSON["token"].(string))
	p.id = p.factors(t, api)[0]["id"].(string)
	p.keep(api.Must(t, 200, "POST /v1/me/factors/"+p.id+"/confirm", object{"code": p.code(t)}))
}

// addAddress sets a number or mailbox up by REST.
func (p *person) addAddress(t *testing.T, kind, address string) {
	t.Helper()
	api := p.api(t)
	begun := api.Must(t, 201, "POST /v1/me/factors", object{"kind": kind, "name": "My " + kind, "password": apptest.Password, "address": address})
	p.keep(api.Must(t, 200, "POST /v1/me/factors/"+begun.JSON["id"].(string)+"/confirm", object{"code": p.w.sent(t, address)}))
	p.w.s.Clock.Advance(time.Minute) // the next code may be sent
}

func (p *person) keep(a apptest.Answer) {
	codes, _ := a.JSON["backup_codes"].([]any)
	for _, c := range codes {
		p.codes = append(p.codes, c.(string))
	}
}

// factors lists the person's devices by kind and state.
func (p *person) factors(t *testing.T, api *apptest.API) (all []object) {
	t.Helper()
	for _, f := range api.Must(t, 200, "GET /v1/me/factors", nil).JSON["items"].([]any) {
		all = append(all, f.(object))
	}
	return all
}
