package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/httpx"
)

// TestNewcomer walks the main path: recommended, set up, signed out, signed in with both (A1–A16, C3–C8, P12).
func TestNewcomer(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.Client(t)
		page := c.Get("/").Sees(http.StatusOK, "Sign in")
		if page.At() != "/sign-in" {
			t.Fatalf("/ led to %s", page.Path)
		}
		welcome := page.Press("Sign in", "email", " ADA@acme.test ", "password", apptest.Password).Follow()
		welcome.Sees(http.StatusOK, "Make your account safer")
		add := welcome.Click("Set up now").Sees(http.StatusOK, "Add new device", "Google Authenticator")
		if got := add.Find(`id="name"[^>]*value="([^"]*)"`); got != "My Phone" {
			t.Errorf("the name offered is %q", got)
		}
		add.Press("Add", "password", "not it").Sees(http.StatusUnprocessableEntity, "That password isn’t right")
		scan := add.Press("Add", "password", apptest.Password).Sees(http.StatusOK, "Do not let anyone else scan", "My Phone")
		phone := scan.Phone()
		if bits := len(phone.Key.Secret) * 8; bits < 160 {
			t.Errorf("the secret has %d bits", bits) // B67
		}
		wrong := scan.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "That code isn’t valid")
		wrong.Lacks(phone.Key.URI("Acme", apptest.Ada))
		codes := wrong.Press("Verify", "code", spaced(phone.Code(s.Clock.Now()))).Sees(http.StatusOK)
		if got := len(codes.BackupCodes()); got != 10 {
			t.Fatalf("%d backup codes, want 10", got)
		}
		codes.Press("I have saved them").Follow().Sees(http.StatusOK, "My Phone", "confirmed", "10 of 10 codes left")
		c.Get("/settings").Press("Sign out").Follow().Sees(http.StatusOK, "You are signed out.")

		s.Clock.Advance(30 * time.Second)
		code := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Enter your authentication code", "My Phone")
		if p := c.Get("/settings"); p.At() != "/sign-in" {
			t.Errorf("the password alone led to %s", p.Path)
		}
		in := code.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
		if in.At() != "/settings" {
			t.Errorf("signed in, led to %s", in.Path)
		}
	})
}

func spaced(code string) string { return code[:3] + " " + code[3:] }

// TestSecondDoorRefuses walks the ways in which the second step fails; each has its own words.
func TestSecondDoorRefuses(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		c := s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow()

		for typed, want := range map[string]string{"": "six digits", "12345": "six digits", "1234567": "six digits", "١٢٣٤٥٦": "six digits"} {
			page.Press("Verify", "code", typed).Sees(http.StatusUnprocessableEntity, want)
		}
		page.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "That code isn’t valid", "date and time on your phone")
		page.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")

		again := s.Client(t)
		used := again.SignIn(apptest.Ada, apptest.Password).Follow()
		used.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "used already")

		expired := s.Client(t)
		late := expired.SignIn(apptest.Ada, apptest.Password).Follow()
		s.Clock.Advance(10 * time.Minute)
		late.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusGone, "This sign-in has ended", "Sign in again")
		if _, kept := expired.Cookies[httpx.PendingCookie]; kept {
			t.Error("the browser keeps the cookie of a sign-in that is over")
		}
		expired.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().
			Sees(http.StatusOK, "You are signed in.") // the code was not burnt by coming too late

		s.Clock.Advance(30 * time.Second)
		guess := s.Client(t)
		page = guess.SignIn(apptest.Ada, apptest.Password).Follow()
		for range 5 {
			page.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity)
		}
		blocked := page.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusTooManyRequests, "30 seconds")
		if blocked.Header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After is %q, want 30", blocked.Header.Get("Retry-After"))
		}
		if n := strings.Count(blocked.Text(), "30 seconds"); n > 2 {
			t.Errorf("the wait is told %d times: %s", n, blocked.Text())
		}
		ways := blocked.Click("Use a backup code").Sees(http.StatusOK, "Enter a backup code")
		ways.Press("Verify", "code", "not a code").Sees(http.StatusUnprocessableEntity, "sixteen letters and digits")
		ways.Press("Verify", "code", strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))).Follow().Sees(http.StatusOK, "You are signed in.")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Click("Use a backup code").
			Press("Verify", "code", codes[0]).Sees(http.StatusUnprocessableEntity) // B08
	})
}

// TestLockedFactor: a hundred wrong codes lock the device; its page says so and a backup code still opens the door.
func TestLockedFactor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		c := s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow()
		// Ninety-nine are written down as if they had been typed: fifteen minutes lie between each two.
		failed := db.Write(`UPDATE factors SET failures = 99 WHERE factor_id = $1`, phone.FactorID)
		if err := s.DB.Run(t.Context(), failed); err != nil {
			t.Fatal(err)
		}
		page.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusTooManyRequests)
		page = c.SignIn(apptest.Ada, apptest.Password).Follow()
		page.Sees(http.StatusOK, "takes no more codes", "ask your administrator").Lacks(`name="code"`)
		locked := c.Post("/sign-in/verify", "method", phone.FactorID, "code", phone.Code(s.Clock.Now()))
		locked.Sees(http.StatusTooManyRequests, "takes no more codes")
		in := page.Click("Use a backup code").Press("Verify", "code", codes[3]).Follow().Sees(http.StatusOK, "You are signed in.")
		in.Lacks("locked")
		c.Get("/settings/two-factor").Sees(http.StatusOK, "confirmed").Lacks("Locked") // another factor clears it
	})
}

// TestOtherWaysAndCancel: each of several devices can be chosen, and Cancel ends the sign-in (C21, K9, X18).
func TestOtherWaysAndCancel(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		tablet, more := s.AddDevice(t, s.SignedInWith(t, apptest.Ada, phone), "Tablet")
		if more != nil {
			t.Error("a second device came with backup codes")
		}
		c := s.Client(t)
		ways := c.SignIn(apptest.Ada, apptest.Password).Follow().Click("Try another way").
			Sees(http.StatusOK, "My Phone", "Tablet", "Use a backup code")
		page := c.Get(ways.Find(`href="(/sign-in/verify\?method=`+tablet.FactorID+`)"`)).Sees(http.StatusOK, "Tablet")
		page.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "isn’t valid")
		page.Press("Cancel").Follow().Sees(http.StatusOK, "The sign-in was cancelled.")
		if len(c.Cookies) != 0 {
			t.Errorf("after Cancel the browser has %v", c.Cookies)
		}
		page.Press("Verify", "code", tablet.Code(s.Clock.Now())) // without the cookie
		c = s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", tablet.Code(s.Clock.Now())).Follow().
			Sees(http.StatusOK, "You are signed in.") // any device will do when none was chosen
	})
}

// TestBackupCodeInTheAppField: the field for codes takes a backup code too (X12), also where
// one of several devices was chosen.
func TestBackupCodeInTheAppField(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "My Phone").
			Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK, "You are signed in.")
		s.AddDevice(t, s.SignedInWith(t, apptest.Ada, phone), "Tablet")
		c := s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password)
		c.Get("/sign-in/verify?method="+phone.FactorID).Sees(http.StatusOK, "My Phone").
			Press("Verify", "code", codes[0]).Sees(http.StatusUnprocessableEntity, "has been used already").
			Press("Verify", "code", codes[1]).Follow().Sees(http.StatusOK, "You are signed in.")
		c = s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password)
		c.Post("/sign-in/verify", "method", "fac_of_nobody", "code", phone.Wrong(s.Clock.Now())).
			Sees(http.StatusUnprocessableEntity, "isn’t valid")
	})
}
