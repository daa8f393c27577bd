package client_test

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"sallyport/client"
	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// address is where the server says it is: signatures are judged by that.
func address(s *apptest.Server) string { return s.App.Config.PublicURL.String() }

// as is a client of s, whose clock it shares.
func as(t *testing.T, s *apptest.Server, c client.Credentials) *client.Client {
	t.Helper()
	made, err := client.New(address(s), c, client.WithClock(s.Clock.Now))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// person is a client with a session of u's, whose second factor was proved just now if they have one.
func person(t *testing.T, s *apptest.Server, u user.User) *client.Client {
	t.Helper()
	return as(t, s, client.Session(s.Browse(t, u).Cookie))
}

// newPair is a key pair, the public key as a text.
func newPair(tb testing.TB) (public string, private ed25519.PrivateKey) {
	tb.Helper()
	open, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(open)
	if err != nil {
		tb.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der), private
}

// newKey makes an API key of u's with a device and a key pair.
func newKey(t *testing.T, s *apptest.Server, u user.User, scopes ...string) (key string, code client.CodeFunc, pair ed25519.PrivateKey) {
	t.Helper()
	text, pair := newPair(t)
	p := person(t, s, u)
	made, err := p.CreateAPIKey(t.Context(), client.NewAPIKey{
		Name: "Nightly", Scopes: scopes, Device: true, PublicKey: text, Password: apptest.Password,
	})
	if err != nil {
		t.Fatal(err)
	}
	phone := domaintest.Scan(t, made.ID, made.Enrolment.URI)
	if err := p.ConfirmAPIKeyDevice(t.Context(), made.ID, phone.Code(s.Clock.Now())); err != nil {
		t.Fatal(err)
	}
	return made.Key, func(context.Context) (string, error) {
		s.Clock.Advance(30 * time.Second) // a code is there once
		return phone.Code(s.Clock.Now()), nil
	}, pair
}

// TestWaysOfPrograms calls with a key in each way that there is.
func TestWaysOfPrograms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		key, code, pair := newKey(t, s, s.Ada, "read", "admin")
		var e *client.Error
		if _, err := as(t, s, client.Key(key)).GetMe(t.Context()); !errors.As(err, &e) || e.Status != 401 || e.Code != "second_factor_required" || len(e.How) != 3 || e.RequestID == "" {
			t.Errorf("a key alone: %+v", e)
		}
		signed, err := client.SignedKey(key, pair)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]client.Credentials{
			"token": client.KeyForToken(key, code), "narrow token": client.KeyForToken(key, code, "read"), "code": client.KeyWithCode(key, code), "signed": signed,
		} {
			c := as(t, s, c)
			for range 2 { // each of them twice: nothing is used up that another call needs
				me, err := c.GetMe(t.Context())
				if err != nil || me.Email != apptest.Ada || me.Level != "aal2" {
					t.Errorf("%s: %+v, %v", name, me, err)
				}
			}
			wide := ""
			if name == "narrow token" {
				wide = "scope_missing"
			}
			if _, err := c.ListUsers(t.Context(), client.UserQuery{}); client.Code(err) != wide {
				t.Errorf("%s: %v", name, err)
			}
			u, err := c.UpdateUser(t.Context(), s.Grace.ID, client.UpdateUserRequest{Locked: new(bool)}) // a body, which a signature covers
			if client.Code(err) != wide || wide == "" && (u.Email != apptest.Grace || u.Locked) {
				t.Errorf("%s: %+v, %v", name, u, err)
			}
		}
		// A token that has ended in the meantime is replaced, and nobody notices.
		c := as(t, s, client.KeyForToken(key, code))
		if _, err := c.GetMe(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := person(t, s, s.Alan).EndSession(t.Context(), "nothing"); client.Code(err) == "" {
			t.Errorf("somebody else’s session was ended: %v", err)
		}
		s.Clock.Advance(time.Hour)
		if _, err := c.GetMe(t.Context()); err != nil {
			t.Error(err)
		}
		// Any client of HTTP calls through the transport.
		plain := &http.Client{Transport: &client.Transport{Server: address(s), Credentials: signed, Now: s.Clock.Now}}
		res, err := plain.Get(address(s) + "/v1/me?")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%d %s %v", res.StatusCode, raw, err)
		}
	})
}

