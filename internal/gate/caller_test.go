package gate_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpsig"
	"sallyport/internal/machine"
)

// program is a key of Grace's.
type program struct {
	apikey.Key
	value string
	phone domaintest.Phone
	pair  crypto.Signer
}

func makeKey(t *testing.T, s *apptest.Server, device, pair bool, n apikey.New) program {
	t.Helper()
	b := s.Browse(t, s.Grace)
	n.Name += "Program"
	if n.Scopes == nil {
		n.Scopes = []apikey.Scope{apikey.Read}
	}
	var p program
	if pair {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		n.PublicKey, p.pair = base64.StdEncoding.EncodeToString(der), private
	}
	m, err := s.Machines.Make(t.Context(), b.Signed, machine.NewKey{New: n, Device: device}, domaintest.Password, b.As())
	if err != nil {
		t.Fatal(err)
	}
	p.Key, p.value = m.Key, m.Value
	if device {
		p.phone = domaintest.Scan(t, m.Device.Factor.ID, m.Device.URI)
		if err := s.Machines.ConfirmDevice(t.Context(), b.Signed, m.Key.ID, p.phone.Code(s.Clock.Now()), b.As()); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(30 * time.Second)
	}
	return p
}

func bearer(value string) string { return "Authorization: Bearer " + value }

// signed are the headers of a request that the key signs.
func (p program) signed(t *testing.T, s *apptest.Server, method, target, body string, components ...string) []string {
	t.Helper()
	m := httpsig.Message{Method: method, TargetURI: target, Header: map[string][]string{"Authorization": {"Bearer " + p.value}}, Body: []byte(body)}
	headers, err := httpsig.Sign(m, httpsig.Params{Components: append([]string{"@method", "@target-uri", "authorization"}, components...), KeyID: p.ID, Created: s.Clock.Now(), Tag: httpsig.Tag}, p.pair)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{bearer(p.value)}
	for name, value := range headers {
		lines = append(lines, name+": "+value)
	}
	return lines
}

// token exchanges the key and a code.
func (p program) token(t *testing.T, s *apptest.Server) string {
	t.Helper()
	value, _, err := s.Machines.Token(t.Context(), machine.Grant{Key: p.value, Code: p.phone.Code(s.Clock.Now()), By: domaintest.By})
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(30 * time.Second)
	return value
}

// TestCallers: programs pass the door by every way of the REST interface, each proof once, and by none that is weaker.
func TestCallers(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		p := makeKey(t, s, true, true, apikey.New{})
		refused(t, "the key alone", ask(t, s, dashboard, "", bearer(p.value)), 401, "second_factor_required")
		code := p.phone.Code(s.Clock.Now())
		a := ask(t, s, dashboard, "level=aal2&max_age=60", bearer(p.value), "Sallyport-Otp: "+code)
		passes(t, "with a code", a, s.Grace.ID)
		if amr := a.Header.Get("Remote-Amr"); amr != "api_key,otp,mfa" {
			t.Errorf("amr %q", amr)
		}
		refused(t, "with the same code", ask(t, s, dashboard, "", bearer(p.value), "Sallyport-Otp: "+code), 401, "used_code")
		refused(t, "with a wrong code", ask(t, s, dashboard, "", bearer(p.value), "Sallyport-Otp: "+p.phone.Wrong(s.Clock.Now())), 401, "wrong_code")
		s.Clock.Advance(30 * time.Second)
		refused(t, "with two codes", ask(t, s, dashboard, "", bearer(p.value), "Sallyport-Otp: "+p.phone.Code(s.Clock.Now()), "Sallyport-Otp: 123456"), 422, "credentials_mixed")

		token := p.token(t, s)
		passes(t, "an access token", ask(t, s, dashboard, "level=aal2", bearer(token)), s.Grace.ID)
		passes(t, "an access token at the other program", ask(t, s, wiki, "level=aal2&max_age=60", bearer(token)), s.Grace.ID)
		refused(t, "an access token and a code", ask(t, s, dashboard, "", bearer(token), "Sallyport-Otp: 123456"), 422, "credentials_mixed")
		s.Clock.Advance(61 * time.Second)
		refused(t, "an access token that is too old for this", ask(t, s, dashboard, "max_age=60", bearer(token)), 401, "sign_in_too_old")
		passes(t, "an access token of any age", ask(t, s, dashboard, "", bearer(token)), s.Grace.ID)
		refused(t, "an administrator’s address", ask(t, s, dashboard, "roles=admin", bearer(token)), 403, "door_role")
		s.Clock.Advance(apikey.TokenFor)
		refused(t, "an access token after its end", ask(t, s, dashboard, "", bearer(token)), 401, "invalid_token")

		plain := bearer(makeKey(t, s, false, false, apikey.New{Name: "Plain "}).value)
		passes(t, "a key of somebody who owes no second factor", ask(t, s, dashboard, "", plain), s.Grace.ID)
		for _, query := range []string{"level=aal2", "max_age=900"} {
			refused(t, "that key with "+query, ask(t, s, dashboard, query, plain), 401, "second_factor_required")
		}

		ada := s.Browse(t, s.Ada)
		passes(t, "a session’s token", ask(t, s, dashboard, "", bearer(ada.Cookie)), s.Ada.ID)
		refused(t, "a session’s token and a code", ask(t, s, dashboard, "", bearer(ada.Cookie), "Sallyport-Otp: 123456"), 422, "credentials_mixed")
		refused(t, "a session’s token below the level", ask(t, s, dashboard, "level=aal2", bearer(ada.Cookie)), 403, "second_factor_required")
	})
}

