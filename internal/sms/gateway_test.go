package sms

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/porttest"
)

// canary is a password that must appear nowhere.
const canary = "c4nary/\"secret\""

// gateway makes the sender of a setting whose host is the server's.
func gateway(t *testing.T, server *httptest.Server, setting string, o Options) *Gateway {
	t.Helper()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(strings.NewReplacer("PASSWORD", url.QueryEscape(canary), "HOST", u.Host).Replace(setting))
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	g, err := NewGateway(*d.HTTP, o)
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	return g
}

const (
	twilioSetting = "twilio://AC12:PASSWORD@HOST?from=+15551234567&plain=yes"
	vonageSetting = "vonage://k3y:PASSWORD@HOST?from=Acme&plain=yes"
	kannelSetting = "kannel+http://user:PASSWORD@HOST?from=Acme"
)

// request is what a server saw.
type request struct {
	*http.Request
	body string
}

// serve answers every request with the handler and gives what came.
func serve(t *testing.T, answer http.HandlerFunc) (*httptest.Server, <-chan request) {
	t.Helper()
	seen := make(chan request, 100)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen <- request{r, string(b)}
		answer(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go away are what is tested
	s.Start()
	t.Cleanup(s.Close)
	return s, seen
}

func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestPresetsOnTheWire: what Twilio and Vonage get to see, by their documentation. Kannel is asked itself.
func TestPresetsOnTheWire(t *testing.T) {
	o := Options{ReceiptURL: "https://login.example.com/sms/receipts/"}
	twilio, seen := serve(t, answers(201, `{"sid":"SM1","status":"queued","error_code":null,"price":null}`))
	a, err := gateway(t, twilio, twilioSetting, o).Send(t.Context(), message(codeText))
	if err != nil || a.Reference != "SM1" {
		t.Fatalf("%+v, %v", a, err)
	}
	r := <-seen
	user, password, _ := r.BasicAuth()
	form, err := url.ParseQuery(r.body)
	want := url.Values{
		"To": {"+436601234567"}, "From": {"+15551234567"}, "Body": {codeText},
		"StatusCallback": {"https://login.example.com/sms/receipts/sms_0123456789"},
	}
	if err != nil || r.Method != "POST" || r.URL.Path != "/2010-04-01/Accounts/AC12/Messages.json" || user != "AC12" || password != canary ||
		r.Header.Get("Content-Type") != formType || form.Encode() != want.Encode() {
		t.Errorf("twilio saw %s %s %v %s", r.Method, r.URL, r.Header, r.body)
	}

	vonage, seen := serve(t, answers(200, `{"message-count":"1","messages":[{"to":"436601234567","message-id":"0C00","status":"0"}]}`))
	a, err = gateway(t, vonage, vonageSetting, o).Send(t.Context(), message("Код 123456"))
	if err != nil || a.Reference != "0C00" {
		t.Fatalf("%+v, %v", a, err)
	}
	r = <-seen
	form, err = url.ParseQuery(r.body)
	want = url.Values{
		"api_key": {"k3y"}, "api_secret": {canary}, "to": {"436601234567"}, "from": {"Acme"}, "text": {"Код 123456"}, "type": {"unicode"},
		"client-ref": {"sms_0123456789"}, "status-report-req": {"1"}, "callback": {"https://login.example.com/sms/receipts/sms_0123456789"},
	}
	if err != nil || r.URL.Path != "/sms/json" || form.Encode() != want.Encode() {
		t.Errorf("vonage saw %s %s %s", r.Method, r.URL, r.body)
	}
}

func TestCustomGateway(t *testing.T) {
	server, seen := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Id", "77")
		w.WriteHeader(202)
		_, _ = io.WriteString(w, "queued")
	})
	g, err := NewGateway(Custom{
		URL: server.URL + "/v2/{id}", Method: "PUT", ContentType: "json", Password: canary,
		Headers:   map[string]string{"Authorization": "Bearer {password}", "Idempotency-Key": "{id}"},
		Body:      `{"message": {"to": ["{to}"], "body": "{text}"}}`,
		Success:   Success{Status: []int{202}, BodyContains: "queue", BodyMatches: "^q"},
		Reference: Where{Header: "X-Id"},
	}, Options{})
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	a, err := g.Send(t.Context(), message("a \"b\"\n@x #1"))
	if err != nil || a.Reference != "77" {
		t.Fatalf("%+v, %v", a, err)
	}
	r := <-seen
	if r.Method != "PUT" || r.URL.Path != "/v2/sms_0123456789" || r.Header.Get("Authorization") != "Bearer "+canary || r.Header.Get("Idempotency-Key") != "sms_0123456789" ||
		r.Header.Get("Content-Type") != jsonType || r.body != `{"message": {"to": ["+436601234567"], "body": "a \"b\"\n@x #1"}}` {
		t.Errorf("it saw %s %s %v %s", r.Method, r.URL, r.Header, r.body)
	}
}

