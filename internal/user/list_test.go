package user_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/user"
)

var start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// crowd is an account with people in every state, made one minute after the other.
type crowd struct {
	t      *testing.T
	d      *db.DB
	acme   account.Account
	people []user.User
	now    time.Time
}

func newCrowd(t *testing.T, d *db.DB) *crowd {
	t.Helper()
	c := &crowd{t: t, d: d, now: start}
	var err error
	if c.acme, err = account.Create(t.Context(), d, start, "acme", "Acme", audit.Operator()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *crowd) add(email, name string, role user.Role) user.User {
	c.t.Helper()
	c.now = c.now.Add(time.Minute)
	u, err := user.Create(c.t.Context(), c.d, c.now, user.New{AccountID: c.acme.ID, Email: email, Name: name, Role: role, PasswordHash: "x"}, audit.Operator())
	if err != nil {
		c.t.Fatal(err)
	}
	c.people = append(c.people, u)
	return u
}

// set changes a user's row to a state that other packages bring about.
func (c *crowd) set(u user.User, change string, args ...any) {
	c.t.Helper()
	if err := c.d.Run(c.t.Context(), db.Must(user.ErrNotFound, `UPDATE users SET `+change+` WHERE account_id = $1 AND user_id = $2`, append([]any{u.AccountID, u.ID}, args...)...)); err != nil {
		c.t.Fatal(err)
	}
}

// all goes through every page of a list forwards, then back, and gives the addresses without their domain.
func (c *crowd) all(q user.Query) (found []string) {
	c.t.Helper()
	var pages [][]string
	var last user.Page
	for {
		p, err := user.Select(c.t.Context(), c.d, c.acme, q, c.now)
		if err != nil {
			c.t.Fatalf("%+v: %v", q, err)
		}
		if len(pages) == 0 && p.Before != "" || len(pages) > 0 && p.Before == "" {
			c.t.Errorf("%+v: page %d says before %q", q, len(pages), p.Before)
		}
		pages = append(pages, locals(p))
		last = p
		if p.After == "" {
			break
		}
		q.At = p.After
	}
	for i := len(pages) - 2; i >= 0; i-- {
		q.At = last.Before
		p, err := user.Select(c.t.Context(), c.d, c.acme, q, c.now)
		if err != nil {
			c.t.Fatal(err)
		}
		if got := locals(p); !slices.Equal(got, pages[i]) || (i == 0) != (p.Before == "") {
			c.t.Errorf("%+v: back on page %d there are %q, before %q; forwards there were %q", q, i, got, p.Before, pages[i])
		}
		last = p
	}
	return slices.Concat(pages...)
}

func locals(p user.Page) (all []string) {
	for _, u := range p.People {
		local, _, _ := strings.Cut(u.Email, "@")
		all = append(all, local)
	}
	return all
}

func (c *crowd) wants(q user.Query, want string) {
	c.t.Helper()
	if got := strings.Join(c.all(q), " "); got != want {
		c.t.Errorf("%+v finds %q, want %q", q, got, want)
	}
}

// TestSearch is by words, their beginnings and without accents; signs are signs (B98).
func TestSearch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCrowd(t, d)
		c.add("ada.lovelace@acme.test", "Ada Lovelace", user.Owner)
		c.add("adalbert@acme.test", "Adalbert Stifter", user.Member)
		c.add("tm@acme.test", "Thomas Müller", user.Member)
		c.add("o.neil@other.test", "Shaquille O’Neil", user.Member)
		c.add("hundred@acme.test", `100% _ "quoted" \ -- x`, user.Member)
		c.add("ivan@acme.test", "Иван Łukasz Strauß", user.Member)
		other, err := account.Create(t.Context(), d, start, "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := user.Create(t.Context(), d, start, user.New{AccountID: other.ID, Email: "ada@acme.test", Name: "Ada", Role: user.Owner, PasswordHash: "x"}, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string]string{
			"ada": "ada.lovelace adalbert", "ADA love": "ada.lovelace", "love ada": "ada.lovelace", "ada.lovelace@acme.test": "ada.lovelace", "lovelace adalbert": "",
			"mull": "tm", "MÜLL": "tm", "mueller": "tm", "mu\u0308ller": "tm", "mu": "tm", "ller": "", "muller ": "tm", "müllerin": "",
			"oneil": "o.neil", "o'neil": "o.neil", "O’Neil": "o.neil", "neil": "o.neil", // as the address has it
			"other": "o.neil", "acme": "ada.lovelace adalbert hundred ivan tm",
			"иван": "ivan", "ива": "ivan", "luk": "ivan", "strauss": "ivan", "strauß": "ivan",
			"%": "", "_": "", "%%": "", `"`: "", "' OR ''='": "", `\`: "", "--": "", "a%": "ada.lovelace adalbert hundred ivan tm", "ad_": "ada.lovelace adalbert",
			"100%": "hundred", "10": "hundred", "\U0010ffff": "", "ada\U0010ffff": "ada.lovelace adalbert", " ": "ada.lovelace adalbert hundred ivan o.neil tm",
		} {
			c.wants(user.Query{Search: typed}, want)
			for _, few := range []int{-1, 1} { // each word asked for at each place, or all who have it read before
				if p, err := user.SelectWith(t.Context(), d, c.acme, user.Query{Search: typed}, c.now, few); err != nil || strings.Join(locals(p), " ") != want {
					t.Errorf("%q walked (%d) finds %q, %v; want %q", typed, few, locals(p), err, want)
				}
			}
		}
	})
}

// TestWordsFollow: what somebody was called finds them no more, and who was there before words were noted is found once they are.
func TestWordsFollow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCrowd(t, d)
		ada := c.add("ada@acme.test", "Ada Lovelace", user.Owner)
		alan := c.add("alan@acme.test", "", user.Admin)
		run := func(stmts ...db.Stmt) {
			t.Helper()
			if err := d.Run(t.Context(), stmts...); err != nil {
				t.Fatal(err)
			}
		}
		run(user.StoreEmail(c.now, ada, "zuse@acme.test", audit.Operator())...)
		c.wants(user.Query{Search: "ada"}, "zuse")
		c.wants(user.Query{Search: "ada acme love zuse"}, "zuse")
		run(user.StoreEmail(c.now, alan, "turing@acme.test", audit.Operator())...)
		c.wants(user.Query{Search: "alan"}, "")
		c.wants(user.Query{Sort: "name", Search: "acme"}, "zuse turing") // Ada Lovelace, turing@acme.test
		run(user.Remove(c.now, alan, audit.Operator())...)
		c.wants(user.Query{Search: "acme"}, "zuse")

		run(db.Write(`DELETE FROM user_words`), db.Write(`UPDATE users SET called = ''`))
		c.wants(user.Query{Search: "acme"}, "")
		for _, want := range []int64{1, 0} {
			if n, err := user.NoteWords(t.Context(), d, 1); err != nil || n != want {
				t.Errorf("noted %d, %v; want %d", n, err, want)
			}
		}
		c.wants(user.Query{Search: "acme", Sort: "name"}, "zuse")
		c.wants(user.Query{Search: "love"}, "zuse")
	})
}

// TestSortsAndPages: every order in both directions, with pages that meet without a gap, and those who are alike in it.
func TestSortsAndPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCrowd(t, d)
		names := []string{"Émile", "emil", "", "Zoe", "Österreich", "ada b", "Ada B", "ada-b"}
		for i := range 4*user.PageSize + 7 {
			u := c.add(fmt.Sprintf("p%03d@acme.test", (i*37)%107), names[i%len(names)], user.Member)
			if i%3 == 0 {
				c.set(u, `two_factor_since = $3, two_factor_kinds = 'totp '`, 1000+i%2)
			}
		}
		for _, sort := range []string{"", "email", "name", "second_factor", "added"} {
			up, down := c.all(user.Query{Sort: sort}), c.all(user.Query{Sort: sort, Descending: true})
			if seen := slices.Compact(slices.Sorted(slices.Values(up))); len(seen) != len(c.people) {
				t.Errorf("by %q: %d different people of %d", sort, len(seen), len(c.people))
			}
			slices.Reverse(down)
			if !slices.Equal(up, down) {
				t.Errorf("by %q: down is not up reversed", sort)
			}
			for _, side := range []string{"on", "off"} {
				whole, err := user.Select(t.Context(), d, c.acme, user.Query{Sort: sort, SecondFactor: side, Descending: true}, c.now)
				walked, err2 := user.SelectWalking(t.Context(), d, c.acme, user.Query{Sort: sort, SecondFactor: side, Descending: true}, c.now)
				if err != nil || err2 != nil || !slices.Equal(locals(whole), locals(walked)) || whole.After != walked.After {
					t.Errorf("by %q, %s: walked it begins with %q, %v; want %q", sort, side, locals(walked), err2, locals(whole))
				}
			}
			// The same few, read as a whole instead of in the order of an index.
			if some := c.all(user.Query{Sort: sort, Search: "p0"}); !slices.Equal(some, slices.DeleteFunc(slices.Clone(up), func(s string) bool { return s[1] != '0' })) {
				t.Errorf("by %q: the narrowed list has another order: %q", sort, some)
			}
		}
		email := c.all(user.Query{})
		if !slices.IsSorted(email) {
			t.Errorf("not by e-mail: %q", email)
		}
		if named := c.all(user.Query{Sort: "name"}); !strings.HasPrefix(find(c, named[0]).Name, "ada") && find(c, named[0]).Name != "Ada B" || find(c, named[len(named)-1]).Name != "Zoe" {
			t.Errorf("not by name: %q to %q", find(c, named[0]).Name, find(c, named[len(named)-1]).Name)
		}
		if added := c.all(user.Query{Sort: "added"}); find(c, added[0]).ID != c.people[0].ID || find(c, added[106]).ID != c.people[106].ID {
			t.Error("not by when they were added")
		}
		if with := c.all(user.Query{Sort: "second_factor", SecondFactor: "on"}); len(with) != 36 {
			t.Errorf("%d with a second factor, want 36", len(with))
		}
	})
}

func find(c *crowd, local string) user.User {
	i := slices.IndexFunc(c.people, func(u user.User) bool { return u.Email == local+"@acme.test" })
	return c.people[i]
}

// TestBrokenCursors: what is no page is refused, and a forged one shows nothing that is not in the list.
func TestBrokenCursors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCrowd(t, d)
		for i := range user.PageSize + 1 {
			c.add(fmt.Sprintf("p%02d@acme.test", i), "", user.Member)
		}
		other, err := account.Create(t.Context(), d, start, "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve, err := user.Create(t.Context(), d, start, user.New{AccountID: other.ID, Email: "p20x@acme.test", Role: user.Owner, PasswordHash: "x"}, audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		first, err := user.Select(t.Context(), d, c.acme, user.Query{}, c.now)
		if err != nil || first.After == "" {
			t.Fatal(err)
		}
		forge := func(parts ...string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\x00")))
		}
		for _, q := range []user.Query{
			{At: "x"},
			{At: first.After[1:]},
			{At: first.After + "="},
			{At: "' OR 1=1 --"},
			{At: first.After, Sort: "name"},
			{At: first.After, Sort: "added"},
			{At: forge("email", "after", "a")},
			{At: forge("email", "past", "a", "b")},
			{At: forge("email", "after", "a", "b", "c")},
			{At: forge("added", "after", "1 OR 1=1", "b"), Sort: "added"},
			{At: forge("added", "after", "9223372036854775808", "b"), Sort: "added"},
			{At: forge("email", "after", "\xff", "b")},
			{At: forge("email", "after", strings.Repeat("a", 2000), "b")},
		} {
			if p, err := user.Select(t.Context(), d, c.acme, q, c.now); !errors.Is(err, user.ErrPage) || len(p.People) > 0 {
				t.Errorf("%+v: %d people, %v", q, len(p.People), err)
			}
		}
		for _, at := range []string{forge("email", "after", "' OR 1=1 --", "%"), forge("email", "after", "p20@acme.test", eve.ID), forge("email", "before", "p21@acme.test", eve.ID), forge("email", "after", "", "")} {
			for _, search := range []string{"", "p"} {
				p, err := user.Select(t.Context(), d, c.acme, user.Query{At: at, Search: search}, c.now)
				if err != nil || len(p.People) == 0 {
					t.Errorf("%s: %d people, %v", at, len(p.People), err)
				}
				for _, u := range p.People {
					if u.AccountID != c.acme.ID {
						t.Errorf("%s shows %s of another account", at, u.Email)
					}
				}
			}
		}
		for _, q := range []user.Query{{Kind: "x"}, {Role: "root"}, {State: "x"}, {Sort: "password_hash"}, {SecondFactor: "On"}} {
			if _, err := user.Select(t.Context(), d, c.acme, q, c.now); !errors.Is(err, user.ErrFilter) {
				t.Errorf("%+v: %v", q, err)
			}
		}
		if _, err := user.Select(t.Context(), d, c.acme, user.Query{Search: strings.Repeat("a ", 11)}, c.now); !errors.Is(err, user.ErrSearch) {
			t.Errorf("eleven words: %v", err)
		}
	})
}

// TestFilters holds every filter, alone and in pairs, to what StatesOf and the users themselves say, under every policy.
func TestFilters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCrowd(t, d)
		kinds := []string{"", "totp ", "passkey sms ", "sms email ", "totp passkey sms email ", "email "}
		for i := range 120 {
			role := []user.Role{user.Owner, user.Admin, user.Member, user.Member, user.Member}[i%5]
			u := c.add(fmt.Sprintf("p%03d@acme.test", i), "", role)
			if k := kinds[(i/5)%len(kinds)]; k != "" {
				c.set(u, `two_factor_since = $3, two_factor_kinds = $4`, db.At(c.now), k)
			}
			c.set(u, `created_at = $3, locked_at = $4, invited_at = $5, set_up_required = $6`, db.At(start.AddDate(0, 0, -(i%7)*5)), i%11/10, i%13/12, i%17 > 13)
		}
		c.now = start.AddDate(0, 0, 3)
		users, err := user.List(t.Context(), d, c.acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		met := map[string]int{}
		for _, policy := range [][]string{
			{"enforcement=optional"},
			{"enforcement=required", "grace_days=13"},
			{"enforcement=required", "grace_days=0"},
			{"enforcement=recommended", "enforcement_admins=required", "grace_days=13"},
			{"enforcement=required", "enforcement_admins=required", "grace_days=20"},
		} {
			p, err := c.acme.Policy.With(policy...)
			if err != nil {
				t.Fatal(err)
			}
			a := c.acme
			a.Policy = p
			for _, since := range [][2]time.Time{{start, start}, {start.AddDate(0, -1, 0), start.AddDate(0, 0, -10)}, {start.AddDate(0, 0, 2), start.AddDate(0, -2, 0)}} {
				a.RequiredAt, a.AdminsRequiredAt = since[0], since[1]
				for _, f := range filters() {
					var want []string
					for _, u := range users {
						if meets(a, u, f, c.now) {
							want = append(want, u.Email[:4])
						}
					}
					met[f.State] += len(want)
					for how, list := range map[string]func(context.Context, db.Querier, account.Account, user.Query, time.Time) (user.Page, error){
						"gathered": user.Select, "walked": user.SelectWalking,
					} {
						q := f
						var got []string
						for {
							page, err := list(t.Context(), d, a, q, c.now)
							if err != nil {
								t.Fatalf("%+v %s: %v", q, how, err)
							}
							got = append(got, locals(page)...)
							if q.At = page.After; q.At == "" {
								break
							}
						}
						if !slices.Equal(got, want) {
							t.Errorf("%v, required since %v: %+v %s finds\n%q, want\n%q", policy, since, f, how, got, want)
						}
					}
				}
			}
		}
		for _, s := range user.States() {
			if met[string(s)] == 0 {
				t.Errorf("nobody was ever in the state %s: that proves nothing", s)
			}
		}
	})
}

func filters() (all []user.Query) {
	for _, f := range []string{"", "on", "off"} {
		for _, k := range []string{"", "sms"} {
			for _, r := range []string{"", "admin"} {
				for _, s := range append([]user.State{""}, user.States()...) {
					all = append(all, user.Query{SecondFactor: f, Kind: k, Role: r, State: string(s)})
				}
			}
		}
	}
	return all
}

func meets(a account.Account, u user.User, f user.Query, now time.Time) bool {
	on := u.Devices() > 0
	return (f.SecondFactor == "" || (f.SecondFactor == "on") == on) &&
		(f.Kind == "" || slices.Contains(strings.Fields(u.TwoFactorKinds), f.Kind)) &&
		(f.Role == "" || f.Role == string(u.Role)) &&
		(f.State == "" || slices.Contains(user.StatesOf(a, u, now), user.State(f.State)))
}

// TestExport gives everybody once, however many pages that takes.
func TestExport(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	c := newCrowd(t, d)
	var stmts []db.Stmt
	for i := range 2345 {
		_, create, err := user.Creating(start, user.New{AccountID: c.acme.ID, Email: fmt.Sprintf("p%04d@acme.test", i), Role: user.Member, PasswordHash: "x"}, audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		stmts = append(stmts, create...)
	}
	if err := d.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
	count := func(q user.Query) (n int) {
		last := ""
		if err := user.Export(context.Background(), d, c.acme, q, c.now, func(part []user.Listed) error {
			for _, u := range part {
				if u.Email <= last {
					t.Fatalf("%s after %s", u.Email, last)
				}
				last = u.Email
				n++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(user.Query{At: "not looked at"}); n != 2345 {
		t.Errorf("%d of 2345", n)
	}
	if n := count(user.Query{Search: "p1 acme"}); n != 1000 {
		t.Errorf("%d of 1000", n)
	}
	if n := count(user.Query{Search: "p0 acme te", Role: "member"}); n != 1000 {
		t.Errorf("%d of 1000", n)
	}
}
