package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/factor"
)

func policyOf(t *testing.T, s *apptest.Server) account.Policy {
	t.Helper()
	a, err := account.Get(t.Context(), s.DB, s.Acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a.Policy
}

// TestTheSwitch is T8–T11 and T7 in the pages: an administrator is told what requiring a second factor does, goes back, confirms; who
// is signed in without one is out at once; off again, everybody is as before.
func TestTheSwitch(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		grace := s.SignedIn(t, apptest.Grace)
		alan, _ := s.Enrolled(t, apptest.Alan)
		page := c.Get("/admin").Sees(http.StatusOK, "With a second factor: 2 people of 3.").Click("See how far you are, and who needs one")
		page.Sees(http.StatusOK, "With a second factor: 2 people of 3.", "Not required 1", "Default: optional").Lacks("Remind those who have none")

		told := page.Press("Save", "enforcement", "required", "grace_days", "0", "session_idle", "90", "session_idle_unit", "m")
		told.Sees(http.StatusOK, "What this does now", "Nothing is saved yet", "1 member has none: to be set up at the next sign-in", "Grace", "1 person who is signed in has none of what is demanded and is signed out at once").
			Lacks("administrator has none", "owner has none", "more")
		if p := policyOf(t, s); p.Fingerprint() != account.Default().Fingerprint() {
			t.Fatalf("saved before it was confirmed: %+v", p)
		}
		grace.Get("/settings").Sees(http.StatusOK)

		back := told.Press("Back").Sees(http.StatusOK, "Who needs a second factor")
		if back.Find(`name="session_idle" type="text" [^>]*value="([^"]*)"`) != "90" || !strings.Contains(back.Body, `value="required" checked`) {
			t.Error("what was typed is lost on the way back")
		}
		back.Press("Save").Press("Confirm").Follow().Sees(http.StatusOK, "The settings are saved", "Overdue: set-up at the next sign-in 1")
		p := policyOf(t, s)
		if p.Enforcement != account.Required || p.SessionIdle.Std() != 90*time.Minute {
			t.Fatalf("saved: %+v", p)
		}
		s.Clock.Advance(time.Second)
		grace.Get("/settings").Sees(http.StatusOK, "Your organisation now requires two-factor authentication. Sign in again to set it up")
		c.Get("/settings").Sees(http.StatusOK)
		s.SignedInWith(t, apptest.Alan, alan)

		// Off: what is milder needs no confirmation, and every second factor is still there.
		c.Get("/admin/two-factor").Press("Save", "enforcement", "optional").Follow().Sees(http.StatusOK, "The settings are saved", "Not required 1")
		s.Clock.Advance(time.Second)
		s.SignedIn(t, apptest.Grace)
		for _, u := range []string{s.Ada.ID, s.Alan.ID} {
			devices, err := factor.List(t.Context(), s.DB, s.Acme.ID, u, s.Clock.Now())
			if err != nil || len(devices) != 1 {
				t.Errorf("after on and off: %d devices, %v", len(devices), err)
			}
		}
		events, err := audit.List(t.Context(), s.DB, s.Acme.ID, 100)
		var details []string
		for _, e := range events {
			if e.Action == audit.AccountPolicyChanged && e.Actor.ID == s.Ada.ID {
				details = append(details, e.Detail["enforcement"])
			}
		}
		if err != nil || strings.Join(details, ", ") != "required → optional, optional → required" {
			t.Errorf("recorded: %v, %v", details, err)
		}
	})
}

