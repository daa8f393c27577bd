package api_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpsig"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// bound is a key of an owner's with a device and a key pair of its own.
type bound struct {
	program
	private ed25519.PrivateKey
}

// bind gives a key of Ada's both second factors.
func bind(t *testing.T, person *apptest.API, s *apptest.Server, id, value string) bound {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	at := "/v1/me/api-keys/" + id
	begun := person.Must(t, 201, "POST "+at+"/device", nil)
	b := bound{program{id: id, value: value, phone: domaintest.Scan(t, id, text(begun, "uri"))}, private}
	person.Must(t, 204, "POST "+at+"/device/confirm", object{"code": b.code(s)})
	person.Must(t, 204, "PUT "+at+"/public-key", object{"public_key": base64.StdEncoding.EncodeToString(der)})
	return b
}

// sign makes the headers that sign a call, changed in a way.
func (b bound) sign(t *testing.T, s *apptest.Server, call string, body any, change func(*httpsig.Params)) map[string]string {
	t.Helper()
	method, path, _ := strings.Cut(call, " ")
	m := httpsig.Message{Method: method, TargetURI: s.App.Config.PublicURL.String() + path, Header: map[string][]string{"Authorization": {"Bearer " + b.value}, "X-Seen": {"1"}}}
	p := httpsig.Params{Components: []string{"@method", "@target-uri", "authorization"}, KeyID: b.id, Created: s.Clock.Now(), Tag: httpsig.Tag}
	if body != nil {
		m.Body = []byte(body.(string))
		p.Components = append(p.Components, "content-digest")
	}
	change(&p)
	header, err := httpsig.Sign(m, p, b.private)
	if err != nil {
		t.Fatal(err)
	}
	return header
}

// with is the key's caller with those headers.
func (b bound) with(s *apptest.Server, header map[string]string) *apptest.API {
	a := s.API(b.value).With("X-Seen", "1")
	for name, value := range header {
		a = a.With(name, value)
	}
	return a
}

// TestNaturesOfKeys: what the document says of all calls that programs make, each of them refuses.
func TestNaturesOfKeys(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	person := owner(t, s)
	made := person.Must(t, 201, "POST /v1/me/api-keys", object{"name": "All", "scopes": []string{"read", "factors", "admin", "checks"}})
	usual := bind(t, person, s, text(made, "id"), text(made, "key"))
	ada, err := user.Get(t.Context(), s.DB, s.Acme.ID, s.Ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Machines.OperatorMake(t.Context(), ada, apikey.New{Name: "Operator", Scopes: []apikey.Scope{apikey.Operator}})
	if err != nil {
		t.Fatal(err)
	}
	operators := bind(t, person, s, m.Key.ID, m.Value)
	s.Clock.Advance(30 * time.Second)
	const nonce = "used-once-and-never-again"
	for b, call := range map[*bound]string{&usual: "GET /v1/me", &operators: "GET /v1/accounts"} {
		b.call(s, b.code(s)).Must(t, 200, call, nil)
		b.with(s, b.sign(t, s, call, nil, func(p *httpsig.Params) { p.Nonce = nonce })).Must(t, 200, call, nil)
	}
	failures := func(n int64, blocked time.Duration) {
		execute(t, s, db.Write(`UPDATE factors SET failures = $1, blocked_until = $2 WHERE user_id LIKE 'key_%'`, n, db.At(s.Clock.Now().Add(blocked))))
	}
	as := func(*httpsig.Params) {}
	for _, rt := range table(t, s) {
		if rt.scope() == "" {
			continue
		}
		b := usual
		if rt.Scope == httpx.Operator {
			b = operators
		}
		call, body := rt.call(t)
		refused(t, b.call(s, "").Call(t, call, body), 401, "second_factor_required")
		refused(t, b.call(s, "1").Call(t, call, body), 401, "malformed_code")
		refused(t, b.call(s, b.code(s)).Call(t, call, body), 401, "used_code")
		refused(t, b.call(s, b.phone.Wrong(s.Clock.Now())).Call(t, call, body), 401, "wrong_code")
		failures(5, time.Minute)
		refused(t, b.call(s, "123456").Call(t, call, body), 429, "too_many_attempts")
		failures(throttle.Lock, 0)
		refused(t, b.call(s, "123456").Call(t, call, body), 429, "factor_locked")
		failures(0, 0)
		input := func(edit func(string) string) map[string]string {
			header := b.sign(t, s, call, body, as)
			header["Signature-Input"] = edit(header["Signature-Input"])
			return header
		}
		digest := b.sign(t, s, call, body, func(p *httpsig.Params) {
			if body == nil {
				p.Components = append(p.Components, "content-digest")
			}
		})
		digest["Content-Digest"] = httpsig.ContentDigest([]byte("another"))
		for code, header := range map[string]map[string]string{
			"signature_malformed":  input(func(string) string { return "?" }),
			"signature_count":      input(func(is string) string { return is + ", other=" + is[strings.Index(is, "("):] }),
			"signature_component":  input(func(is string) string { return strings.Replace(is, "(", `("x-none" `, 1) }),
			"signature_algorithm":  input(func(is string) string { return is + `;alg="ecdsa-p256-sha256"` }),
			"signature_expired":    input(func(is string) string { return is + ";expires=1" }),
			"signature_coverage":   b.sign(t, s, call, body, func(p *httpsig.Params) { p.Components = p.Components[:2] }),
			"signature_tag":        b.sign(t, s, call, body, func(p *httpsig.Params) { p.Tag = "other" }),
			"signature_created":    b.sign(t, s, call, body, func(p *httpsig.Params) { p.Created = p.Created.Add(-2 * time.Minute) }),
			"signature_nonce":      b.sign(t, s, call, body, func(p *httpsig.Params) { p.Nonce = "short" }),
			"signature_wrong":      b.sign(t, s, call+"/elsewhere", body, as),
			"signature_replayed":   b.sign(t, s, call, body, func(p *httpsig.Params) { p.Nonce = nonce }),
			"content_digest_wrong": digest,
		} {
			refused(t, b.with(s, header).Call(t, call, body), 401, code)
		}
		seen := b.sign(t, s, call, body, func(p *httpsig.Params) { p.Components = append(p.Components, "x-seen") })
		refused(t, b.with(s, seen).Also("X-Seen", "2").Call(t, call, body), 401, "signature_field_repeated")
	}
}

// TestNaturesOfCallers: what the document says of all calls that need a credential, each of them refuses; and so those of administrators.
func TestNaturesOfCallers(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	hedy := s.AddUser(t, s.Acme, "hedy@acme.test", "Hedy", user.Admin)
	phone, _ := s.Enrol(t, s.Ada)
	adas := session(t, s, s.Ada)
	made := func(by *apptest.API, more object) *apptest.API {
		return s.API(text(by.Must(t, 201, "POST /v1/me/api-keys", with(more, "scopes", []string{"read"})), "key"))
	}
	elsewhere := made(adas, object{"name": "Elsewhere", "networks": []string{"192.0.2.7"}})
	expired := made(adas, object{"name": "Expired", "expires_at": s.Clock.Now().Add(time.Minute).Format(time.RFC3339)})
	owes := session(t, s, hedy)
	_, trusted := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
	s.Clock.Advance(time.Hour / 2)
	step, err := s.SignInTrusted(s.Ada, trusted, apptest.Password, domaintest.From(domaintest.Firefox))
	if err != nil || step.Trusted == "" {
		t.Fatalf("%+v, %v", step, err)
	}
	spared := s.API(step.Cookie)
	weak := session(t, s, s.Alan)
	routes := table(t, s)
	for _, rt := range routes {
		if rt.Level < httpx.AAL1 {
			continue
		}
		call, body := rt.call(t)
		refused(t, elsewhere.Call(t, call, body), 403, "key_network")
		refused(t, expired.Call(t, call, body), 401, "key_expired")
		refused(t, adas.Also("Sallyport-OTP", "1").Also("Sallyport-OTP", "2").Call(t, call, body), 422, "credentials_mixed")
		if rt.Level == httpx.AAL2 && rt.Scope != httpx.Operator {
			refused(t, weak.Call(t, call, body), 403, "second_factor_required")
		}
		if rt.Scope == httpx.Account && rt.Level == httpx.AAL2 || rt.Fresh == httpx.Recent || rt.Fresh == httpx.Whole {
			refused(t, spared.Call(t, call, body), 401, "factor_needed")
		}
	}
	s.SetPolicy(t, "enforcement_admins=required")
	s.Clock.Advance(time.Second)
	for _, rt := range routes {
		if rt.Level >= httpx.AAL1 {
			call, body := rt.call(t)
			refused(t, owes.Call(t, call, body), 401, "set_up_required")
		}
	}
}

// TestNaturesOfLimits: each call counts, and each is refused when there were too many.
func TestNaturesOfLimits(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.APIRate = 3 })
	routes := table(t, s)
	for range 3 {
		s.API("").Call(t, "GET /v1/me", nil)
	}
	for _, rt := range routes {
		call, body := rt.call(t)
		by := s.API("")
		if rt.Form {
			by = by.With("Content-Type", "application/x-www-form-urlencoded")
		}
		refused(t, by.Call(t, call, body), 429, "rate_limited")
	}
}

