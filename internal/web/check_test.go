package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
)

// TestCheckPages walks a check in a browser: the link once, set-up, the code, the way back, and each refusal in words.
func TestCheckPages(t *testing.T) {
	s := apptest.New(t, func(c *config.Config) { c.DoorOrigins = []string{"https://app.example.com"} })
	link := func() string {
		t.Helper()
		_, link, err := s.App.Checks.Begin(t.Context(), signin.OperatorProgram(), signin.AskedFor{
			Account: s.Acme.Slug, ExternalID: "kay", Email: "kay@acme.test", ReturnTo: "https://app.example.com/in?a=b",
		}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		at, _ := url.Parse(link)
		return at.RequestURI()
	}
	first := link()
	c := s.Client()
	if p := c.Get(first); p.Path != "/check/set-up" || p.Status != http.StatusOK {
		t.Fatalf("the link leads to %s, %d\n%s", p.Path, p.Status, p.Body)
	}
	if p := c.Get("/check/set-up"); !strings.Contains(p.Header.Get("Content-Security-Policy"), "form-action 'self' https://app.example.com;") {
		t.Errorf("policy: %s", p.Header.Get("Content-Security-Policy"))
	}
	if p := c.Get(first); p.Path != "/check/set-up" {
		t.Errorf("again in the same browser: %s, %d", p.Path, p.Status)
	}
	if p := s.Client().Get(first); p.Status != http.StatusGone || !strings.Contains(p.Body, "used already") {
		t.Errorf("in another browser: %d\n%s", p.Status, p.Body)
	}
	if p := c.Get("/sign-in/verify"); p.Path == "/sign-in/verify" {
		t.Errorf("the check’s cookie at the sign-in: %s", p.Path)
	}
	p := c.Post("/check/set-up", "method", "totp", "name", "My Phone")
	if p.Status != http.StatusOK || !strings.Contains(p.Body, `action="/check/set-up/confirm"`) || strings.Contains(p.Body, `"/sign-in/`) {
		t.Fatalf("set up: %d\n%s", p.Status, p.Body)
	}
	st, err := s.App.Checks.SignIns.Factors.All(t.Context(), s.Acme.ID, userOf(t, s, "kay").ID)
	if err != nil || len(st) != 1 {
		t.Fatal(st, err)
	}
	phone := phoneOn(t, p.Body, st[0].ID)
	if p = c.Post("/check/set-up/confirm", "id", phone.FactorID, "code", phone.Code(s.Clock.Now())); !strings.Contains(p.Body, `href="https://app.example.com/in?a=b&amp;check=chk_`) {
		t.Fatalf("confirm: %d\n%s", p.Status, p.Body)
	}
	s.Clock.Advance(30 * time.Second)

	c = s.Client()
	if p := c.Get(link()); p.Path != "/check/verify" {
		t.Fatalf("the second link leads to %s, %d", p.Path, p.Status)
	}
	if p := c.Post("/check/verify", "method", "", "code", phone.Wrong(s.Clock.Now())); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, `action="/check/verify"`) {
		t.Errorf("a wrong code: %d", p.Status)
	}
	c.Stay = true
	p = c.Post("/check/verify", "method", "", "code", phone.Code(s.Clock.Now()))
	if to := p.Header.Get("Location"); p.Status != http.StatusSeeOther || !strings.HasPrefix(to, "https://app.example.com/in?a=b&check=chk_") {
		t.Errorf("a right code: %d to %q\n%s", p.Status, to, p.Body)
	}
	if c.Cookies["__Host-sallyport-session"] != "" {
		t.Error("a session has begun")
	}

	c = s.Client()
	c.Get(link())
	c.Stay = true
	if p := c.Post("/check/cancel"); !strings.HasPrefix(p.Header.Get("Location"), "https://app.example.com/in?") {
		t.Errorf("cancel: %d %q", p.Status, p.Header.Get("Location"))
	}
	if p := s.Client().Get("/check/verify"); p.Status != http.StatusGone {
		t.Errorf("without a check: %d", p.Status)
	}
}
