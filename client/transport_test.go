package client

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/httpsig"
)

// The tests here look at what goes over the wire, so they play the server; client_test.go calls the real one.

const testKey = "sak_acc_1.usr_1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// counter gives the codes 1, 2, 3, …
func counter() CodeFunc {
	var n atomic.Int64
	return func(context.Context) (string, error) { return strconv.FormatInt(n.Add(1), 10), nil }
}

// play serves until the test ends.
func play(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func dial(t *testing.T, url string, c Credentials, options ...Option) *Client {
	t.Helper()
	client, err := New(url, c, options...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestCredentialsOnTheWire(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := SignedKey(testKey, private)
	if err != nil {
		t.Fatal(err)
	}
	var got *http.Request
	var body []byte
	url := play(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, "{}")
	})
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]Credentials{"none": nil, "session": Session("a.b.c"), "key": Key(testKey), "code": KeyWithCode(testKey, counter()), "signed": signed} {
		for _, in := range []any{nil, map[string]string{"name": "Ada"}} {
			err := dial(t, url, c, WithClock(func() time.Time { return now })).call(t.Context(), "PATCH", at("/v1/me/factors/", "a b/c"), nil, in, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"none": "", "session": "Bearer a.b.c"}[name]
			if name != "none" && name != "session" {
				want = "Bearer " + testKey
			}
			if got.Header.Get("Authorization") != want || got.RequestURI != "/v1/me/factors/a%20b%2Fc" {
				t.Errorf("%s: %q, %q", name, got.Header.Get("Authorization"), got.RequestURI)
			}
			if has := got.Header.Get("Content-Type") != ""; has != (in != nil) || len(body) > 0 != has {
				t.Errorf("%s: the body %q is sent as %q", name, body, got.Header.Get("Content-Type"))
			}
			m := httpsig.Message{Method: got.Method, TargetURI: url + got.RequestURI, Header: got.Header, Body: body}
			s, err := httpsig.Parse(m)
			if name == "signed" && (err != nil || !strings.HasPrefix(s.KeyID, "key_") || s.Check(m, public, httpsig.Sallyport(m), now) != nil) {
				t.Errorf("the signature doesn’t count: %+v, %v", s, err)
			} else if name != "signed" && err == nil {
				t.Errorf("%s: signed", name)
			}
			if has := got.Header.Get("Sallyport-OTP") != ""; has != (name == "code") {
				t.Errorf("%s: Sallyport-OTP %q", name, got.Header.Get("Sallyport-OTP"))
			}
		}
	}
}

// TestTokensAreRenewed: one token serves all callers until shortly before its end, and one that is refused is replaced once.
func TestTokensAreRenewed(t *testing.T) {
	var exchanges, calls atomic.Int64
	var ended sync.Map
	url := play(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/token" {
			n := exchanges.Add(1)
			if r.Header.Get("Authorization") != "Bearer "+testKey || r.FormValue("grant_type") != "client_credentials" || r.FormValue("otp") != strconv.FormatInt(n, 10) || r.FormValue("scope") != "read admin" {
				t.Errorf("%s asks for a token with %v", r.Header.Get("Authorization"), r.Form)
			}
			_, _ = fmt.Fprintf(w, `{"access_token":"sat_%d","token_type":"Bearer","expires_in":900,"scope":"read"}`, n)
			return
		}
		calls.Add(1)
		if r.Method == http.MethodDelete { // refused for what it does, not for its credential
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"code":"factor_needed"}`)
			return
		}
		if _, is := ended.Load(r.Header.Get("Authorization")); is {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"code":"invalid_token"}`)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	advance := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	c := dial(t, url, KeyForToken(testKey, counter(), "read", "admin"), WithClock(clock))
	all := func() (failed error) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := c.call(t.Context(), "GET", "/v1/me", nil, nil, nil); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return failed
	}
	for _, step := range []struct {
		after time.Duration
		want  int64
	}{{0, 1}, {14 * time.Minute, 1}, {29 * time.Second, 1}, {time.Second, 2}, {15 * time.Minute, 3}} {
		advance(step.after)
		if err := all(); err != nil || exchanges.Load() != step.want {
			t.Errorf("after %v: %d tokens, want %d; %v", step.after, exchanges.Load(), step.want, err)
		}
	}
	made := calls.Load()
	if err := c.call(t.Context(), "DELETE", "/v1/me", nil, nil, nil); Code(err) != "factor_needed" || calls.Load() != made+1 || exchanges.Load() != 3 {
		t.Errorf("%d calls, %d tokens: %v", calls.Load()-made, exchanges.Load(), err)
	}
	ended.Store("Bearer sat_3", true)
	if err := all(); err != nil || exchanges.Load() != 4 {
		t.Errorf("%d tokens after one was ended: %v", exchanges.Load(), err)
	}
	for n := range 20 {
		ended.Store(fmt.Sprintf("Bearer sat_%d", n), true)
	}
	before := calls.Load()
	if err := c.call(t.Context(), "GET", "/v1/me", nil, nil, nil); Code(err) != "invalid_token" || calls.Load() != before+2 {
		t.Errorf("after %d calls: %v", calls.Load()-before, err)
	}
}