// TestNaturesOfRepeating: each call that can be repeated says why it is not done once more.
func TestNaturesOfRepeating(t *testing.T) {
	key, operator := withOperator(t)
	s := apptest.Start(t, dbtest.SQLite(t), operator)
	s.Enrol(t, s.Ada)
	b := s.Browse(t, s.Ada)
	n := 0
	for _, rt := range table(t, s) {
		if rt.op.Parameters.GetByInAndName("header", "Idempotency-Key") == nil {
			continue
		}
		n++
		by, account, who := s.API(b.Cookie), b.Signed.AccountID, b.Signed.ID
		if rt.Scope == httpx.Operator || rt.Scope == httpx.Program {
			by, account, who = s.API(key), "", "operator"
		}
		call, body := rt.call(t)
		method, path, _ := strings.Cut(call, " ")
		sent := ""
		if body != nil {
			sent = body.(string)
		}
		begin := func(name, body string) {
			t.Helper()
			named, err := idempotency.New(account, who, name, method, path, body)
			if err != nil {
				t.Fatal(err)
			}
			if _, before, err := s.App.Once.Begin(t.Context(), named, time.Minute, time.Hour); err != nil || before != nil {
				t.Fatal(before, err)
			}
		}
		begin(rt.op.OperationID+"-running", sent)
		begin(rt.op.OperationID+"-other", "another")
		refused(t, by.With("Idempotency-Key", "with a blank").Call(t, call, body), 422, "idempotency_key_invalid")
		refused(t, by.With("Idempotency-Key", rt.op.OperationID+"-other").Call(t, call, body), 422, "idempotency_mismatch")
		refused(t, by.With("Idempotency-Key", rt.op.OperationID+"-running").Call(t, call, body), 409, "idempotency_running")
		execute(t, s, db.Write(`UPDATE idempotent_calls SET begun_at = begun_at - $1`, time.Hour.Microseconds()))
		refused(t, by.With("Idempotency-Key", rt.op.OperationID+"-running").Call(t, call, body), 409, "idempotency_unknown")
	}
	if n < 8 {
		t.Errorf("only %d calls", n)
	}
}