// TestWrongPolicies: each setting says at its own field, in the reader's language, what it takes; what was typed stays, and nothing is saved.
func TestWrongPolicies(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	before := s.Rows(t)
	for _, f := range []struct{ field, value, english, german string }{
		{"enforcement", "always", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"enforcement_admins", "", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"mailed_set_up", "perhaps", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"removal", "none", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"enrolment", "none", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"mailed_disable", "on", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"backup_codes", "", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"admin_reset", "", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"admin_codes", "x", "Choose one of the values", "Wählen Sie einen der Werte"},
		{"grace_days", "91", "from 0 to 90", "zwischen 0 und 90"},
		{"grace_days", "-1", "from 0 to 90", "zwischen 0 und 90"},
		{"grace_days", "", "from 0 to 90", "zwischen 0 und 90"},
		{"max_devices_per_kind", "0", "from 1 to 20", "zwischen 1 und 20"},
		{"max_devices_per_kind", "two", "from 1 to 20", "zwischen 1 und 20"},
		{"clock_tolerance", "181", "0 to 180 seconds", "0 bis 180 Sekunden"},
		{"clock_tolerance", "99999999999999999999", "0 to 180 seconds", "0 bis 180 Sekunden"},
		{"clock_tolerance", "1,5", "0 to 180 seconds", "0 bis 180 Sekunden"},
		{"mailed_disable_delay", "721", "up to 30 days", "höchstens 30 Tage"},
		{"mailed_disable_delay", "-5", "up to 30 days", "höchstens 30 Tage"},
		{"sms_countries", "Austria", "codes of countries", "Ländercodes"},
		{"sms_countries", "XX", "codes of countries", "Ländercodes"},
		{"sms_countries", "AT, at", "codes of countries", "Ländercodes"},
		{"sms_daily_budget", "1000001", "from 0 to 1,000,000", "zwischen 0 und 1000000"},
		{"sms_daily_budget", "1,000", "from 0 to 1,000,000", "zwischen 0 und 1000000"},
		{"session_lifetime", "31", "from 5 minutes to 30 days", "5 Minuten bis 30 Tage"},
		{"session_idle", "25", "from 1 minute up to", "1 Minute bis zu"},
	} {
		for language, says := range map[string]string{"en": f.english, "de": f.german} {
			c.Speaks = language
			button := map[string]string{"en": "Save", "de": "Speichern"}[language]
			p := c.Get("/admin/two-factor").Press(button, f.field, f.value, "max_devices_per_kind", "7", f.field, f.value).Sees(http.StatusUnprocessableEntity, says)
			input := p.Find(`<(?:input|select)[^>]*name="` + f.field + `"([^>]*)>`)
			if !strings.Contains(input, `aria-describedby="`) || !strings.Contains(input, f.field+"-error") {
				t.Errorf("%s=%q: the error is not at its field: %s", f.field, f.value, input)
			}
			if strings.Contains(input, `type="text"`) && !strings.Contains(input, `value="`+f.value+`"`) || f.field != "max_devices_per_kind" && !strings.Contains(p.Body, `value="7"`) {
				t.Errorf("%s=%q: what was typed is lost", f.field, f.value)
			}
		}
	}
	c.Speaks = "en"
	form := c.Get("/admin/two-factor")
	form.Press("Save", "method_totp", "", "method_passkey", "", "method_sms", "", "method_email", "").Sees(http.StatusUnprocessableEntity, "Allow at least one way")
	form.Press("Save", "method_totp", "", "enforcement_admins", "required").Sees(http.StatusUnprocessableEntity, "authenticator apps must be allowed")
	same(t, before, s.Rows(t), "settings that are refused")
}

// TestSomebodyElseWasFaster: the second administrator's values stay in the form, each beside what the first one saved; sent again,
// they are the decision of somebody who knows.
func TestSomebodyElseWasFaster(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		mine := c.Get("/admin/two-factor")
		other := c.Get("/admin/two-factor")
		other.Press("Save", "removal", "recent_sign_in", "session_idle", "2").Follow().Sees(http.StatusOK, "The settings are saved")
		changed := mine.Press("Save", "max_devices_per_kind", "3").Sees(http.StatusConflict, "Somebody else changed these settings",
			"Saved now: A sign-in within 15 minutes, else the password", "Saved now: 2 hours", "Saved now: 5")
		if n := strings.Count(changed.Body, "Saved now: "); n != 3 {
			t.Errorf("%d settings differ", n)
		}
		changed.Press("Save", "removal", "recent_sign_in", "session_idle", "2").Follow().Sees(http.StatusOK, "The settings are saved")
		if p := policyOf(t, s); p.MaxDevicesPerKind != 3 || p.Removal != account.RemovalRecentSignIn || p.SessionIdle.Std() != 2*time.Hour {
			t.Errorf("saved: %+v", p)
		}
		// The command line changes it while the confirmation is looked at.
		told := c.Get("/admin/two-factor").Press("Save", "enforcement", "required").Sees(http.StatusOK, "What this does now")
		s.SetPolicy(t, "admin_codes=off")
		s.Clock.Advance(time.Second)
		told.Press("Confirm").Sees(http.StatusConflict, "Somebody else changed these settings", "Saved now: No")
		if p := policyOf(t, s); p.Enforcement != account.Optional || p.AdminCodes {
			t.Errorf("saved: %+v", p)
		}
	})
}

// TestAConfirmationIsForWhatWasShown: a form that claims to be confirmed is, for the one policy that was.
func TestAConfirmationIsForWhatWasShown(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	told := c.Get("/admin/two-factor").Press("Save", "enforcement", "recommended").Sees(http.StatusOK, "recommended at sign-in; they can leave it")
	told.Press("Confirm", "enforcement", "required").Sees(http.StatusOK, "What this does now", "set up at the next sign-in")
	if p := policyOf(t, s); p.Enforcement != account.Optional {
		t.Errorf("saved: %+v", p)
	}
	// Nothing but the form's own fields counts, and what is not sent stays.
	p := c.Send(c.Request(http.MethodPost, "/admin/two-factor", url.Values{"shown": {account.Default().Fingerprint()}, "grace_days": {"5"}, "role": {"owner"}}))
	if got := policyOf(t, s); p.Status != http.StatusSeeOther || got.GraceDays != 5 || !got.AdminReset || len(got.Methods) != 4 {
		t.Errorf("status %d: %+v", p.Status, got)
	}
}