// TestPersonSignsIn goes from the password to a device of one's own, and on under each new token.
func TestPersonSignsIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		ctx := t.Context()
		nobody := as(t, s, nil)
		if _, err := nobody.SignIn(ctx, client.SignInRequest{Email: apptest.Grace, Password: "wrong"}); client.Code(err) != "wrong_credentials" {
			t.Errorf("a wrong password: %v", err)
		}
		in, err := nobody.SignIn(ctx, client.SignInRequest{Email: apptest.Grace, Password: apptest.Password})
		if err != nil || in.State != "signed_in" {
			t.Fatalf("%+v, %v", in, err)
		}
		c := as(t, s, client.Session(in.Token))
		e, err := c.AddFactor(ctx, client.AddFactorRequest{Kind: "totp", Name: "My Phone", Password: apptest.Password})
		if err != nil {
			t.Fatal(err)
		}
		phone := domaintest.Scan(t, e.ID, e.URI)
		done, err := c.ConfirmFactor(ctx, e.ID, client.ConfirmFactorRequest{Code: phone.Code(s.Clock.Now())})
		if err != nil || len(done.BackupCodes) != 10 || done.Session == nil {
			t.Fatalf("%+v, %v", done, err)
		}
		me, err := c.GetMe(ctx)
		if err != nil || me.Level != "aal2" || !me.TwoFactor.On {
			t.Errorf("under the new token: %+v, %v", me, err)
		}
		if err := c.SignOut(ctx); err != nil {
			t.Error(err)
		}
		s.Clock.Advance(30 * time.Second)
		in, err = nobody.SignIn(ctx, client.SignInRequest{Account: "acme", Email: apptest.Grace, Password: apptest.Password})
		if err != nil || in.State != "second_factor" || len(in.Methods) != 1 || in.Token != "" {
			t.Fatalf("%+v, %v", in, err)
		}
		in, err = nobody.VerifySignIn(ctx, client.VerifyRequest{Pending: in.Pending, Method: in.Methods[0].ID, Code: phone.Code(s.Clock.Now())})
		if err != nil || in.State != "signed_in" || in.Token == "" {
			t.Errorf("%+v, %v", in, err)
		}
	})
}

// TestAdministrator looks after an account.
func TestAdministrator(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		ctx := t.Context()
		s.Enrol(t, s.Ada)
		c := person(t, s, s.Ada)
		var emails []string
		for u, err := range c.Users(ctx, client.UserQuery{Page: client.Page{Limit: 1}}) {
			if err != nil {
				t.Fatal(err)
			}
			emails = append(emails, u.Email)
		}
		if len(emails) != 3 || emails[0] != apptest.Ada || emails[2] != apptest.Grace {
			t.Errorf("%v", emails)
		}
		for _, err := range c.Users(ctx, client.UserQuery{Page: client.Page{Cursor: "forged"}}) {
			if client.Code(err) != "invalid_cursor" {
				t.Errorf("a forged cursor: %v", err)
			}
		}
		on, err := c.ListUsers(ctx, client.UserQuery{SecondFactor: "on"})
		if err != nil || len(on.Items) != 1 || on.Items[0].Email != apptest.Ada || on.Next != "" {
			t.Errorf("%+v, %v", on, err)
		}
		yes, days := true, 7
		u, err := c.UpdateUser(ctx, s.Grace.ID, client.UpdateUserRequest{Locked: &yes})
		if err != nil || !u.Locked {
			t.Errorf("%+v, %v", u, err)
		}
		required := "required"
		p, err := c.UpdatePolicy(ctx, client.PolicyChange{Enforcement: &required, GraceDays: &days, SMSCountries: []string{"AT"}})
		if err != nil || p.Enforcement != "required" || p.GraceDays != 7 || len(p.SMSCountries) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		if p, err = c.UpdatePolicy(ctx, client.PolicyChange{SMSCountries: []string{}}); err != nil || p.GraceDays != 7 || len(p.SMSCountries) != 0 {
			t.Errorf("what is emptied: %+v, %v", p, err)
		}
		count := 0
		for event, err := range c.AuditEvents(ctx, client.AuditQuery{Page: client.Page{Limit: 2}, Person: apptest.Grace}) {
			if err != nil {
				t.Fatal(err)
			}
			if event.Action == "user.locked" && event.Actor.Email == apptest.Ada {
				count++
			}
		}
		if count != 1 {
			t.Errorf("the record has %d such events", count)
		}
	})
}
