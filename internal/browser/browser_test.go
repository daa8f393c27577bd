package browser_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

var agents = map[string]browser.Environment{
	domaintest.Firefox:   {Browser: "Firefox", System: "Linux"},
	domaintest.Firefox2:  {Browser: "Firefox", System: "Linux"},
	domaintest.OnWindows: {Browser: "Firefox", System: "Windows"},
	domaintest.Chrome:    {Browser: "Chrome", System: "Linux"},
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0":                  {Browser: "Edge", System: "Windows"},
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                          {Browser: "Safari", System: "macOS"},
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1":        {Browser: "Safari", System: "iOS"},
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1":      {Browser: "Safari", System: "iOS"},
	"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36":                                {Browser: "Chrome", System: "Android"},
	"Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":     {Browser: "Samsung Browser", System: "Android"},
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1": {Browser: "Chrome", System: "iOS"},
	"":             {},
	"what is this": {Browser: "what is this"},
}

// TestEnvironmentOf reads what browsers say: the family and the system, and no version.
func TestEnvironmentOf(t *testing.T) {
	var s browser.Service // which knows no country
	for agent, want := range agents {
		if got := s.Environment(agent, "81.2.69.160"); got != want {
			t.Errorf("%q is %+v, want %+v", agent, got, want)
		}
	}
	a, b := s.Environment("Unheard-of/1.0 (Toaster; v3)", ""), s.Environment("Unheard-of/1.0 (Kettle; v3)", "")
	if a == b && a.Browser == "" {
		t.Errorf("two unknown browsers are one: %+v", a)
	}
	if long := s.Environment(strings.Repeat("x", 10_000)+"\x00\xff", ""); len(long.Browser) > 256 {
		t.Errorf("a name of %d bytes is stored", len(long.Browser))
	}
}

// trust makes one of u's browsers trusted, in an environment.
func trust(t *testing.T, w *domaintest.World, u user.User, here browser.Environment) (cookie string, b browser.Browser) {
	t.Helper()
	cookie, b, stmts := browser.Trust(w.Clock.Now(), w.Acme, u, here, domaintest.By)
	if err := w.DB.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
	return cookie, b
}

// claim is what a browser shows, and to whom and when.
type claim struct {
	a      account.Account
	u      user.User
	cookie string
	here   browser.Environment
	at     time.Time
}

// TestNothingElseIsTrusted changes one thing of a cookie, its person, environment, date or epoch, ten thousand times: never is it
// trusted (B69, B74). Before and after, the unchanged one is.
func TestNothingElseIsTrusted(t *testing.T) {
	rounds := 1000
	if os.Getenv("SALLYPORT_SOAK") != "" {
		rounds = 10_000
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		home := browser.Environment{Browser: "Firefox", System: "Linux", Country: "AT"}
		other, _ := trust(t, w, w.Ada, home)
		strangers, _ := trust(t, w, w.Grace, home)
		cookie, b := trust(t, w, w.Ada, home)
		right := claim{w.Acme, w.Ada, cookie, home, w.Clock.Now().Add(time.Hour)}
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		check := func(c claim) browser.Verdict {
			t.Helper()
			w.Clock.Set(c.at)
			v, err := w.Browsers.Check(t.Context(), c.a, c.u, c.cookie, c.here)
			if err != nil {
				t.Fatalf("seed %d: %q: %v", seed, c.cookie, err)
			}
			return v
		}
		control := func() {
			t.Helper()
			for _, at := range []time.Time{b.TrustedAt, right.at, b.ExpiresAt.Add(-time.Microsecond)} {
				c := right
				if c.at = at; !check(c).Trusted {
					t.Fatalf("seed %d: unchanged, it is not trusted at %v", seed, at)
				}
			}
		}
		control()
		kinds := map[string]int{}
		for n := 0; n < rounds; {
			c := right
			what := change(r, &c, w, b, other, strangers)
			if c.cookie == right.cookie && c.u == right.u && c.a.TrustFrom.Equal(right.a.TrustFrom) && c.a.ID == right.a.ID &&
				c.a.Policy.TrustedBrowserDays == right.a.Policy.TrustedBrowserDays && c.here == right.here && c.at.Equal(right.at) {
				continue // by chance nothing was changed
			}
			n++
			kinds[what]++
			if check(c).Trusted {
				t.Errorf("seed %d: %s: trusted with %q, %+v, at %v", seed, what, c.cookie, c.here, c.at)
			}
		}
		control()
		if len(kinds) < 20 {
			t.Errorf("only %d kinds of change were tried: %v", len(kinds), kinds)
		}
	})
}

