package web_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// withoutWays adds a plan on which nothing can be set up: codes by mail alone, and no mail server is there.
func withoutWays(c *config.Config) {
	c.Plans.All["bare"] = account.Plan{Name: "bare", Methods: []account.Method{account.Email}}
}

// truths is a server whose account and people are put into the states of the truth table's rows.
type truths struct {
	*apptest.Server
	people   map[string]user.User       // by role and whether they have a device
	browsers map[string]*apptest.Client // theirs, in which the password was entered
	boss     *apptest.Client            // Ada's, who looks at them
	spoken   map[string]bool            // what was said in German too
	entered  int                        // passwords
}

func newTruths(t *testing.T, s *apptest.Server) *truths {
	t.Helper()
	quick := *s.Factors
	quick.NewCodes = domaintest.QuickCodes
	s.Factors = &quick // the world's, not the server's
	w := &truths{Server: s, people: map[string]user.User{}, browsers: map[string]*apptest.Client{}, boss: s.Client(t), spoken: map[string]bool{}}
	for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
		for _, device := range []bool{false, true} {
			u := s.AddUser(t, s.Acme, fmt.Sprintf("%s-%v@acme.test", role, device), "", role)
			if device {
				s.Enrol(t, u)
			}
			w.people[fmt.Sprint(role, device)] = u
		}
	}
	s.Enrol(t, s.Ada)
	w.boss.Cookies[httpx.SessionCookie] = s.Browse(t, s.Ada).Cookie
	return w
}

func (w *truths) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := w.DB.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// govern puts the account into the state of a row.
func (w *truths) govern(t *testing.T, r domaintest.Row) {
	t.Helper()
	now, terms := w.Clock.Now(), account.Terms{Plan: "business"}
	if r.NoWay {
		terms.Plan = "bare"
	}
	if err := account.SetPlan(t.Context(), w.DB, now, w.Acme.ID, w.App.Config.Plans, terms, audit.Operator()); err != nil {
		t.Fatal(err)
	}
	required, _, days, _ := r.Times(now)
	p := account.Default()
	p.Enforcement, p.EnforcementAdmins, p.GraceDays = r.Enforcement, r.Admins, days
	if err := account.SetPolicy(t.Context(), w.DB, now, w.Acme.ID, p, audit.Operator()); err != nil {
		t.Fatal(err)
	}
	w.exec(t, `UPDATE accounts SET required_at = CASE WHEN required_at > 0 THEN CAST($1 AS bigint) ELSE 0 END,
		admins_required_at = CASE WHEN admins_required_at > 0 THEN CAST($1 AS bigint) ELSE 0 END`, db.At(required))
	w.Sessions.Forget(w.Acme.ID, w.Ada.ID) // the clock stands still, so the second is never over after which it is read again
}

// place puts a row's person into its state. They saw the recommendation once, longer ago than a week: an organisation's comes again.
func (w *truths) place(t *testing.T, r domaintest.Row) user.User {
	t.Helper()
	now, u := w.Clock.Now(), w.people[fmt.Sprint(r.Role, r.Device)]
	_, joined, _, _ := r.Times(now)
	w.exec(t, `UPDATE users SET set_up_required = $2, created_at = $3, welcomed_at = $4 WHERE user_id = $1`, u.ID, r.Reset, db.At(joined), db.At(now.AddDate(0, 0, -8)))
	return u
}

// meet is the person's browser and the page to which the right password leads. A password takes its time to check, so unless every
// is set it is entered for those rows only whose sign-in ends at once, and once for those that differ in nothing but what can be
// set up, which only the page asks, or in a grace that is not theirs. For the others a sign-in that waits goes on: it
// decides at every page by what is so by then.
func (w *truths) meet(t *testing.T, r domaintest.Row, u user.User, every bool) (*apptest.Client, *apptest.Page) {
	t.Helper()
	key, path := u.ID, "/sign-in/verify"
	if r.State == "signed_in" {
		key, path = fmt.Sprint(u.ID, r.Enforcement, r.Admins), "/settings/welcome"
		switch r.Demand {
		case account.InGrace:
			key += r.Grace
		case account.Nothing:
			path = "/settings"
		}
		w.Sessions.Forget(u.AccountID, u.ID)
	}
	if c := w.browsers[key]; c != nil && !every {
		c.Speaks = string(texts.English)
		return c, c.Get(path)
	}
	c := w.Client(t)
	w.browsers[key] = c
	w.entered++
	return c, c.Post("/sign-in", "account", "acme", "email", u.Email, "password", apptest.Password).Follow()
}

// asked and because are the texts in which the administrator's page says what is asked, and why.
var (
	asked = map[account.Demand]string{
		account.Nothing: "user.asked.nothing", account.Advised: "user.asked.advised", account.InGrace: "user.asked.grace", account.SetUp: "user.asked.set_up",
		account.Prove: "user.asked.prove",
	}
	because = map[account.Cause]string{
		account.OwnChoice: "user.because.own_choice", account.ByRecommendation: "user.because.recommended", account.ByRequirement: "user.because.required",
		account.ByRole: "user.because.required_of_admin", account.ByReset: "user.because.reset",
	}
	setUps = map[account.Cause]string{account.ByReset: "setup.reset", account.ByRole: "setup.required_admin", account.ByRequirement: "setup.required"}
)

