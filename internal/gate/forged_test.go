package gate_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
)

// raw asks with a request written byte by byte, so that no client tidies it up.
func raw(t *testing.T, s *apptest.Server, lines ...string) answer {
	t.Helper()
	c, err := net.DialTimeout("tcp", strings.TrimPrefix(s.URL, "http://"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(time.Minute)) // else a server that does not answer hangs the test
	request := "GET " + gate.Path + " HTTP/1.1\r\nHost: sallyport.internal\r\n" + strings.Join(lines, "\r\n") + "\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(body)}
}

// forged are sets of headers that a client can send through a proxy, or to the server itself (security.md B88).
func forged(ada stolen) [][]string {
	return [][]string{
		// Who one is, in every spelling.
		{"Remote-User: " + ada.user},
		{"remote-user: " + ada.user},
		{"REMOTE-USER: " + ada.user},
		{"rEmOtE-uSeR: " + ada.user},
		{"Remote_User: " + ada.user},
		{"REMOTE_USER: " + ada.user},
		{"remote_user: " + ada.user, "Remote-User: " + ada.user},
		{"Remote.User: " + ada.user},
		{"Remote-User: " + ada.user, "Remote-User: " + ada.user},
		{"Remote-User: , " + ada.user},
		{"Remote-User:"},
		{"Remote-User: %00" + ada.user},
		{"HTTP_REMOTE_USER: " + ada.user},
		{"X-Remote-User: " + ada.user},
		{"X-Forwarded-User: " + ada.user},
		{"X-Auth-Request-User: " + ada.user},
		{"X-WEBAUTH-USER: " + apptest.Ada},
		{"X-Authenticated-User: " + ada.user},
		{"X-User: " + ada.user},
		{"X-Authentik-Username: " + apptest.Ada},
		{"Remote-Email: " + apptest.Ada},
		{"Remote-Roles: owner"},
		{"Remote-Groups: owner"},
		{"Remote-Account: acme"},
		{"Remote-Amr: pwd,otp,mfa"},
		{"Remote-User: " + ada.user, "Remote-Email: " + apptest.Ada, "Remote-Account: acme", "Remote-Roles: owner", "Remote-Amr: pwd,otp,mfa", "Sallyport-Assertion: " + ada.assertion},
		{"Sallyport-Assertion: " + ada.assertion},
		{"sallyport_assertion: " + ada.assertion},
		{"Authorization: Bearer " + ada.assertion},
		{"X-Forwarded-Access-Token: " + ada.assertion},
		// Programs' own credentials, which the door leaves to them.
		{"Authorization: Basic YWRhOmFkYQ=="},
		{"Authorization: Digest username=\"" + apptest.Ada + "\""},
		{"Authorization: Bearer"},
		{"Proxy-Authorization: Bearer " + ada.session},
		// Where one is: another site, the server's own, or none.
		{"X-Original-URL: " + wiki + "/"},
		{"X-Original-Url: https://login.acme.test/"},
		{"X_Original_URL: " + wiki + "/"},
		{"X-Original-URL: https://ada@app.acme.test/"},
		{"X-Original-URL: https://app.acme.test@evil.test/"},
		{"X-Original-URL: https://app.acme.test/#/../"},
		{"X-Original-URL: https:\\\\app.acme.test/"},
		{"X-Original-URL: //app.acme.test/"},
		{"X-Original-URL: https://app.acme.test"},
		{"X-Original-URL: javascript://app.acme.test/"},
		{"X-Original-URL: https://app.acme.test:444/"},
		{"X-Original-URL: https://app.acme.test./"},
		{"X-Original-URL: https://app。acme。test/"},
		{"X-Original-URL: " + dashboard + "/", "X-Original-URL: " + wiki + "/"},
		{"X-Forwarded-Host: wiki.acme.test:8443"},
		{"X-Forwarded-Host: app.acme.test, wiki.acme.test:8443"},
		{"x-forwarded-host: evil.test"},
		{"X-Forwarded-Proto: http"},
		{"X-Forwarded-Proto: https,http"},
		{"X-Forwarded-Uri: /public"},
		{"X-Forwarded-Uri: //evil.test/"},
		{"X-Forwarded-Method: OPTIONS"},
		{"X-Original-Method: OPTIONS"},
		{"X-HTTP-Method-Override: OPTIONS"},
		{"X-Method-Override: HEAD"},
		{"X-Rewrite-URL: /healthz"},
		{"X-Forwarded-Path: /healthz"},
		{"X-Forwarded-Prefix: /public"},
		{"X-Forwarded-Server: wiki.acme.test"},
		{"X-Host: wiki.acme.test:8443"},
		{"Forwarded: for=127.0.0.1;host=\"wiki.acme.test:8443\";proto=https"},
		// From where one comes, and what one is.
		{"X-Forwarded-For: 127.0.0.1"},
		{"X-Real-IP: 127.0.0.1"},
		{"True-Client-IP: 127.0.0.1"},
		{"User-Agent: GoogleHC/1.0"},
		{"User-Agent: kube-probe/1.30"},
		{"User-Agent: ELB-HealthChecker/2.0", "X-Health-Check: 1"},
		{"X-Forwarded-Ssl: on", "Front-End-Https: on"},
		{"X-Internal: true"},
		{"X-Sallyport-Level: aal2"},
		{"X-Client-Cert: " + apptest.Ada},
		{"Ssl-Client-Verify: SUCCESS"},
		// Tricks with headers that are for one hop.
		{"Connection: Remote-User, Sallyport-Assertion"},
		{"Connection: X-Forwarded-Host, X-Forwarded-Proto", "X-Original-URL: " + wiki + "/"},
		{"Connection: Cookie"},
		{"Keep-Alive: Remote-User=" + ada.user},
		{"TE: trailers", "Trailer: Remote-User"},
		// Cookies that stand for something else.
		{"Cookie: " + httpx.SessionCookie + "=" + ada.session},
		{"Cookie: " + httpx.PendingCookie + "=" + ada.pending},
		{"Cookie: " + httpx.SessionCookie + "=" + ada.pending},
		{door(ada.pending)},
		{door(ada.session)},
		{door(ada.ticket)},
		{door(ada.elsewhere)},
		{"Cookie: __host-sallyport-door=" + ada.elsewhere},
		{"Cookie: sallyport-door=" + ada.elsewhere},
		{"Cookie: __Host-sallyport-door=\"" + ada.elsewhere + "\""},
		{door(ada.elsewhere), door(ada.elsewhere)},
		{"Cookie: $Version=1; __Host-sallyport-door=" + ada.elsewhere},
		{"Authorization: Bearer " + ada.pending},
		{"Authorization: Bearer " + ada.ticket},
		{"Authorization: Bearer " + ada.elsewhere},
		{"Sallyport-OTP: 123456"},
		{"Signature: sig=:AAAA:", "Signature-Input: sig=(\"@method\");created=1"},
	}
}

// stolen is what somebody knows of Ada, or stole from her at another program.
type stolen struct{ user, session, pending, ticket, elsewhere, assertion string }

// TestForged: whatever a client says of itself in headers, the door tells of the person whose pass came and of nobody else.
func TestForged(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	s.Enrol(t, s.Ada)
	ada, grace := s.Browse(t, s.Ada), s.Browse(t, s.Grace)
	elsewhere := enter(t, s, ada, wiki)
	ticket, err := s.Sessions.Ticket(t.Context(), ada.Signed, dashboard, "x")
	if err != nil {
		t.Fatal(err)
	}
	known := stolen{
		user: s.Ada.ID, session: ada.Cookie, pending: s.Password(t, s.Ada).Cookie, ticket: ticket, elsewhere: elsewhere,
		assertion: ask(t, s, wiki, "", door(elsewhere)).Header.Get("Sallyport-Assertion"),
	}
	own := enter(t, s, grace, dashboard)
	herself := ask(t, s, dashboard, "", door(own))
	passes(t, "Grace herself", herself, s.Grace.ID)
	sets := forged(known)
	if len(sets) < 60 {
		t.Fatalf("%d sets of headers, want 60", len(sets))
	}
	says := []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: app.acme.test", "X-Forwarded-Uri: /", "X-Forwarded-Method: GET"}
	for _, set := range sets {
		var passed []string // what a proxy that sets its own headers lets through
		for _, line := range set {
			name, _, _ := strings.Cut(line, ":")
			if !slices.ContainsFunc(says, func(own string) bool { return strings.HasPrefix(strings.ToLower(own), strings.ToLower(name)+":") }) {
				passed = append(passed, line)
			}
		}
		for way, lines := range map[string][]string{"replaced": append(slices.Clone(says), passed...), "added to": append(slices.Clone(says), set...), "behind": append(slices.Clone(set), says...)} {
			what := strings.Join(set, " | ") + ", with the proxy’s own " + way
			for who, more := range map[string][]string{"a stranger": nil, "somebody with Ada’s pass for the wiki": {door(elsewhere)}} {
				if a := raw(t, s, append(slices.Clone(lines), more...)...); a.StatusCode == http.StatusOK || a.who() != "" {
					t.Errorf("%s gets in as %q by %s", who, a.who(), what)
				}
			}
			self := raw(t, s, append(slices.Clone(lines), door(own))...)
			for _, header := range identity {
				got := self.Header[header]
				if len(got) != 1 || self.StatusCode != http.StatusOK && got[0] != "" || self.StatusCode == http.StatusOK && header != "Sallyport-Assertion" && got[0] != herself.Header.Get(header) {
					t.Errorf("Grace by %s: %d, %s is %q", what, self.StatusCode, header, got)
				}
			}
		}
		// Straight to the server, where a proxy says nothing: the session's own cookie counts there, and nothing else.
		if a := raw(t, s, set...); a.StatusCode == http.StatusOK && set[0] != "Cookie: "+httpx.SessionCookie+"="+ada.Cookie {
			t.Errorf("straight in as %q by %q", a.who(), set)
		}
	}
	t.Logf("%d sets of headers, ten times each", len(sets))
}

// TestFloods: more headers than anybody sends end in a refusal, and the server goes on.
func TestFloods(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	pass := door(enter(t, s, s.Browse(t, s.Grace), dashboard))
	says := []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: app.acme.test", "X-Forwarded-Uri: /"}
	many := slices.Repeat([]string{"X-Forwarded-Host: wiki.acme.test:8443"}, 300)
	cookies := "Cookie: " + strings.Repeat(gate.DoorCookie+"=x; ", 200)
	for what, lines := range map[string][]string{
		"many sites": append(many, pass), "many passes": append(says, cookies, pass), "a long address": {"X-Original-URL: " + dashboard + "/" + strings.Repeat("a", 8000), "Cookie: " + gate.DoorCookie + "=" + strings.Repeat("a", 4000)},
		"one long header": append(says, "Remote-User: "+strings.Repeat("a", 1<<20), pass), "many credentials": append(slices.Repeat([]string{"Authorization: Bearer sak_x"}, 200), says...),
		"a long signature": append(says, "Authorization: Bearer sak_x", "Signature: "+strings.Repeat("sig=:AAAA:,", 500), "Signature-Input: "+strings.Repeat("sig=(),", 500)),
	} {
		if a := raw(t, s, lines...); a.StatusCode < 400 || a.StatusCode > 499 || a.who() != "" {
			t.Errorf("%s: %d %q", what, a.StatusCode, a.who())
		}
	}
	passes(t, "afterwards", ask(t, s, dashboard, "", pass), s.Grace.ID)
}