// change changes one thing and says what.
func change(r *rand.Rand, c *claim, w *domaintest.World, b browser.Browser, other, strangers string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	parts, i := strings.Split(c.cookie, "."), r.IntN(len(c.cookie))
	letter := string(letters[r.IntN(len(letters))])
	others, theirs := strings.Split(other, "."), strings.Split(strangers, ".")
	join := func(what string, p ...string) string { c.cookie = strings.Join(p, "."); return what }
	switch r.IntN(27) {
	case 0:
		c.cookie = c.cookie[:i] + letter + c.cookie[i+1:]
		return "a letter replaced"
	case 1:
		c.cookie = c.cookie[:i] + c.cookie[i+1:]
		return "a letter removed"
	case 2:
		c.cookie = c.cookie[:i] + letter + c.cookie[i:]
		return "a letter added"
	case 3:
		c.cookie = c.cookie[:i]
		return "truncated"
	case 4:
		c.cookie = c.cookie[i+1:]
		return "its beginning cut"
	case 5:
		c.cookie += c.cookie
		return "doubled"
	case 6:
		c.cookie += "." + other
		return "another appended"
	case 7:
		c.cookie += string([]byte{byte(r.IntN(256))})
		return "a byte appended"
	case 8:
		c.cookie = string([]byte{byte(r.IntN(256))}) + c.cookie
		return "a byte before it"
	case 9:
		c.cookie = strings.ToUpper(c.cookie)
		return "in capitals"
	case 10:
		end := strings.IndexByte(letters, c.cookie[len(c.cookie)-1])
		c.cookie = c.cookie[:len(c.cookie)-1] + string(letters[end^(1+r.IntN(3))])
		return "the same bytes in another spelling"
	case 11:
		c.cookie += "="
		return "padded"
	case 12:
		return join("another's turn", parts[0], parts[1], parts[2], others[3])
	case 13:
		return join("another's secret", parts[0], parts[1], others[2], parts[3])
	case 14:
		return join("a stranger's secrets", parts[0], parts[1], theirs[2], theirs[3])
	case 15:
		return join("the secrets exchanged", parts[0], parts[1], parts[3], parts[2])
	case 16:
		return join("a stranger's name on it", theirs[0], theirs[1], parts[2], parts[3])
	case 17:
		return join("the hash for the secret", parts[0], parts[1], strings.TrimPrefix(b.ID, "brw_"), parts[3])
	case 18:
		c.cookie = strangers
		return "a stranger's cookie"
	case 19:
		c.u = w.Grace
		return "for somebody else"
	case 20:
		c.u.Epoch += int64(r.IntN(5)) - 2
		return "another epoch"
	case 21:
		c.here.Browser = fmt.Sprint("Browser ", r.IntN(1000))
		return "another browser"
	case 22:
		c.here.System = []string{"", "Windows", "linux", "Linux "}[r.IntN(4)]
		return "another system"
	case 23:
		c.here.Country = []string{"", "DE", "at", "US"}[r.IntN(4)]
		return "another country"
	case 24:
		c.at = b.ExpiresAt.Add(time.Duration(r.Int64N(int64(3650 * 24 * time.Hour))))
		return "after its end"
	case 25:
		c.at = b.TrustedAt.Add(-5*time.Minute - time.Microsecond - time.Duration(r.Int64N(int64(3650*24*time.Hour))))
		return "long before it began"
	default:
		if r.IntN(2) == 0 {
			c.a.TrustFrom = b.TrustedAt.Add(time.Duration(r.Int64N(int64(time.Hour))))
			return "rules that became stricter"
		}
		c.a.Policy.TrustedBrowserDays = r.IntN(10)
		c.at = b.TrustedAt.Add(time.Duration(c.a.Policy.TrustedBrowserDays)*24*time.Hour + time.Duration(r.Int64N(int64(time.Hour))))
		return "fewer days"
	}
}