// TestTokenIsAskedForInTime: who waits for another caller's token waits no longer than their own call may take.
func TestTokenIsAskedForInTime(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	slow := func(ctx context.Context) (string, error) { close(begun); <-end; return "1", nil }
	url := play(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"access_token":"x","expires_in":900}`)
	})
	c := dial(t, url, KeyForToken(testKey, slow))
	done := make(chan error, 1)
	go func() { done <- c.call(context.Background(), "GET", "/v1/me", nil, nil, nil) }()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.call(ctx, "GET", "/v1/me", nil, nil, nil); err == nil {
		t.Error("a call that was given up went on")
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	var status int
	var text string
	url := play(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.Header().Set("Location", "https://elsewhere.test/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
	c := dial(t, url, nil)
	for _, tc := range []struct {
		status int
		text   string
		want   Error
		says   string
	}{
		{
			429, `{"title":"Too Many Requests","status":429,"code":"too_many_attempts","detail":"Wait.","field":"code","request_id":"req_1","how":[{"way":"token","url":"/v1/token"}]}`,
			Error{Status: 429, Code: "too_many_attempts", Detail: "Wait.", Field: "code", RequestID: "req_1", RetryAfter: 30 * time.Second},
			"code: Wait. (too_many_attempts)",
		},
		{502, "<html>Bad gateway", Error{Status: 502, Code: "unexpected_answer", RetryAfter: 30 * time.Second}, "unexpected_answer"},
		{302, `{}`, Error{Status: 302, Code: "unexpected_answer", RetryAfter: 30 * time.Second}, "unexpected_answer"},
		{500, `{"code":"internal_error"}`, Error{Status: 500, Code: "internal_error", RetryAfter: 30 * time.Second}, "Internal Server Error (internal_error)"},
	} {
		status, text = tc.status, tc.text
		err := fmt.Errorf("nightly: %w", c.call(t.Context(), "GET", "/v1/me", nil, nil, nil))
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%d: %v", tc.status, err)
		}
		if tc.status == 429 && (len(e.How) != 1 || e.How[0] != Way{Way: "token", URL: "/v1/token"}) {
			t.Errorf("how to go on: %v", e.How)
		}
		if e.Code == "unexpected_answer" {
			tc.want.Detail = e.Detail
		}
		got := *e
		got.How = nil
		if fmt.Sprint(got) != fmt.Sprint(tc.want) || Code(err) != tc.want.Code || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%d: %+v, %v", tc.status, got, err)
		}
	}
	if Code(io.EOF) != "" || Code(nil) != "" {
		t.Error("errors of others have codes")
	}
	status, text = 200, "{"
	if err := c.call(t.Context(), "GET", "/v1/me", nil, nil, &struct{}{}); err == nil || Code(err) != "" {
		t.Errorf("an answer that breaks off: %v", err)
	}
}

// TestCredentialsStayAtHome: no address but that of the server ever gets a credential.
func TestCredentialsStayAtHome(t *testing.T) {
	for _, bad := range []string{
		"", "login.example.com", "http://login.example.com", "ftp://login.example.com", "https://", "https://ada@login.example.com", "https://login.example.com/v1",
		"https://login.example.com?x", "https://login.example.com#x", "://", "http://127.0.0.1.example.com", "http://10.0.0.1",
	} {
		if _, err := New(bad, nil); err == nil {
			t.Errorf("%q is an address of a server", bad)
		}
	}
	for _, good := range []string{"https://login.example.com", "https://login.example.com/", "https://login.example.com:8443", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1"} {
		if _, err := New(good, nil); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	reached := 0
	other := play(t, func(http.ResponseWriter, *http.Request) { reached++ })
	home := play(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) })
	plain := &http.Client{Transport: &Transport{Server: home, Credentials: Key(testKey)}}
	if res, err := plain.Get(home + "/v1/me"); err == nil {
		_ = res.Body.Close()
		t.Error("a redirection to another server was followed")
	}
	if res, err := plain.Post(other, "text/plain", strings.NewReader("x")); err == nil {
		_ = res.Body.Close()
		t.Error("another server was called")
	}
	if reached != 0 {
		t.Errorf("another server was reached %d times", reached)
	}
}

// TestCodesAreGivenOnce: never the same code twice, and the next one when its time has come.
func TestCodesAreGivenOnce(t *testing.T) {
	now := time.Unix(59, 0) // RFC 6238 Appendix B: the code of this time ends in 287082
	give, err := codes("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if code, err := give(t.Context()); code != "287082" || err != nil {
		t.Errorf("%s, %v", code, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if code, err := give(ctx); err == nil {
		t.Errorf("%s again", code)
	}
	now = now.Add(time.Second)
	if code, err := give(t.Context()); code == "287082" || err != nil {
		t.Errorf("%s, %v", code, err)
	}
	soon, err := codes("otpauth://totp/Acme:key?secret=GEZDGNBVGY3TQOJQ&period=15", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	first, err := soon(t.Context())
	if err != nil || len(first) != 6 {
		t.Errorf("%s, %v", first, err)
	}
	for _, bad := range []string{"", "not base 32!", "GEZD", "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ"} {
		if _, err := Codes(bad); err == nil {
			t.Errorf("%q is a secret", bad)
		}
	}
}

// TestWaitForTheNextCode uses a clock that runs a thousand times as fast.
func TestWaitForTheNextCode(t *testing.T) {
	var asked atomic.Int64
	give, err := codes("GEZDGNBVGY3TQOJQ", func() time.Time {
		if asked.Add(1) < 2 {
			return time.Unix(59, 999_000_000)
		}
		if asked.Load() == 2 {
			return time.Unix(59, 999_500_000)
		}
		return time.Unix(60, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := give(t.Context())
	second, err := give(t.Context())
	if err != nil || first == second || asked.Load() != 3 {
		t.Errorf("%s and %s after %d looks at the clock, %v", first, second, asked.Load(), err)
	}
}

func TestIdempotencyKeyIsSent(t *testing.T) {
	var got []string
	url := play(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+r.Header.Get("Idempotency-Key"))
		_ = json.NewEncoder(w).Encode(map[string]string{})
	})
	c := dial(t, url, nil)
	ctx := WithIdempotencyKey(t.Context(), "once")
	for _, method := range []string{"POST", "GET"} {
		if err := c.call(ctx, method, "/v1/me", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, " ") != "POSTonce GET" {
		t.Error(got)
	}
}
