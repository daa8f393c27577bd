package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
)

// origin is where the server's passkeys are used.
func origin(s *apptest.Server) string { return s.App.Config.PublicURL.String() }

// question is what a page's script is told to ask a passkey.
func question(t *testing.T, c *apptest.Client, path string) (options json.RawMessage, ceremony string) {
	t.Helper()
	p := c.Send(c.Request(http.MethodGet, path, nil))
	var q struct {
		Options  json.RawMessage `json:"options"`
		Ceremony string          `json:"ceremony"`
	}
	if err := json.Unmarshal([]byte(p.Body), &q); err != nil || p.Status != http.StatusOK || p.Header.Get("Content-Type") != "application/json" || q.Ceremony == "" {
		t.Fatalf("%s: status %d, %v: %.200s", path, p.Status, err, p.Body)
	}
	return q.Options, q.Ceremony
}

// answered presses a button as the script does: with what the passkey answers to what the path asks.
func answered(t *testing.T, s *apptest.Server, c *apptest.Client, p *apptest.Page, button, path string, k *keytest.Key, fields ...string) *apptest.Page {
	t.Helper()
	options, ceremony := question(t, c, path)
	return p.Press(button, append(fields, "credential", k.Answer(t, options, origin(s), nil), "ceremony", ceremony)...)
}

// addPasskey adds one in the settings and returns the page after it.
func addPasskey(t *testing.T, s *apptest.Server, c *apptest.Client, k *keytest.Key, name string) *apptest.Page {
	t.Helper()
	create := c.Get("/settings/two-factor/add-passkey").Press("Next", "name", name, "password", apptest.Password).Follow().Sees(http.StatusOK, "Create the passkey")
	return create.Press("Create the passkey", "credential", created(t, s, create, k)).Follow().Sees(http.StatusOK)
}

// created is what a browser sends that has made the passkey that the page asks for.
func created(t *testing.T, s *apptest.Server, p *apptest.Page, k *keytest.Key) string {
	t.Helper()
	return keytest.Make(t, json.RawMessage(p.Find(`data-create="([^"]+)"`)), origin(s), k, nil)
}

