package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/apptest"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

// TestCheckByREST: a program asks for a check, verifies a code, and takes the result once, whose assertion is read by another's reading of the key set.
func TestCheckByREST(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		mine := newKey(t, s, s.Alan, false, "Shop", "checks")
		shop, other := s.API(mine.value), s.API(newKey(t, s, s.Alan, false, "Other", "checks").value)
		ask := map[string]any{"user": map[string]any{"id": "kay", "email": "kay@acme.test"}, "reference": "login-1"}
		made := shop.Must(t, 201, "POST /v1/checks", ask)
		if made.JSON["state"] != "set_up" || !strings.HasPrefix(made.JSON["url"].(string), s.App.Config.PublicURL.String()+"/check?token=") {
			t.Fatalf("made: %s", made.Raw)
		}
		kay, err := user.ByExternal(t.Context(), s.DB, s.Acme.ID, "kay")
		if err != nil {
			t.Fatal(err)
		}
		phone, _ := s.Enrol(t, kay)
		made = shop.Must(t, 201, "POST /v1/checks", ask)
		at := "/v1/checks/" + made.JSON["id"].(string)
		if a := shop.Call(t, "POST "+at+"/verify", map[string]any{"code": phone.Wrong(s.Clock.Now())}); a.Code() != "wrong_code" {
			t.Errorf("a wrong code: %s", a.Raw)
		}
		if a := shop.Call(t, "POST "+at+"/result", nil); a.Code() != "check_not_passed" {
			t.Errorf("too early: %s", a.Raw)
		}
		if a := shop.Must(t, 200, "POST "+at+"/verify", map[string]any{"code": phone.Code(s.Clock.Now())}); a.JSON["state"] != "passed" || a.JSON["token"] != nil {
			t.Errorf("a right code: %s", a.Raw)
		}
		if a := shop.Must(t, 200, "GET "+at, nil); a.JSON["state"] != "passed" || a.JSON["url"] != nil || a.JSON["reference"] != "login-1" {
			t.Errorf("passed, it says %s", a.Raw)
		}
		for _, call := range []string{"GET " + at, "POST " + at + "/result", "POST " + at + "/cancel"} {
			if a := other.Call(t, call, nil); a.Status != 404 || a.Code() != "check_not_found" {
				t.Errorf("another program: %s %s", call, a.Raw)
			}
		}
		result := shop.Must(t, 200, "POST "+at+"/result", nil)
		if a := shop.Call(t, "POST "+at+"/result", nil); a.Code() != "check_taken" {
			t.Errorf("a second time: %s", a.Raw)
		}
		assertion := result.JSON["assertion"].(string)
		answer, err := http.Get(s.URL + "/.well-known/jwks.json")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var keys jose.JSONWebKeySet
		if err := json.NewDecoder(answer.Body).Decode(&keys); err != nil {
			t.Fatal(err)
		}
		read := func(text string, now time.Time) (claims struct {
			jwt.Claims
			Nonce      string `json:"nonce"`
			ACR        string `json:"acr"`
			Check      string `json:"check"`
			ExternalID string `json:"external_id"`
		}, err error,
		) {
			token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.EdDSA})
			if err == nil {
				err = token.Claims(keys, &claims)
			}
			if err == nil {
				err = claims.ValidateWithLeeway(jwt.Expected{AnyAudience: jwt.Audience{mine.id}, Time: now}, 0)
			}
			return claims, err
		}
		c, err := read(assertion, s.Clock.Now())
		if err != nil || c.Nonce != "login-1" || c.ACR != "aal2" || c.ExternalID != "kay" || c.Subject != kay.ID || "/v1/checks/"+c.Check != at {
			t.Errorf("assertion: %+v, %v", c, err)
		}
		if _, err := read(assertion, s.Clock.Now().Add(2*time.Minute)); err == nil {
			t.Error("late, it counts")
		}
		parts := strings.Split(assertion, ".")
		if _, err := read(parts[0]+"."+parts[1][:len(parts[1])-2]+"AA."+parts[2], s.Clock.Now()); err == nil {
			t.Error("changed, it counts")
		}
	})
}

// TestCheckSendsAndCancels: a code goes to the person's mailbox and passes the check; a check that is called off is over.
func TestCheckSendsAndCancels(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		shop := s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value)
		ask := map[string]any{"user": map[string]any{"id": "kay", "email": "kay@acme.test"}}
		shop.Must(t, 201, "POST /v1/checks", ask)
		kay, err := user.ByExternal(t.Context(), s.DB, s.Acme.ID, "kay")
		if err != nil {
			t.Fatal(err)
		}
		mailbox := s.AddAddress(t, kay, factor.Email, "codes@acme.test")

		at := "/v1/checks/" + shop.Must(t, 201, "POST /v1/checks", ask).JSON["id"].(string)
		send := map[string]any{"method": mailbox.ID}
		shop.Must(t, 202, "POST "+at+"/send", send)
		if a := shop.Call(t, "POST "+at+"/send", send); a.Status != 429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("again at once: %d %s", a.Status, a.Raw)
		}
		code := sixDigits.FindString(s.Mail(t, "codes@acme.test").Text)
		if a := shop.Must(t, 200, "POST "+at+"/verify", map[string]any{"code": code}); a.JSON["state"] != "passed" {
			t.Errorf("the code that was sent: %s", a.Raw)
		}
		if a := shop.Must(t, 200, "POST "+at+"/result", nil); a.JSON["method"] != "email" {
			t.Errorf("result: %s", a.Raw)
		}

		at = "/v1/checks/" + shop.Must(t, 201, "POST /v1/checks", ask).JSON["id"].(string)
		shop.Must(t, 204, "POST "+at+"/cancel", nil)
		shop.Must(t, 204, "POST "+at+"/cancel", nil) // it is over already
		if a := shop.Must(t, 200, "GET "+at, nil); a.JSON["state"] != "cancelled" {
			t.Errorf("cancelled, it says %s", a.Raw)
		}
		for _, call := range []string{"/send", "/verify", "/result"} {
			body := map[string]map[string]any{"/send": send, "/verify": {"code": "123456"}}[call]
			var sent any
			if body != nil {
				sent = body
			}
			if a := shop.Call(t, "POST "+at+call, sent); a.Code() != "check_over" {
				t.Errorf("%s of one that was cancelled: %s", call, a.Raw)
			}
		}
	}, apptest.WithInbox)
}
