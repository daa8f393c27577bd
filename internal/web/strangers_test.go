package web_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// volatile is what differs between any two answers to the same request.
var volatile = regexp.MustCompile(`req_[0-9a-z]{26}`)

// TestStrangersLearnNothing compares the answers to a wrong password for people who exist and
// for those who do not: byte by byte, headers too, apart from what was typed (6.3.8, B91).
func TestStrangersLearnNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		s.AddUser(t, other, apptest.Alan, "Alan", user.Member) // the same address in two organisations
		if err := s.Admin.Lock(t.Context(), s.Grace, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		s.Enrolled(t, apptest.Ada)
		answer := func(path, email, password string) string {
			c := s.Client(t)
			p := c.Get(path).Press("Sign in", "email", email, "password", password)
			head := []string{}
			for name, values := range p.Header {
				if name != "Date" && name != "Content-Length" {
					head = append(head, name+": "+strings.Join(values, ","))
				}
			}
			slices.Sort(head)
			all := strings.Join(head, "\n") + "\n" + p.Body
			if len(c.Cookies) > 0 {
				t.Errorf("%s got the cookies %v", email, c.Cookies)
			}
			return http.StatusText(p.Status) + "\n" + volatile.ReplaceAllString(strings.ReplaceAll(all, email, "EMAIL"), "req_")
		}
		for _, path := range []string{"/sign-in", "/sign-in?account=acme"} {
			nobody := answer(path, "eve@acme.test", "wrong password")
			for who, email := range map[string]string{
				"with a device": apptest.Ada, "in two organisations": apptest.Alan, "locked": apptest.Grace, "another stranger": "mallory@example.test", "no address": "not an address",
			} {
				if got := answer(path, email, "wrong password"); got != nobody {
					t.Errorf("%s: the answer to somebody %s differs from that to nobody:\n%s\n---\n%s", path, who, got, nobody)
				}
			}
		}
		unknown := answer("/sign-in?account=nowhere", apptest.Ada, apptest.Password)
		if !strings.HasPrefix(unknown, http.StatusText(http.StatusUnauthorized)) {
			t.Errorf("an organisation that does not exist: %.200s", unknown)
		}
		if got := answer("/sign-in", apptest.Alan, apptest.Password); !strings.Contains(got, "own sign-in address") {
			t.Errorf("an address of two organisations: %.300s", got)
		}
		// A wait begins for strangers as it does for members,
		// through whichever door each try comes.
		s.AddUser(t, s.Acme, "ines@acme.test", "Ines", user.Member)
		var waits []string
		for _, email := range []string{"ines@acme.test", "nina@acme.test"} {
			for i := range 7 {
				path := []string{"/sign-in", "/sign-in?account=acme"}[i/3%2]
				p := s.Client(t).Get(path).Press("Sign in", "email", email, "password", "wrong password")
				waits = append(waits, http.StatusText(p.Status)+p.Header.Get("Retry-After"))
			}
		}
		if half := len(waits) / 2; !slices.Equal(waits[:half], waits[half:]) {
			t.Errorf("waits of a member and of a stranger: %q", waits)
		}
	})
}

// TestTimingOfStrangers prints how long both take; it asserts nothing, for this machine is shared.
func TestTimingOfStrangers(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	times := map[bool][]time.Duration{}
	for i := range 40 {
		known := i%2 == 0
		email := "nobody" + strings.Repeat("x", i) + "@acme.test"
		if known {
			email = apptest.Ada
			s.Clock.Advance(20 * time.Minute) // no wait may stand in the way
		}
		c := s.Client(t)
		r := c.Request(http.MethodPost, "/sign-in", map[string][]string{"email": {email}, "password": {"wrong password"}})
		start := time.Now()
		if p := c.Send(r); p.Status != http.StatusUnauthorized {
			t.Fatalf("status %d", p.Status)
		}
		times[known] = append(times[known], time.Since(start))
	}
	for known, all := range times {
		slices.Sort(all)
		t.Logf("known %v: median %v, 90%% %v", known, all[len(all)/2], all[len(all)*9/10])
	}
}