// says compares a page with the texts that it must show, and of all the others of their kind none; exactly are texts with their
// places filled.
func says(t *testing.T, r domaintest.Row, page *apptest.Page, l texts.Language, kinds, shown []string, exactly ...string) {
	t.Helper()
	if page.Status != http.StatusOK {
		t.Errorf("%s: %s: status %d", r, page.Path, page.Status)
		return
	}
	read, c := page.Text(), texts.In(l)
	for _, key := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(kinds, shown)))) {
		begins, _, _ := strings.Cut(c[key], "{")
		if begins == "" {
			t.Fatalf("no text %q in %s", key, l)
		}
		if got := strings.Contains(read, begins); got != slices.Contains(shown, key) {
			t.Errorf("%s: %s in %s: says %s: %v", r, page.Path, l, key, got)
		}
	}
	for _, s := range exactly {
		if !strings.Contains(read, s) {
			t.Errorf("%s: %s in %s: does not say %q", r, page.Path, l, s)
		}
	}
}

// graceTexts are the texts with the end of a row's grace in them: the administrator's, and the person's.
func (w *truths) graceTexts(t *testing.T, r domaintest.Row, l texts.Language) (admins string, persons []string) {
	t.Helper()
	if r.Demand != account.InGrace {
		return "", nil
	}
	c := texts.In(l)
	_, _, _, until := r.Times(w.Clock.Now())
	day, err := c.Day(until)
	if err != nil {
		t.Fatal(err)
	}
	admins, err1 := c.Text("user.asked.grace", "day", day)
	lead, err2 := c.Text("grace.lead", "day", day)
	left, err3 := c.Count("grace.left", int(until.Sub(w.Clock.Now())/(24*time.Hour)))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return admins, []string{lead, left}
}

// explained checks the administrator's page of the person: what is asked, why, and whether it can be done at all.
func (w *truths) explained(t *testing.T, r domaintest.Row, u user.User, l texts.Language) {
	t.Helper()
	kinds := slices.Concat(slices.Collect(maps.Values(asked)), slices.Collect(maps.Values(because)), []string{"user.stuck", "user.stuck_soon"})
	shown := []string{asked[r.Demand], because[r.Cause]}
	switch {
	case r.Stuck && r.Demand == account.InGrace:
		shown = append(shown, "user.stuck_soon", "user.stuck_what")
	case r.Stuck:
		shown = append(shown, "user.stuck", "user.stuck_what")
	}
	until, _ := w.graceTexts(t, r, l)
	w.boss.Speaks = string(l)
	says(t, r, w.boss.Get("/admin/users/"+u.ID), l, kinds, shown, until)
}

// met checks the page that the person meets after the right password.
func (w *truths) met(t *testing.T, r domaintest.Row, page *apptest.Page, l texts.Language) {
	t.Helper()
	kinds := []string{
		"verify.title", "setup.required", "setup.required_admin", "setup.reset", "setup.stuck", "add.lead", "grace.lead",
		"recommend.organisation", "recommend.later", "profile.title",
	}
	_, until := w.graceTexts(t, r, l)
	at, shown := "/settings", []string{"profile.title"}
	switch r.Demand {
	case account.Prove:
		at, shown = "/sign-in/verify", []string{"verify.title"}
	case account.SetUp:
		at, shown = "/sign-in/set-up", []string{setUps[r.Cause], "add.lead"}
		if r.Stuck {
			shown[1] = "setup.stuck"
		}
	case account.InGrace:
		at, shown = "/settings/welcome", []string{"grace.lead", "recommend.later"}
	case account.Advised:
		at, shown = "/settings/welcome", []string{"recommend.organisation", "recommend.later"}
	}
	if page.At() != at {
		t.Errorf("%s: the password leads to %s, want %s", r, page.Path, at)
		return
	}
	says(t, r, page, l, kinds, shown, until...)
}

// TestEveryTruthHasItsPages walks the truth table of what somebody owes: the administrator's page of each row's person says what is
// demanded of them and why, and the right password leads that person to the page that asks for it. Each thing said is looked
// at in German once. SALLYPORT_SOAK=1 enters the password and speaks German for every row, on both engines.
func TestEveryTruthHasItsPages(t *testing.T) {
	run := func(t *testing.T, s *apptest.Server, every bool) {
		w, rows, last := newTruths(t, s), domaintest.Truth(t), ""
		governed := func(r domaintest.Row) string { return fmt.Sprint(r.Enforcement, r.Admins, r.Grace, r.NoWay) }
		slices.SortStableFunc(rows, func(a, b domaintest.Row) int { return cmp.Compare(governed(a), governed(b)) })
		for _, r := range rows {
			if key := governed(r); key != last {
				w.govern(t, r)
				last = key
			}
			u := w.place(t, r)
			c, page := w.meet(t, r, u, every)
			w.met(t, r, page, texts.English)
			w.explained(t, r, u, texts.English)
			if said := fmt.Sprint(r.Demand, r.Cause, r.Stuck, r.Grace); every || !w.spoken[said] {
				w.spoken[said] = true
				c.Speaks = string(texts.German)
				w.met(t, r, c.Get(page.Path), texts.German)
				w.explained(t, r, u, texts.German)
			}
		}
		t.Logf("%d rows, %d passwords entered, %d things said in German too", len(rows), w.entered, len(w.spoken))
	}
	if os.Getenv("SALLYPORT_SOAK") != "" {
		apptest.Each(t, func(t *testing.T, s *apptest.Server) { run(t, s, true) }, withoutWays)
		return
	}
	run(t, apptest.Start(t, dbtest.SQLite(t), withoutWays), false)
}
