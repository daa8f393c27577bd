package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/machine"
	"sallyport/internal/otp"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

const (
	keysPath  = "/settings/api-keys"
	publicKey = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
)

// keyOf is an API key of u's, made in a session of their own.
func keyOf(t *testing.T, s *apptest.Server, u user.User) apikey.Key {
	t.Helper()
	b := s.Browse(t, u)
	m, err := s.Machines.Make(t.Context(), b.Signed, machine.NewKey{New: apikey.New{Name: "Backup", Scopes: []apikey.Scope{apikey.Read}}, Device: true}, domaintest.Password, b.As())
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	return m.Key
}

// toldOf is how often somebody was told what.
func toldOf(t *testing.T, s *apptest.Server, u user.User) map[outbox.Kind]int {
	t.Helper()
	told := map[outbox.Kind]int{}
	for _, l := range s.Letters(t) {
		if l.UserID == u.ID {
			told[l.Kind]++
		}
	}
	return told
}

var shownKey = regexp.MustCompile(`<code class="long" id="value">(sak_[^<]+)</code>`)

// TestOwnKeys: somebody makes a key, which is shown once, gives it codes and a public key, and removes it; each is told by mail.
func TestOwnKeys(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		own, _ := s.Enrolled(t, apptest.Ada)
		c := s.SignedInWith(t, apptest.Ada, own)
		form := c.Get("/settings").Click("API keys").Sees(http.StatusOK, "You have no API keys.").Click("Make a key")
		form.Press("Make a key", "name", "", "scope_read", "yes", "networks", "here").Sees(http.StatusUnprocessableEntity, "Write addresses like")
		form.Press("Make a key", "name", "Backup", "scope_read", "").Sees(http.StatusUnprocessableEntity, "Choose at least one thing")
		form.Press("Make a key", "name", "Backup", "ends", "2020-01-01").Sees(http.StatusUnprocessableEntity, "must be in the future")
		form.Press("Make a key", "name", "Backup", "way", "signature").Sees(http.StatusUnprocessableEntity, "not a public key")
		made := form.Press("Make a key", "name", "Backup", "networks", "127.0.0.0/8", "ends", "2027-01-31").Sees(http.StatusOK, "Copy the key now", "Give the program its secret")
		value := shownKey.FindStringSubmatch(made.Body)
		if value == nil {
			t.Fatalf("no key: %s", made.Text())
		}
		id := made.Find(`action="/settings/api-keys/([^/"]+)/device/confirm"`)
		secret := made.Find(`id="key">([A-Z2-7 ]+)<`)
		program := domaintest.Scan(t, id, "otpauth://totp/x?secret="+strings.ReplaceAll(secret, " ", ""))
		made.Press("Verify", "code", program.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "isn’t valid")
		c.Get("/settings/api-keys").Sees(http.StatusOK, "No second factor").Lacks(value[1], "sak_").Click("Open").Sees(http.StatusOK, "Not confirmed", "worth nothing", "127.0.0.0/8", "1 February 2027").
			Click("Confirm").Press("Verify", "code", program.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "The codes count from now on")
		s.Clock.Advance(otp.DefaultPeriod)
		s.API(value[1]).With("Sallyport-OTP", program.Code(s.Clock.Now())).Must(t, 200, "GET /v1/me", nil)
		page := c.Get("/settings/api-keys/"+id).Sees(http.StatusOK, "127.0.0.1")
		page.Click("Register a public key").Press("Register", "public_key", "-----BEGIN PUBLIC KEY-----"+publicKey+"-----END PUBLIC KEY-----").Follow().
			Sees(http.StatusOK, "Calls signed with it count", publicKey)
		c.Get("/settings/api-keys/"+id+"/device/remove").Sees(http.StatusOK).Lacks("no other second factor").Press("Remove").Follow().Sees(http.StatusOK, "The codes count no more")
		c.Get("/settings/api-keys/"+id+"/public-key/remove").Sees(http.StatusOK, "worth nothing").Press("Remove").Follow().Sees(http.StatusOK, "The public key is removed")

		// Twenty minutes later a code is asked for first.
		s.Clock.Advance(20 * time.Minute)
		if p := c.Get("/settings/api-keys/new"); p.At() != "/settings/confirm" {
			t.Errorf("an old proof led to %s", p.Path)
		}
		if p := form.Press("Make a key", "name", "Other").Follow(); p.At() != "/settings/confirm" {
			t.Errorf("the form, with an old proof, led to %s", p.Path)
		}
		c.Get("/settings/api-keys").Click("Remove").Sees(http.StatusOK, "can’t be undone").Press("Remove").Follow().Sees(http.StatusOK, "The key is removed", "You have no API keys")
		c.Get("/settings/api-keys/"+id).Sees(http.StatusOK, "There is no such API key")
		told := toldOf(t, s, s.Ada)
		for kind, n := range map[outbox.Kind]int{outbox.KeyMade: 1, outbox.KeyChanged: 4, outbox.KeyRemoved: 1} {
			if told[kind] != n {
				t.Errorf("%q was mailed %d times, want %d: %v", kind, told[kind], n, told)
			}
		}
	})
}

// TestOthersKeys: an administrator sees a person's keys and ends one or all, and nobody reaches another's.
func TestOthersKeys(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		own, _ := s.Enrolled(t, apptest.Ada)
		boss := s.SignedInWith(t, apptest.Ada, own)
		one := keyOf(t, s, s.Grace)
		person := "/admin/users/" + s.Grace.ID
		for _, path := range []string{"", "/device", "/device/confirm", "/device/remove", "/public-key", "/public-key/remove", "/end"} {
			boss.Get("/settings/api-keys/"+one.ID+path).Sees(http.StatusOK, "There is no such API key")
			if path != "" {
				boss.Post("/settings/api-keys/"+one.ID+path, "code", "123456", "public_key", publicKey).Follow().Sees(http.StatusOK, "There is no such API key")
			}
		}
		boss.Get(person).Sees(http.StatusOK, "Backup", "reads your own things").Lacks("sak_")
		boss.Get(person+"/end-keys?key="+one.ID).Sees(http.StatusOK, "Backup").Press("End").Follow().Sees(http.StatusOK, "Ended, on every server").Lacks("end-keys")
		keyOf(t, s, s.Grace)
		boss.Get(person).Click("End all API keys").Press("End").Follow().Sees(http.StatusOK, "Ended, on every server")
		if told := toldOf(t, s, s.Grace); told[outbox.KeyRemoved] != 1 || told[outbox.KeysEnded] != 1 {
			t.Errorf("told %v", told)
		}
	})
}

// TestKeysForChecks: whoever administers makes a key for checks on the page, and nobody else is offered one.
func TestKeysForChecks(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrolled(t, apptest.Ada)
	c := s.SignedInWith(t, apptest.Ada, phone)
	c.Get("/settings/api-keys/new").Press("Make a key", "name", "Shop", "scope_read", "", "scope_checks", "yes").Sees(http.StatusOK, "Copy the key now")
	c.Get("/settings/api-keys").Sees(http.StatusOK, "Shop", "ask for the second factor of people")
	s.SignedIn(t, apptest.Grace).Get("/settings/api-keys/new").Sees(http.StatusOK, "Read your own things").Lacks("scope_checks")
}
