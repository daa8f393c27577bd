package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// TestCheckPages walks a check in a browser: the link once, set-up, the code, the way back, and each refusal in words.
func TestCheckPages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		kay := "kay"
		link := func() string {
			t.Helper()
			_, link, err := s.App.Checks.Begin(t.Context(), signin.OperatorProgram(), signin.AskedFor{
				Account: s.Acme.Slug, ExternalID: kay, Email: kay + "@acme.test", ReturnTo: "https://app.example.com/in?a=b",
			}, domaintest.By)
			if err != nil {
				t.Fatal(err)
			}
			at, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			return at.RequestURI()
		}
		first := link()
		c := s.Client(t)
		if p := s.Client(t).Send(c.Request(http.MethodHead, first, nil)); p.Status != 200 || len(p.Cookies) > 0 { // a mail filter looks at the link
			t.Errorf("HEAD: %d, cookies %v", p.Status, p.Cookies)
		}
		p := c.Get(first).Follow().Follow().Sees(200, "Set one up here, once")
		if p.At() != "/check/set-up" || !strings.Contains(p.Header.Get("Content-Security-Policy"), "form-action 'self' https://app.example.com") {
			t.Errorf("%s, policy %s", p.At(), p.Header.Get("Content-Security-Policy"))
		}
		c.Get(first).Follow().Follow().Sees(200, "Set one up here, once")                           // once more in the same browser
		s.Client(t).Get(first).Sees(410, "used already", "sign in there again").Lacks("start page") // in another
		s.Client(t).Get("/check/verify").Sees(410, "This check is over")                            // without one
		s.Client(t).Get("/check").Sees(410, "This check is over")                                   // likewise
		s.SignedIn(t, apptest.Grace).Get(link()).Sees(403, "Somebody else is signed in", "Sign out here first", "start page")
		if p := c.Get("/sign-in/verify"); p.At() != "/sign-in" {
			t.Errorf("the check’s cookie at the sign-in: %d %s", p.Status, p.Text())
		}
		p = c.Post("/check/set-up", "method", "totp", "name", "My Phone").Sees(200).Lacks("/sign-in/")
		phone := domaintest.Scan(t, p.Find(`name="id" value="([^"]+)"`), html.UnescapeString(p.Find(`href="(otpauth:[^"]+)"`)))
		scan := p
		p = scan.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(200)
		scan.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(200, "Backup codes are shown only once.", "Go back").Lacks(p.BackupCodes()[0]) // loaded again
		if to := c.Send(c.Request(http.MethodGet, "/check/set-up/confirm", nil)).Header.Get("Location"); !strings.HasPrefix(to, "https://app.example.com/in?a=b&check=chk_") {
			t.Errorf("looked at once more, it leads to %q", to)
		}
		if !strings.Contains(p.Body, `href="https://app.example.com/in?a=b&amp;check=chk_`) {
			t.Fatalf("no way back:\n%s", p.Body)
		}
		s.Clock.Advance(30 * time.Second)

		c = s.Client(t)
		p = c.Get(link()).Follow().Follow().Sees(200).Lacks("/sign-in/")
		p.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(422, "isn’t valid")
		p = p.Press("Verify", "code", phone.Code(s.Clock.Now()))
		if to := p.Header.Get("Location"); p.Status != 303 || !strings.HasPrefix(to, "https://app.example.com/in?a=b&check=chk_") {
			t.Errorf("a right code: %d to %q\n%s", p.Status, to, p.Body)
		}
		if c.Cookies[httpx.SessionCookie] != "" || c.Cookies[httpx.PendingCookie] != "" {
			t.Error("a sign-in has begun")
		}
		c = s.Client(t)
		p = c.Get(link()).Follow().Follow().Press("Cancel")
		if to := p.Header.Get("Location"); p.Status != 303 || !strings.HasPrefix(to, "https://app.example.com/in?a=b&check=chk_") {
			t.Errorf("cancel: %d to %q", p.Status, to)
		}

		// Without a way back, the page that says so can be loaded again.
		_, nowhere, err := s.App.Checks.Begin(t.Context(), signin.OperatorProgram(), signin.AskedFor{Account: s.Acme.Slug, ExternalID: "kay"}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(30 * time.Second)
		c = s.Client(t)
		p = c.Get(nowhere[strings.Index(nowhere, "/check?"):])
		code := phone.Code(s.Clock.Now())
		for range 2 {
			p.Press("Verify", "code", code).Sees(200, "Confirmed", "Go back to where you came from.").Lacks("Backup codes")
		}
		c.Get("/check").Sees(200, "Confirmed")

		late := link()
		s.Clock.Advance(10 * time.Minute)
		s.Client(t).Get(late).Sees(410, "too old")

		// Nothing on offer: nobody was about to be signed in, and whom to write to about plans is not the visitor's business.
		setPolicy(t, s, "methods=email")
		kay = "kim"
		c = s.Client(t)
		stuck := c.Get(link()).Follow().Follow().Sees(200, "Right now there is no second factor that you could set up here", "tell the people who run that page").
			Lacks("signed in", "Set one up here", "mail server")
		if to := stuck.Press("Go back").Header.Get("Location"); !strings.HasPrefix(to, "https://app.example.com/in?a=b&check=chk_") {
			t.Errorf("the way out leads to %q", to)
		}
	}, func(c *config.Config) { c.DoorOrigins = httpx.Origins{"https://app.example.com"} })
}