// TestManyBrowsers: of more than are kept, those go that ended or were not used for longest, and only the person's own.
func TestManyBrowsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		here := browser.Environment{Browser: "Firefox", System: "Linux"}
		trust(t, w, w.Grace, here)
		first, _ := trust(t, w, w.Ada, here)
		w.Clock.Advance(time.Second)
		ended, _ := trust(t, w, w.Ada, here)
		v, err := w.Browsers.Check(t.Context(), w.Acme, w.Ada, ended, browser.Environment{Browser: "Chrome", System: "Linux"})
		if err != nil || v.Why != browser.OtherBrowser {
			t.Fatalf("%+v, %v", v, err)
		}
		if err := d.Run(t.Context(), v.End(w.Clock.Now(), domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		known := func(cookie string) bool {
			t.Helper()
			v, err := w.Browsers.Check(t.Context(), w.Acme, w.Ada, cookie, here)
			if err != nil {
				t.Fatal(err)
			}
			return v.Trusted || v.Why != ""
		}
		for range browser.Most - 1 {
			w.Clock.Advance(time.Second)
			trust(t, w, w.Ada, here)
		}
		if !known(first) || known(ended) {
			t.Errorf("with %d browsers: the first is kept %v, one that ended %v", browser.Most, known(first), known(ended))
		}
		w.Clock.Advance(time.Second)
		trust(t, w, w.Ada, here)
		if known(first) {
			t.Error("the one that was not used for longest is still there")
		}
		for u, want := range map[user.User]int{w.Ada: browser.Most, w.Grace: 1} {
			if all, err := browser.List(t.Context(), d, w.Acme, u, w.Clock.Now()); err != nil || len(all) != want {
				t.Errorf("%s has %d browsers (%v), want %d", u.Email, len(all), err, want)
			}
		}
		w.Clock.Advance(91 * 24 * time.Hour)
		if n, err := browser.Sweep(t.Context(), d, w.Clock.Now(), 1000); err != nil || n != browser.Most+1 {
			t.Errorf("%d were swept (%v), want %d", n, err, browser.Most+1)
		}
	})
}

// TestClockPutBack: a browser that was used later than it is now was used by a clock that was ahead, or is now by one that is behind. Its end
// can't be trusted.
func TestClockPutBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		here := browser.Environment{Browser: "Firefox", System: "Linux"}
		start := w.Clock.Now()
		cookie, _ := trust(t, w, w.Ada, here)
		check := func(at time.Time) browser.Verdict {
			t.Helper()
			w.Clock.Set(at)
			v, err := w.Browsers.Check(t.Context(), w.Acme, w.Ada, cookie, here)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		v := check(start.Add(50 * 24 * time.Hour))
		var use db.Stmt
		cookie, use = v.Use(w.Clock.Now(), domaintest.By)
		if err := d.Run(t.Context(), use); err != nil {
			t.Fatal(err)
		}
		for back, want := range map[time.Duration]browser.Why{5 * time.Minute: "", 5*time.Minute + time.Microsecond: browser.Over, 49 * 24 * time.Hour: browser.Over} {
			if v := check(start.Add(50*24*time.Hour - back)); v.Why != want {
				t.Errorf("put back by %v: %q, want %q", back, v.Why, want)
			}
		}
	})
}

// TestListAndName: what the owner sees and says of their browsers.
func TestListAndName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		here := browser.Environment{Browser: "Firefox", System: "Linux", Country: "AT"}
		cookie, b := trust(t, w, w.Ada, here)
		_, grace := trust(t, w, w.Grace, here)
		if browser.ID(cookie) != b.ID || browser.ID("x") != "" || b.Named() != "Firefox, Linux" {
			t.Errorf("the cookie names %q, want %q; the browser is %q", browser.ID(cookie), b.ID, b.Named())
		}
		rename := func(b browser.Browser, name string) error {
			stmts, err := browser.Rename(w.Clock.Now(), b, name, domaintest.By.As(w.Ada.ID))
			if err == nil {
				err = d.Run(t.Context(), stmts...)
			}
			return err
		}
		if err := rename(b, "  at   home "); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{strings.Repeat("x", 41), "a\x00b", "\u202eevil"} {
			if err := rename(b, bad); err != browser.ErrName {
				t.Errorf("%q: %v", bad, err)
			}
		}
		forged := grace
		forged.UserID = w.Ada.ID
		if err := rename(forged, "mine"); err != browser.ErrNotFound {
			t.Errorf("another's browser: %v", err)
		}
		all, err := browser.List(t.Context(), d, w.Acme, w.Ada, w.Clock.Now())
		if err != nil || len(all) != 1 || all[0].Name != "at home" || all[0].Environment != here || all[0].Address != domaintest.By.Address || all[0].Counter().Subject != "browser:"+b.ID {
			t.Fatalf("%+v, %v", all, err)
		}
		if err := d.Run(t.Context(), browser.Revoke(w.Clock.Now(), forged, "", domaintest.By)...); err != browser.ErrNotFound {
			t.Errorf("another's browser: %v", err)
		}
		if err := d.Run(t.Context(), browser.Revoke(w.Clock.Now(), b, "", domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(t.Context(), browser.Revoke(w.Clock.Now(), b, "", domaintest.By)...); err != browser.ErrNotFound {
			t.Errorf("a second time: %v", err)
		}
		if err := d.Run(t.Context(), browser.RevokeAll(w.Clock.Now(), w.Grace, "stolen laptop", domaintest.By.As(w.Ada.ID))...); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := d.Get(t.Context(), `SELECT count(*) FROM trusted_browsers`, nil, &rows); err != nil || rows != 0 {
			t.Errorf("%d are left, %v", rows, err)
		}
	})
}