// TestNoFixation: the cookie before, after the first step and after the second are different
// ones, and the earlier ones are dead (B47, 7.2.4).
func TestNoFixation(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		planted := s.SignedIn(t, apptest.Grace)
		c := s.Client(t)
		c.Cookies[httpx.SessionCookie] = "planted"
		c.Cookies[httpx.PendingCookie] = "planted"
		page := c.Get("/sign-in").Press("Sign in", "email", apptest.Ada, "password", apptest.Password).Follow()
		pending := c.Cookies[httpx.PendingCookie]
		if pending == "planted" || c.Cookies[httpx.SessionCookie] != "" {
			t.Fatalf("after the first step the cookies are %v", c.Cookies)
		}
		page.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
		session := c.Cookies[httpx.SessionCookie]
		if _, kept := c.Cookies[httpx.PendingCookie]; kept || session == "" || session == pending {
			t.Fatalf("after the second step the cookies are %v", c.Cookies)
		}
		replay := s.Client(t)
		replay.Cookies[httpx.PendingCookie] = pending
		replay.Get("/sign-in/verify").Sees(http.StatusGone)

		// Somebody signs in over a session that a thief has planted, or that was left open: it ends.
		thief := planted.Clone()
		s.Clock.Advance(30 * time.Second)
		planted.Post("/sign-in", "email", apptest.Ada, "password", apptest.Password).Follow().
			Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
		dead(t, thief)
		if p := planted.Get("/settings"); !strings.Contains(p.Text(), apptest.Ada) {
			t.Errorf("the new session is not Ada's: %s", p.Text())
		}
	})
}

// TestSecretsStayOutOfAddresses walks the main path and then looks at every address that was
// asked for or led to, and at everything that was logged on the way (14.2.1, B92).
func TestSecretsStayOutOfAddressesAndLog(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.Client(t)
		secrets := map[string]string{"password": apptest.Password, "new password": newPassword, "wrong password": "wrong canary words"}
		note := func(step string) {
			for name, value := range c.Cookies {
				secrets[step+" "+name] = value
				secrets[step+" secret of "+name] = value[strings.LastIndexByte(value, '.')+1:]
			}
		}
		c.SignIn(apptest.Ada, "wrong canary words")
		c.SignIn(apptest.Ada, apptest.Password).Follow()
		note("first")
		scan := c.Get("/settings/two-factor/add").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		phone := scan.Phone()
		secrets["seed"] = scan.Find(`secret=([A-Z2-7]+)`)
		secrets["wrong code"], secrets["code"] = phone.Wrong(s.Clock.Now()), phone.Code(s.Clock.Now())
		scan.Press("Verify", "code", secrets["wrong code"])
		codes := scan.Press("Verify", "code", secrets["code"]).Sees(http.StatusOK)
		for i, code := range codes.BackupCodes() {
			secrets["backup code "+string(rune('0'+i))] = code
		}
		note("enrolled")
		codes.Press("I have saved them").Follow()
		c.Get("/settings").Press("Change password", "current_password", apptest.Password, "new_password", newPassword).Follow()
		note("changed")
		c.Get("/settings").Press("Sign out").Follow()
		s.Clock.Advance(30 * time.Second)
		secrets["second code"] = phone.Code(s.Clock.Now())
		page := c.SignIn(apptest.Ada, newPassword).Follow()
		note("pending")
		page.Press("Verify", "code", secrets["second code"]).Follow()
		note("signed in")
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		trail, log := strings.Join(c.Trail, "\n"), s.Log.String()
		if len(c.Trail) < 40 || strings.Count(log, "\n") < 15 || !strings.Contains(log, `"level":"DEBUG"`) {
			t.Fatalf("%d addresses, log:\n%s", len(c.Trail), log)
		}
		for name, secret := range secrets {
			if strings.Contains(trail, secret) {
				t.Errorf("an address holds the %s", name)
			}
			if strings.Contains(log, secret) {
				t.Errorf("the log holds the %s", name)
			}
		}
	})
}