// TestPasskeyPages adds passkeys, signs in with them in both ways, and proves them again where a code would do.
func TestPasskeyPages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		c.Get("/settings/two-factor").Sees(http.StatusOK, "Passkeys", "Add a passkey")
		add := c.Get("/settings/two-factor/add-passkey").Sees(http.StatusOK)
		add.Press("Next", "name", "My key", "password", "wrong").Sees(http.StatusUnprocessableEntity, "Add a passkey").Find(`(value="My key")`)
		create := add.Press("Next", "password", apptest.Password).Follow().Sees(http.StatusOK, "Create the passkey")
		c.Get("/settings/two-factor").Sees(http.StatusOK, "New passkey", "not confirmed").Click("Create the passkey").Sees(http.StatusOK, "Finish by")
		c.Get("/settings/two-factor").Click("Remove").Sees(http.StatusOK, "Remove “New passkey”", "never confirmed")
		create.Press("Create the passkey").Sees(http.StatusUnprocessableEntity, "A passkey needs JavaScript in your browser.")
		create.Press("Create the passkey", "credential", `{"id":"x"}`).Sees(http.StatusUnprocessableEntity, "That passkey wasn’t accepted.")
		synced := &keytest.Key{Flags: keytest.UP | keytest.UV | keytest.BE | keytest.BS, Still: true}
		answer := created(t, s, create, synced)
		codes := create.Press("Create the passkey", "credential", answer).Sees(http.StatusOK, "Save your backup codes").BackupCodes()
		if len(codes) != 10 {
			t.Fatalf("%d backup codes", len(codes))
		}
		create.Press("Create the passkey", "credential", answer).Follow().Sees(http.StatusOK, "“Passkey” is confirmed.", "synced")

		// Beside the password.
		d := s.Client(t)
		verify := d.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Use your passkey", "Your browser asks for “Passkey”")
		verify.Press("Use a passkey").Sees(http.StatusUnprocessableEntity, "A passkey needs JavaScript in your browser.")
		verify.Press("Use a passkey", "credential", "{}", "ceremony", "AAAA").Sees(http.StatusUnprocessableEntity, "That passkey wasn’t accepted.")
		d.Get("/sign-in/methods").Sees(http.StatusOK, "Security key or passkey").Click("Security key or passkey Passkey").Sees(http.StatusOK, "Use your passkey")
		d.Get("/sign-in/verify?method=backup_code").Sees(http.StatusOK, "Use your passkey")
		answered(t, s, d, verify, "Use a passkey", "/sign-in/verify/passkey", synced).Follow().Sees(http.StatusOK, "You are signed in.")

		// Alone, with a return to where somebody wanted to go, and an organisation that is remembered.
		e := s.Client(t)
		door := e.Get("/sign-in?account=acme&next=/settings/sessions").Sees(http.StatusOK)
		if p := door.Press("Sign in with a passkey"); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("without an answer: %d", p.Status)
		}
		in := answered(t, s, e, door, "Sign in with a passkey", "/sign-in/passkey/options", synced).Follow().Sees(http.StatusOK, "Sessions")
		if in.At() != "/settings/sessions" || !strings.HasPrefix(e.Cookies["__Host-sallyport-account"], "acme") {
			t.Errorf("led to %s, with %v", in.At(), e.Cookies)
		}

		// A second one is the same way; who administers proves either again.
		s.Clock.Advance(time.Second)
		bound := &keytest.Key{}
		addPasskey(t, s, e, bound, "Blue key").Sees(http.StatusOK, "2 passkeys", "only on this device", "“Blue key” is confirmed.")
		f := s.Client(t)
		f.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Your browser asks for one of your passkeys")
		f.Get("/sign-in/methods").Sees(http.StatusOK, "Passkey, Blue key")
		s.Clock.Advance(factor.AskedFor * 4)
		step := e.Get("/admin/users/invite").Sees(http.StatusOK, "Confirm that it is you", "a passkey or a code")
		step.Press("Use a passkey").Sees(http.StatusUnprocessableEntity, "A passkey needs JavaScript")
		answered(t, s, e, step, "Use a passkey", "/settings/passkey/options", bound).Follow().Sees(http.StatusOK, "Invite somebody")
		late, ceremony := question(t, e, "/settings/passkey/options")
		s.Clock.Advance(factor.AskedFor)
		step.Press("Use a passkey", "credential", bound.Answer(t, late, origin(s), nil), "ceremony", ceremony).Sees(http.StatusGone, "That took too long")

		// K1: a password and, for a code, a passkey.
		s.SetPolicy(t, "removal=password_and_code")
		s.Clock.Advance(factor.AskedFor)
		remove := e.Get("/settings/two-factor").Click("Remove").Sees(http.StatusOK, "Use a passkey instead of a code", "It stops opening your account at once.")
		answered(t, s, e, remove, "Remove", "/settings/passkey/options", bound, "password", "wrong").Sees(http.StatusUnprocessableEntity, "That password")
		answered(t, s, e, remove, "Remove", "/settings/passkey/options", bound, "password", apptest.Password).Follow().Sees(http.StatusOK, "The device is removed.", "1 passkey")
		g := s.Client(t)
		door = g.Get("/sign-in").Sees(http.StatusOK)
		answered(t, s, g, door, "Sign in with a passkey", "/sign-in/passkey/options", synced).Sees(http.StatusUnprocessableEntity, "That passkey wasn’t accepted.", "Forgotten your password?")
	})
}

// TestPasskeySetUp takes a passkey within a sign-in that demands a second factor (T11).
func TestPasskeySetUp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.SetPolicy(t, "enforcement=required", "grace_days=0")
		c := s.Client(t)
		c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "Security key or passkey")
		set := c.Get("/sign-in/set-up?method=passkey").Sees(http.StatusOK, "Your browser asks for it in the next step.")
		set.Press("Next", "name", strings.Repeat("x", 41)).Sees(http.StatusUnprocessableEntity, "1 to 40 characters")
		create := set.Press("Next", "name", "My key").Follow().Sees(http.StatusOK, "Create the passkey", "Set up another way")
		create.Press("Create the passkey").Sees(http.StatusUnprocessableEntity, "A passkey needs JavaScript in your browser.")
		k := &keytest.Key{}
		create.Press("Create the passkey", "credential", keytest.Make(t, json.RawMessage(create.Find(`data-create="([^"]+)"`)), "https://evil.example", k, nil)).
			Sees(http.StatusUnprocessableEntity, "That passkey wasn’t accepted.")
		if codes := create.Press("Create the passkey", "credential", created(t, s, create, k)).Sees(http.StatusOK, "Save your backup codes").BackupCodes(); len(codes) != 10 {
			t.Errorf("%d backup codes", len(codes))
		}
		c.Get("/settings/two-factor").Sees(http.StatusOK, "My key", "only on this device")
		create.Press("Create the passkey", "credential", "{}").Follow().Sees(http.StatusOK, "“My key” is confirmed.")
	})
}