// TestAnswersThatAreFailures is F14 of the security list, and the numbers of each preset.
func TestAnswersThatAreFailures(t *testing.T) {
	ok := `{"sid":"SM1","error_code":null}`
	for _, c := range []struct {
		name, setting string
		answer        http.HandlerFunc
		want          *errs.Error
		temporary     bool
	}{
		{"Vonage: 200 with an error", vonageSetting, answers(200, `{"messages":[{"status":"15","error-text":"Illegal sender"}]}`), ErrRefused, false},
		{"Vonage: one part of two", vonageSetting, answers(200, `{"messages":[{"status":"0"},{"status":"6"}]}`), ErrRefused, false},
		{"Vonage: no part", vonageSetting, answers(200, `{"messages":[]}`), ErrRefused, false},
		{"Vonage: throttled", vonageSetting, answers(200, `{"messages":[{"status":"1"}]}`), ErrThrottled, true},
		{"Vonage: password", vonageSetting, answers(200, `{"messages":[{"status":"4"}]}`), ErrLogin, false},
		{"Vonage: number", vonageSetting, answers(200, `{"messages":[{"status":"29"}]}`), ErrNumber, false},
		{"Vonage: a page instead", vonageSetting, answers(200, `<html>captive portal</html>`), ErrAnswer, false},
		{"Vonage: two answers", vonageSetting, answers(200, `{"messages":[{"status":"0"}]}{}`), ErrAnswer, false},
		{"Twilio: created with an error", twilioSetting, answers(201, `{"sid":"SM1","error_code":30007}`), ErrRefused, false},
		{"Twilio: number", twilioSetting, answers(400, `{"code":21211,"message":"Invalid 'To'","status":400}`), ErrNumber, false},
		{"Twilio: password", twilioSetting, answers(401, `{"code":20003}`), ErrLogin, false},
		{"Twilio: throttled", twilioSetting, answers(429, `{"code":20429}`), ErrThrottled, true},
		{"Kannel: 200 with an error", kannelSetting, answers(200, "Temporal failure, try again later."), ErrRefused, false},
		{"Kannel: out of service", kannelSetting, answers(503, "Temporal failure, try again later."), ErrUnreachable, true},
		{"redirect", twilioSetting, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/elsewhere" {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
				return
			}
			t.Error("a redirect was followed")
			answers(201, ok)(w, r)
		}, ErrAnswer, false},
		{"huge", twilioSetting, answers(201, ok+strings.Repeat(" ", maxAnswer)), ErrAnswer, false},
		{"endless", twilioSetting, func(w http.ResponseWriter, _ *http.Request) {
			for { // until the client has enough
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, ErrAnswer, false},
		{"huge headers", twilioSetting, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 2*maxAnswer))
			answers(201, ok)(w, r)
		}, ErrUnreachable, true},
		{"broken off", twilioSetting, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, ok)
		}, ErrUnreachable, true},
		{"cut before any answer", twilioSetting, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrUnreachable, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _ := serve(t, c.answer)
			_, err := gateway(t, server, c.setting, Options{}).Send(t.Context(), message(codeText))
			if !errors.Is(err, c.want) || Temporary(err) != c.temporary {
				t.Errorf("%v, want %s; temporary %v", err, c.want.Code, Temporary(err))
			}
		})
	}
}