// TestSignedRequests: the signature is over the request that the proxy asks about.
func TestSignedRequests(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		p := makeKey(t, s, false, true, apikey.New{})
		at := dashboard + "/reports?year=2026" // as ask says
		lines := p.signed(t, s, "GET", at, "")
		passes(t, "signed", ask(t, s, dashboard, "level=aal2&max_age=60", lines...), s.Grace.ID)
		refused(t, "signed, again", ask(t, s, dashboard, "", lines...), 401, "signature_replayed")
		for what, c := range map[string]struct{ method, target string }{
			"another path":           {"GET", dashboard + "/reports"},
			"another site":           {"GET", wiki + "/reports?year=2026"},
			"another method":         {"POST", at},
			"the door’s own address": {"GET", s.URL + "/forward-auth"},
		} {
			refused(t, what, ask(t, s, dashboard, "", p.signed(t, s, c.method, c.target, "")...), 401, "signature_wrong")
		}
		post := func(extra string, lines []string) answer {
			return put(t, s, "", append([]string{"X-Original-URL: " + at, "X-Original-Method: POST", extra}, lines...)...)
		}
		passes(t, "a post with its digest", post("Accept: */*", p.signed(t, s, "POST", at, "a=1", "content-digest")), s.Grace.ID)
		refused(t, "a post without", post("Accept: */*", p.signed(t, s, "POST", at, "")), 401, "signature_coverage")
		refused(t, "a post with a digest that nobody signed", post("Content-Digest: "+httpsig.ContentDigest([]byte("a=2")), p.signed(t, s, "POST", at, "")), 401, "signature_coverage")
		swapped := slices.DeleteFunc(p.signed(t, s, "POST", at, "a=1", "content-digest"), func(l string) bool { return l[:3] == "Con" })
		refused(t, "a post with another digest", post("Content-Digest: "+httpsig.ContentDigest([]byte("a=2")), swapped), 401, "signature_wrong")
		refused(t, "a get with a digest that nobody signed", ask(t, s, dashboard, "", append(p.signed(t, s, "GET", at, ""), "Content-Digest: "+httpsig.ContentDigest(nil))...), 401, "signature_coverage")
		old := p.signed(t, s, "GET", at, "")
		s.Clock.Advance(90 * time.Second)
		refused(t, "with a clock that is 90 seconds behind", ask(t, s, dashboard, "", old...), 401, "signature_created")
		s.Clock.Advance(-180 * time.Second)
		refused(t, "with a clock that is 90 seconds ahead", ask(t, s, dashboard, "", old...), 401, "signature_created")
	})
}

// TestCallersNetworks: a key that may be used from some addresses only is judged by the client's, and only a trusted proxy says which that is.
func TestCallersNetworks(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors, func(c *config.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	p := makeKey(t, s, false, true, apikey.New{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	sign := func() []string { return p.signed(t, s, "GET", dashboard+"/reports?year=2026", "") }
	passes(t, "from there", ask(t, s, dashboard, "", append(sign(), "X-Forwarded-For: 192.0.2.7")...), s.Grace.ID)
	for _, from := range []string{"198.51.100.1", "192.0.2.7, 198.51.100.1", "127.0.0.1", ""} {
		refused(t, "from "+from, ask(t, s, dashboard, "", append(sign(), "X-Forwarded-For: "+from)...), 403, "key_network")
	}
	other := s.Another(t, doors) // trusts nobody
	refused(t, "from somebody who says so", ask(t, other, dashboard, "", append(sign(), "X-Forwarded-For: 192.0.2.7")...), 403, "key_network")

	writes := makeKey(t, s, true, false, apikey.New{Name: "Another ", Scopes: []apikey.Scope{apikey.Factors}})
	refused(t, "without the scope", ask(t, s, dashboard, "", bearer(writes.token(t, s))), 403, "scope_missing")
}

// TestOneCredential: a credential of ours in the header decides alone, right or wrong; others are the program's.
func TestOneCredential(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	grace, ada := s.Browse(t, s.Grace), s.Browse(t, s.Ada)
	pass := door(enter(t, s, grace, dashboard))
	passes(t, "a pass and Ada’s token", ask(t, s, dashboard, "", pass, bearer(ada.Cookie)), s.Ada.ID)
	s.Clock.Advance(time.Second)
	if err := s.Sessions.SignOut(t.Context(), ada.Signed, ada.As()); err != nil {
		t.Fatal(err)
	}
	refused(t, "a pass and a token that has ended", ask(t, s, dashboard, "", pass, bearer(ada.Cookie)), 401, "not_signed_in")
	refused(t, "a pass and no key of ours", ask(t, s, dashboard, "", pass, bearer("sak_x")), 401, "invalid_key")
	refused(t, "a pass and two credentials", ask(t, s, dashboard, "", pass, bearer(grace.Cookie), "Authorization: Basic YTpi"), 422, "credentials_mixed")
	for _, foreign := range []string{"Authorization: Basic YTpi", bearer("eyJhbGciOiJub25lIn0.e30.AAAA"), bearer("ghp_0123456789"), "Authorization: AWS4-HMAC-SHA256 Credential=x", "Authorization: x", "Authorization: "} {
		passes(t, "a pass and the program’s "+foreign, ask(t, s, dashboard, "", pass, foreign), s.Grace.ID)
		refused(t, "the program’s "+foreign, ask(t, s, dashboard, "", foreign), http.StatusUnauthorized, "not_signed_in")
	}
}