// TestPasskeyQuestions: what the script asks for is not to be had where there is nothing to ask, and asking writes nothing.
func TestPasskeyQuestions(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrolled(t, apptest.Ada)
	in := s.SignedInWith(t, apptest.Ada, phone)
	half := s.Client(t)
	half.SignIn(apptest.Ada, apptest.Password)
	in.Get("/settings")
	before := s.Rows(t)
	for path, c := range map[string]*apptest.Client{"/sign-in/verify/passkey": half, "/settings/passkey/options": in} {
		if p := c.Send(c.Request(http.MethodGet, path, nil)); p.Status != http.StatusNotFound {
			t.Errorf("%s without a passkey: status %d", path, p.Status)
		}
	}
	seen := map[string]bool{}
	for range 3 {
		_, ceremony := question(t, s.Client(t), "/sign-in/passkey/options")
		seen[ceremony] = true
	}
	if len(seen) != 3 {
		t.Error("two questions are the same")
	}
	same(t, before, s.Rows(t), "asking")
}

// TestWellKnown: password managers find where passkeys are looked after, browsers where else they may be used.
func TestWellKnown(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	read := func(s *apptest.Server, path string) (p *apptest.Page, said map[string]any) {
		c := s.Client(t)
		p = c.Send(c.Request(http.MethodGet, path, nil))
		checkAnswer(t, p)
		_ = json.Unmarshal([]byte(p.Body), &said) // of an answer that is no JSON nothing was said
		return p, said
	}
	p, said := read(s, "/.well-known/passkey-endpoints")
	for name, path := range map[string]string{"enroll": "/settings/two-factor/add-passkey", "manage": "/settings/two-factor"} {
		if said[name] != origin(s)+path {
			t.Errorf("%s is %v", name, said[name])
		}
	}
	if p.Status != http.StatusOK || p.Header.Get("Content-Type") != "application/json" || len(said) != 2 {
		t.Errorf("status %d, %s", p.Status, p.Body)
	}
	if p, _ := read(s, "/.well-known/webauthn"); p.Status != http.StatusNotFound {
		t.Errorf("without related origins: status %d", p.Status)
	}
	related := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.PasskeyOrigins = []string{"https://acme.example"} })
	if p, said := read(related, "/.well-known/webauthn"); p.Status != http.StatusOK || len(said) != 1 || len(said["origins"].([]any)) != 1 || said["origins"].([]any)[0] != "https://acme.example" {
		t.Errorf("status %d, %s", p.Status, p.Body)
	}
	c := related.Client(t)
	for host, want := range map[string]int{"acme.example": http.StatusOK, "ACME.example:443": http.StatusOK, "acme.example:80": http.StatusMisdirectedRequest, "evil.example": http.StatusMisdirectedRequest} {
		r := c.Request(http.MethodGet, "/sign-in", nil)
		r.Host = host
		if p := c.Send(r); p.Status != want {
			t.Errorf("at %s: status %d, want %d", host, p.Status, want)
		}
	}
	r := c.Request(http.MethodPost, "/sign-in", url.Values{"email": {apptest.Ada}, "password": {apptest.Password}})
	r.Host = "acme.example"
	r.Header.Set("Origin", "https://acme.example")
	r.Header.Del("Sec-Fetch-Site")
	if p := c.Send(r); p.Status != http.StatusSeeOther {
		t.Errorf("signing in there: status %d", p.Status)
	}
}

// TestNoDomainNoPasskeys: a server that is reached by its number offers none, and says why.
func TestNoDomainNoPasskeys(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), publicURL("http://127.0.0.1:8080"))
	c := s.Client(t)
	ask := func(method, path string, form url.Values) *apptest.Page {
		r := c.Request(method, path, form)
		r.Host = "127.0.0.1:8080"
		r.Header.Set("Origin", "http://127.0.0.1:8080")
		return c.Send(r)
	}
	door := ask(http.MethodGet, "/sign-in", nil).Sees(http.StatusOK, "Sign in")
	door.Lacks("passkey")
	if p := ask(http.MethodGet, "/sign-in/passkey/options", nil); p.Status != http.StatusConflict {
		t.Errorf("asking: status %d", p.Status)
	}
	ask(http.MethodPost, "/sign-in", url.Values{"email": {apptest.Ada}, "password": {apptest.Password}})
	ask(http.MethodGet, "/settings/two-factor", nil).Sees(http.StatusOK, "Passkeys need a server that is reached by a name")
	ask(http.MethodGet, "/settings/two-factor/add-passkey", nil).Sees(http.StatusOK, "Passkeys need a server that is reached by a name").Lacks("<form class=\"panel\"")
}