// TestSuccessRule: every part of it counts.
func TestSuccessRule(t *testing.T) {
	server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(202)
		_, _ = io.WriteString(w, `{"ok":true,"n":1,"list":[{"x":null}]}`)
	})
	for name, c := range map[string]struct {
		rule Success
		want error
	}{
		"nothing said":     {Success{}, nil},
		"status":           {Success{Status: []int{200, 202}}, nil},
		"other status":     {Success{Status: []int{200}}, ErrRefused},
		"contains":         {Success{BodyContains: `"ok":true`}, nil},
		"does not contain": {Success{BodyContains: "OK"}, ErrRefused},
		"matches":          {Success{BodyMatches: `"n":\d`}, nil},
		"does not match":   {Success{BodyMatches: `^ok`}, ErrRefused},
		"JSON":             {Success{JSON: map[string]string{"ok": "true", "n": "1", "list.0.x": "", "absent": "", "list.7.x": ""}}, nil},
		"another value":    {Success{JSON: map[string]string{"ok": "true", "n": "2"}}, ErrRefused},
		"no value":         {Success{JSON: map[string]string{"n.x": "1"}}, ErrRefused},
		"a value too many": {Success{JSON: map[string]string{"n": ""}}, ErrRefused},
	} {
		g, err := NewGateway(Custom{URL: server.URL, Body: "t={text}", Success: c.rule}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Send(t.Context(), message("x")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"17": 17 * time.Second, "99999999": time.Hour, "-1": 0, "soon": 0} {
		server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", value)
			answers(429, "")(w, r)
		})
		_, err := gateway(t, server, kannelSetting, Options{}).Send(t.Context(), message("x"))
		if got := errs.From(err).RetryAfter; !errors.Is(err, ErrThrottled) || got != want {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
}

func TestSlowGateway(t *testing.T) {
	for name, before := range map[string]bool{"before the answer": true, "within the answer": false} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !before {
					w.WriteHeader(201)
					_, _ = io.WriteString(w, "{")
					w.(http.Flusher).Flush()
				}
				<-release
			})
			defer close(release)
			_, err := gateway(t, server, twilioSetting, Options{Timeout: 100 * time.Millisecond}).Send(t.Context(), message("x"))
			if !errors.Is(err, ErrUnreachable) || !Temporary(err) {
				t.Errorf("got %v", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			if _, err = gateway(t, server, twilioSetting, Options{}).Send(ctx, message("x")); !errors.Is(err, context.Canceled) {
				t.Errorf("a caller who leaves: %v", err)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewTLSServer(answers(201, `{"sid":"SM1"}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(server.Close)
	setting := strings.TrimSuffix(twilioSetting, "&plain=yes")
	if _, err := gateway(t, server, setting, Options{}).Send(t.Context(), message("x")); !errors.Is(err, ErrCertificate) || Temporary(err) {
		t.Errorf("unknown authority: %v", err)
	}
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	if _, err := gateway(t, server, setting, Options{RootCAs: roots}).Send(t.Context(), message("x")); err != nil {
		t.Errorf("known authority: %v", err)
	}
	// The certificate is for 127.0.0.1 and example.com, not for this name.
	other := &httptest.Server{URL: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}
	if _, err := gateway(t, other, setting, Options{RootCAs: roots}).Send(t.Context(), message("x")); !errors.Is(err, ErrCertificate) {
		t.Errorf("another name: %v", err)
	}
	plain := httptest.NewServer(answers(201, ""))
	t.Cleanup(plain.Close)
	if _, err := gateway(t, plain, setting, Options{RootCAs: roots}).Send(t.Context(), message("x")); err == nil {
		t.Error("https to a server without TLS worked")
	}
}

func TestAddressesAreChecked(t *testing.T) {
	server, seen := serve(t, answers(201, `{"sid":"SM1"}`))
	var asked atomic.Value
	o := Options{Allow: func(a netip.Addr) bool { asked.Store(a); return false }}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		at := &httptest.Server{URL: strings.Replace(server.URL, "127.0.0.1", host, 1)}
		_, err := gateway(t, at, kannelSetting, o).Send(t.Context(), message("x"))
		if !errors.Is(err, ErrForbidden) || Temporary(err) || len(seen) != 0 {
			t.Errorf("%s: %v", host, err)
		}
		if a, ok := asked.Load().(netip.Addr); !ok || !a.IsLoopback() || a.Is4In6() {
			t.Errorf("%s: asked for %v", host, a)
		}
	}
	s, err := NewSMPP(SMPPConfig{Host: "127.0.0.1", Port: "1"}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := s.dial(t.Context()); !errors.Is(err, errNotAllowed) {
		t.Errorf("SMPP: %v, %v", conn, err)
	}
	// An IPv4 address in IPv6 clothes is judged as what it is.
	if err := o.dialer(false).ControlContext(t.Context(), "tcp6", "[::ffff:10.0.0.7]:80", nil); !errors.Is(err, errNotAllowed) || asked.Load() != netip.MustParseAddr("10.0.0.7") {
		t.Errorf("asked for %v, %v", asked.Load(), err)
	}
	// http is for this machine, whatever the name leads to.
	conn, err := Options{}.dialer(true).Dial("tcp", "192.0.2.1:80")
	if !errors.Is(err, errNotAllowed) {
		t.Errorf("loopback only: %v, %v", conn, err)
	}
}

// TestNothingSecretIsTold is B92: neither passwords nor codes are in errors, whatever a gateway
// repeats in its answer, and whatever net/http puts into its errors.
func TestNothingSecretIsTold(t *testing.T) {
	gone := &httptest.Server{URL: "http://" + porttest.Free(t).String()}
	echo, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		fmt.Fprintf(w, "bad: code 123456 %s %s %s %s %q %s", canary, html.EscapeString(canary), url.QueryEscape(canary), codeText, codeText, r.URL.RawQuery)
	})
	for _, v := range []any{Custom{URL: "https://h", Password: canary}, &Custom{Password: canary}, SMPPConfig{Password: canary}, Description{SMPP: &SMPPConfig{Password: canary}}} {
		var b strings.Builder
		slog.New(slog.NewJSONHandler(&b, nil)).Info("gateway", "description", v)
		if s := fmt.Sprintf("%v %+v %s", v, v, &b); strings.Contains(s, "c4nary") {
			t.Errorf("a log would tell the password: %s", s)
		}
	}
	for _, setting := range []string{kannelSetting, twilioSetting, vonageSetting} {
		for _, server := range []*httptest.Server{gone, echo} {
			_, err := gateway(t, server, setting, Options{}).Send(t.Context(), message(codeText))
			if err == nil {
				t.Fatal("it was sent")
			}
			for _, secret := range []string{"c4nary", "123456", "436601234567", base64.StdEncoding.EncodeToString([]byte("AC12:" + canary))} {
				if strings.Contains(err.Error(), secret) || strings.Contains(errs.From(err).Message, secret) {
					t.Errorf("%s: the error tells %q: %v", setting, secret, err)
				}
			}
		}
	}
}

// TestNothingIsRepeated is F13's first half: one Send is one request, also when the answer is
// lost. net/http would repeat a GET on a connection that had served before.
func TestNothingIsRepeated(t *testing.T) {
	var n atomic.Int32
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		answers(202, "0: Accepted for delivery")(w, r)
	})
	g := gateway(t, server, kannelSetting, Options{})
	if _, err := g.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Send(t.Context(), message(codeText)); !Temporary(err) {
		t.Fatalf("the lost answer gives %v", err)
	}
	if len(seen) != 2 {
		t.Fatalf("two messages were %d requests", len(seen))
	}
	// Whoever repeats sends the very same text, so a duplicate holds the same code.
	first, second := <-seen, <-seen
	if first.URL.RawQuery != second.URL.RawQuery {
		t.Errorf("repeated, %s became %s", first.URL.RawQuery, second.URL.RawQuery)
	}
}

func TestMessagesAreChecked(t *testing.T) {
	server, seen := serve(t, answers(202, "0: Accepted"))
	g := gateway(t, server, kannelSetting, Options{})
	for name, c := range map[string]struct {
		change func(*Message)
		want   error
	}{
		"id with a slash":    {func(m *Message) { m.ID = "sms/../012" }, ErrText},
		"short id":           {func(m *Message) { m.ID = "1" }, ErrText},
		"no plus":            {func(m *Message) { m.To = "436601234567" }, ErrNumber},
		"two numbers":        {func(m *Message) { m.To = "+436601234567 +436601234568" }, ErrNumber},
		"number too long":    {func(m *Message) { m.To = "+1234567890123456" }, ErrNumber},
		"line after number":  {func(m *Message) { m.To += "\n" }, ErrNumber},
		"no text":            {func(m *Message) { m.Text = "" }, ErrText},
		"not UTF-8":          {func(m *Message) { m.Text = "\xff" }, ErrText},
		"control characters": {func(m *Message) { m.Text = "a\x00b" }, ErrText},
		"too long":           {func(m *Message) { m.Text = strings.Repeat("a", 6*153+1) }, ErrText},
	} {
		m := message("x")
		c.change(&m)
		if _, err := g.Send(t.Context(), m); !errors.Is(err, c.want) || Temporary(err) || len(seen) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
