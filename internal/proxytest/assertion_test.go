package proxytest

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/apptest"
	"sallyport/internal/gate"
)

// checkers are the programs of the guide that believe a signature alone: how each is started for a port, a site and a server.
var checkers = []struct {
	name, needs string
	run         func(t *testing.T, port, site, server string) *exec.Cmd
}{
	{"Go", "", func(t *testing.T, port, site, server string) *exec.Cmd {
		t.Helper()
		if _, err := built(); err != nil {
			t.Fatal(err)
		}
		return exec.Command(filepath.Join(root(t), "bin", "assertion"), "-listen", "127.0.0.1:"+port, "-site", site, "-server", server)
	}},
	{"Node", "/usr/bin/node", func(t *testing.T, port, site, server string) *exec.Cmd {
		t.Helper()
		return exec.Command("/usr/bin/node", filepath.Join(root(t), "examples", "assertion", "main.mjs"), port, site, server)
	}},
}

// checker runs one of them, and returns what it answers to an assertion.
func checker(t *testing.T, cmd *exec.Cmd, port string) func(assertion string) (status int, text string) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(until) {
			t.Fatal("the program does not start")
		}
	}
	return func(assertion string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if assertion != "" {
			r.Header.Set("Sallyport-Assertion", assertion)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close() //nolint:errcheck // only read
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
}

// TestAssertionIsChecked: the code that the guide prints believes what a Sallyport signed for this program and this minute, and nothing else.
func TestAssertionIsChecked(t *testing.T) {
	const site = "https://app.acme.test"
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != gate.KeySetPath {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "one", Algorithm: "EdDSA", Use: "sig"}}}) // the program may be gone
	}))
	t.Cleanup(server.Close)
	signed := func(alg jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
		t.Helper()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
		if err != nil {
			t.Fatal(err)
		}
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	// Each is good for a minute, and the program is built before it starts: so they are signed once it answers.
	assertions := func() (believed, refused map[string]string) {
		now := time.Now().Unix()
		with := func(change map[string]any) map[string]any {
			claims := map[string]any{"iss": server.URL, "aud": site, "sub": "usr_1", "email": apptest.Ada, "account": "acme", "roles": []string{"owner"}, "acr": "aal2", "amr": []string{"pwd", "otp", "mfa"}, "auth_time": now, "iat": now, "exp": now + 60}
			maps.Copy(claims, change)
			return claims
		}
		good := signed(jose.EdDSA, private, "one", with(nil))
		part := strings.Split(good, ".")
		encoded := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
		unusual := encoded(`{"alg":"HS256","kid":"one"}`) + "." + part[1]
		refused = map[string]string{
			"another alg in its head":      unusual + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(unusual))),
			"none":                         "",
			"nonsense":                     "x.y.z",
			"no signature":                 part[0] + "." + part[1] + ".",
			"cut short":                    good[:len(good)-4],
			"two parts":                    part[0] + "." + part[1],
			"four parts":                   good + "." + part[2],
			"another person, not signed":   part[0] + "." + encoded(`{"iss":"`+server.URL+`","aud":"`+site+`","sub":"usr_2","iat":1,"exp":9999999999}`) + "." + part[2],
			"alg none":                     encoded(`{"alg":"none","kid":"one"}`) + "." + part[1] + ".",
			"alg none with a signature":    encoded(`{"alg":"none","kid":"one"}`) + "." + part[1] + "." + part[2],
			"the public key as a password": signed(jose.HS256, []byte(public), "one", with(nil)),
			"somebody else's key":          signed(jose.EdDSA, another, "one", with(nil)),
			"a key that is not published":  signed(jose.EdDSA, another, "two", with(nil)),
			"another program's":            signed(jose.EdDSA, private, "one", with(map[string]any{"aud": "https://wiki.acme.test"})),
			"a check's":                    signed(jose.EdDSA, private, "one", with(map[string]any{"aud": "key_1"})),
			"for nobody":                   signed(jose.EdDSA, private, "one", with(map[string]any{"aud": ""})),
			"another Sallyport's":          signed(jose.EdDSA, private, "one", with(map[string]any{"iss": "https://login.example.com"})),
			"of two minutes ago":           signed(jose.EdDSA, private, "one", with(map[string]any{"iat": now - 120, "exp": now - 60})),
			"of the next hour":             signed(jose.EdDSA, private, "one", with(map[string]any{"iat": now + 3600, "exp": now + 3660})),
		}
		believed = map[string]string{"a good one": good, "clocks apart by 20 seconds": signed(jose.EdDSA, private, "one", with(map[string]any{"iat": now + 20, "exp": now + 80}))}
		return believed, refused
	}
	for _, checks := range checkers {
		t.Run(checks.name, func(t *testing.T) {
			needs(t, checks.needs)
			t.Parallel()
			port := free(t, 1)[0]
			ask := checker(t, checks.run(t, port, site, server.URL), port)
			believed, refused := assertions()
			for what, assertion := range believed {
				if status, text := ask(assertion); status != http.StatusOK || !strings.Contains(text, apptest.Ada) {
					t.Errorf("%s: %d %s", what, status, text)
				}
			}
			for what, assertion := range refused {
				if status, text := ask(assertion); status != http.StatusUnauthorized || strings.Contains(text, "usr_") {
					t.Errorf("%s: %d %s", what, status, text)
				}
			}
		})
	}
}

// TestKeysThatNeverCome: a server that says nothing, or does not stop, is given up: nobody is signed in, and nobody waits for good.
func TestKeysThatNeverCome(t *testing.T) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}, (&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := jwt.Signed(signer).Claims(map[string]any{"sub": "usr_1"}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for what, answer := range map[string]http.HandlerFunc{
		"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for _, err := w.Write([]byte("[")); err == nil; {
				_, err = w.Write([]byte(strings.Repeat(" ", 1<<10)))
			}
		},
	} {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		for _, checks := range checkers {
			t.Run(what+" for "+checks.name, func(t *testing.T) {
				needs(t, checks.needs)
				t.Parallel()
				port := free(t, 1)[0]
				ask := checker(t, checks.run(t, port, "https://app.acme.test", server.URL), port)
				if status, text := ask(assertion); status != http.StatusUnauthorized {
					t.Errorf("%d %s", status, text)
				}
			})
		}
	}
}

// TestAssertionOfTheDoor: and it believes a real one.
func TestAssertionOfTheDoor(t *testing.T) {
	t.Parallel()
	e := start(t, "middleware")
	w := e.walker(t)
	w.signIn(w.open(e.site+"/"), apptest.Grace)
	assertion := func() string { // each is good for a minute
		c, r := w.request(e.server + gate.Path)
		r.Header.Set("X-Original-URL", e.site+"/")
		r.Header.Set("Cookie", gate.DoorCookie+"="+w.sites[e.site].Cookies[gate.DoorCookie])
		return c.Send(r).Header.Get("Sallyport-Assertion")
	}
	for _, checks := range checkers {
		t.Run(checks.name, func(t *testing.T) {
			needs(t, checks.needs)
			port := free(t, 1)[0]
			if status, text := checker(t, checks.run(t, port, e.site, e.server), port)(assertion()); status != http.StatusOK || !strings.Contains(text, apptest.Grace) {
				t.Errorf("%d %s", status, text)
			}
			port = free(t, 1)[0]
			if status, text := checker(t, checks.run(t, port, "http://wiki.localhost:1", e.server), port)(assertion()); status != http.StatusUnauthorized {
				t.Errorf("at another program: %d %s", status, text)
			}
		})
	}
}