// TestMethodsInOrder: the order of the form is the policy's; a way that goes is told with who has no other; of two at one place, the one goes first that does so by default.
func TestMethodsInOrder(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.AddAddress(t, s.Grace, factor.SMS, "+436641234567")
	c := boss(t, s)
	told := c.Get("/admin/two-factor").Press("Save", "method_email", "1", "method_totp", "2", "method_sms", "").
		Sees(http.StatusOK, "What can’t be set up any more", "Phone number (SMS)", "1 person has no other way", "keeps it and can go on to sign in").Lacks("Who is asked")
	told.Press("Confirm").Follow().Sees(http.StatusOK, "The settings are saved")
	if got := account.JoinMethods(policyOf(t, s).Methods); got != "email, totp, passkey" {
		t.Errorf("methods: %s", got)
	}
	s.Clock.Advance(time.Second)
	// Grace keeps her way in.
	g := s.Client(t)
	g.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message with a code")
}

// TestTheRemindersButton: who has none is mailed once a day, and the page says how many.
func TestTheRemindersButton(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		s.SetPolicy(t, "enforcement=required", "grace_days=14")
		s.Clock.Advance(time.Second)
		page := c.Get("/admin/two-factor").Sees(http.StatusOK, "In grace the first until 7 December 2026 2", "2 people get a mail")
		page.Press("Remind those who have none").Follow().Sees(http.StatusOK, "The reminder is on its way", "Last reminded", "2 people").Lacks("Remind those who have none")
		page.Press("Remind those who have none").Sees(http.StatusTooManyRequests, "They were reminded less than a day ago")
		m := s.Mail(t, apptest.Grace)
		if m.Subject != "Set up two-factor authentication" || !strings.Contains(m.Text, "From 7 December 2026") || !strings.Contains(m.Text, "/settings/two-factor") {
			t.Errorf("Grace reads %q: %s", m.Subject, m.Text)
		}
		s.SetPolicy(t, "enforcement=optional")
		s.Clock.Advance(time.Second)
		page.Press("Remind those who have none").Sees(http.StatusConflict, "leaves the second factor to everybody’s own choice")
	}, apptest.WithInbox)
}

// TestWithoutASecondFactorOnesOwn: an administrator who has none looks, and can't throw the switch.
func TestWithoutASecondFactorOnesOwn(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.SignedIn(t, apptest.Alan)
	c.Get("/admin/two-factor").Sees(http.StatusOK, "0 people of 3", "you need one of your own").Lacks("Who needs a second factor", "Remind those")
	c.Post("/admin/two-factor", "enforcement", "required").Sees(http.StatusForbidden, "needs a sign-in with a second factor")
	c.Post("/admin/two-factor/remind").Sees(http.StatusForbidden, "needs a sign-in with a second factor")
}

// TestOnesOwnSwitch is K4 for the people: what the organisation says to it, and the last device that stays.
func TestOnesOwnSwitch(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		grace := s.SignedIn(t, apptest.Grace)
		set := func(settings ...string) {
			t.Helper()
			s.SetPolicy(t, settings...)
			s.Clock.Advance(time.Second)
		}
		grace.Get("/settings/two-factor").Sees(http.StatusOK, "Two-factor authentication").Lacks("by your organisation")
		set("enforcement=recommended")
		grace.Get("/settings/two-factor").Sees(http.StatusOK, "recommended by your organisation")
		set("enforcement=required", "grace_days=7")
		grace.Get("/settings/two-factor").Sees(http.StatusOK, "required by your organisation", "Set up a device by 30 November 2026")
		phone, _ := s.AddDevice(t, grace, "My Phone")
		grace.Get("/settings/two-factor").Sees(http.StatusOK, "required by your organisation", "the last one stays").Lacks("Set up a device by")
		remove := "/settings/two-factor/" + phone.FactorID + "/remove"
		grace.Get(remove).Sees(http.StatusOK, "This is your last device", "Add another device first").Lacks("Password")
		grace.Post(remove, "password", apptest.Password).Sees(http.StatusConflict, "your last device can’t be removed")
		s.AddDevice(t, grace, "Tablet")
		grace.Get(remove).Sees(http.StatusOK).Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "Tablet")
		set("enforcement=optional", "enforcement_admins=required")
		last := grace.Get("/settings/two-factor").Sees(http.StatusOK).Lacks("by your organisation").Find(`href="(/settings/two-factor/[^"/]+/remove)"`)
		grace.Get(last).Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "Two-factor authentication is off")
		// Where no backup codes are used, none are offered anywhere, and the first device goes without.
		set("backup_codes=off")
		page := grace.Get("/settings/two-factor/add").Press("Add", "name", "My Phone", "password", apptest.Password).Sees(http.StatusOK)
		page.Press("Verify", "code", page.Phone().Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "does not use backup codes").Lacks("Generate new backup codes")
		grace.Get("/settings/two-factor/backup-codes").Sees(http.StatusOK, "does not use backup codes")
		c := s.Client(t)
		c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "Enter your authentication code").Lacks("backup code")
		set("backup_codes=on")
		grace.Get("/settings/two-factor").Sees(http.StatusOK, "No codes left", "Generate new backup codes").Lacks("made 1")
	})
}
