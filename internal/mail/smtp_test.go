package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/mail/eximtest"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// judge checks the code, the class, and that nothing secret is in what people or the log are shown.
func judge(t *testing.T, err error, want *errs.Error, temporary bool) {
	t.Helper()
	e := errs.From(err)
	if e == nil || !e.Is(want) || Temporary(err) != temporary {
		t.Errorf("got %v, temporary %v; want %s, %v", err, Temporary(err), want.Code, temporary)
		return
	}
	shown := err.Error() + e.Message
	for _, secret := range []string{
		testPassword, "424 242", base64.StdEncoding.EncodeToString([]byte(testPassword)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + testUser + "\x00" + testPassword)),
	} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q shows %q", shown, secret)
		}
	}
	if strings.ContainsAny(shown, "\r\n\x1b") || len(shown) > 2000 {
		t.Errorf("%q has control characters or is too long", shown)
	}
}

var plain = []string{"AUTH LOGIN PLAIN"}

func TestRefusals(t *testing.T) {
	t.Parallel()
	stranger, _ := eximtest.Certify(t, "other.test")
	echo := base64.StdEncoding.EncodeToString([]byte("\x00" + testUser + "\x00" + testPassword))
	type refusal struct {
		name      string
		f         *fake
		want      *errs.Error
		temporary bool
		before    string // a verb that must not have been heard
	}
	cases := []refusal{
		{"busy", &fake{answers: map[string][]string{"greet": {"421 busy"}}}, ErrDeferred, true, "MAIL"},
		{"no service", &fake{answers: map[string][]string{"greet": {"554 \x1b[31mgo away"}}}, ErrTurnedAway, false, "MAIL"},
		{"no service, at length", &fake{answers: map[string][]string{"greet": {"554 " + strings.Repeat("no ", 5000)}}}, ErrTurnedAway, false, "MAIL"},
		{"no hello", &fake{answers: map[string][]string{"EHLO": {"550 who"}, "HELO": {"550 who"}}}, ErrTurnedAway, false, "MAIL"},
		{"no STARTTLS", &fake{noTLS: true, offers: plain}, ErrTLS, true, "STARTTLS"},
		{"STARTTLS not now", &fake{answers: map[string][]string{"STARTTLS": {"454 not now"}}}, ErrTLS, true, "AUTH"},
		{"certificate of another", &fake{cert: &stranger}, ErrTLS, true, "AUTH"},
		{"no login", &fake{}, ErrLogin, false, "AUTH"},
		{"odd logins", &fake{offers: []string{"AUTH CRAM-MD5 NTLM XOAUTH2"}}, ErrLogin, false, "AUTH"},
		{"wrong password", &fake{offers: plain, answers: map[string][]string{"AUTH": {"535 5.7.8 not you: " + echo + " " + testPassword}}}, ErrLogin, false, "MAIL"},
		{"wrong password, nonsense", &fake{offers: plain, answers: map[string][]string{"AUTH": {"you said " + testPassword}}}, ErrLogin, false, "MAIL"},
		{"wrong password, asks on", &fake{offers: plain, answers: map[string][]string{"AUTH": {"334 " + echo}}}, ErrLogin, false, "MAIL"},
		{"login not now", &fake{offers: plain, answers: map[string][]string{"AUTH": {"454 4.7.0 later"}}}, ErrDeferred, true, "MAIL"},
		{"sender", &fake{offers: plain, answers: map[string][]string{"MAIL": {"550 5.7.1 not your address"}}}, ErrTurnedAway, false, "RCPT"},
		{"login first", &fake{offers: plain, answers: map[string][]string{"MAIL": {"530 5.7.0 log in"}}}, ErrLogin, false, "RCPT"},
		{"greylisted", &fake{offers: plain, answers: map[string][]string{"RCPT": {"451 4.7.1 later"}}}, ErrDeferred, true, "DATA"},
		{"no such person", &fake{offers: plain, answers: map[string][]string{"RCPT": {"550 5.1.1 nobody\r\n"}}}, ErrRefused, false, "DATA"},
		{"no data", &fake{offers: plain, answers: map[string][]string{"DATA": {"554 5.5.1 no"}}}, ErrRefused, false, "Subject"},
		{"full", &fake{offers: plain, answers: map[string][]string{".": {"452 4.3.1 full"}}}, ErrDeferred, true, ""},
		{"spam", &fake{offers: plain, answers: map[string][]string{".": {"554 5.7.1 we want no 'Your code is 424 242'"}}}, ErrRefused, false, ""},
		{"answer out of turn", &fake{offers: plain, answers: map[string][]string{"DATA": {"250 why not"}}}, ErrUnreachable, true, ""},
		{"clear text where TLS begins", &fake{tls: true, take: func(c net.Conn) { _, _ = io.WriteString(c, "220 in clear text\r\n") }}, ErrTLS, true, ""},
	}
	for _, at := range []string{"greet", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "."} {
		want := ErrUnreachable
		if at == "STARTTLS" {
			want = ErrTLS
		}
		cases = append(cases, refusal{"drops at " + at, &fake{offers: plain, answers: map[string][]string{at: {drop}}}, want, true, ""})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := serve(t, c.f)
			err := New([]Server{f.server}, Options{Roots: f.roots, Timeout: 10 * time.Second}).Send(t.Context(), code())
			judge(t, err, c.want, c.temporary)
			if c.before != "" && f.did(c.before) {
				t.Errorf("it went on to %s: %q", c.before, f.heard)
			}
			if _, mails := f.got(); mails != 0 {
				t.Errorf("%d mails were taken", mails)
			}
		})
	}
}

// TestWords: the administrator is told what to change, where it is known.
func TestWords(t *testing.T) {
	t.Parallel()
	cases := []struct {
		f            *fake
		words, field string
	}{
		{&fake{noTLS: true}, "STARTTLS", ""},
		{&fake{tls: true, take: func(c net.Conn) { _, _ = io.WriteString(c, "220 in clear text\r\n") }}, "starttls instead of tls", ""},
		{&fake{}, "no way to sign in", ""},
		{&fake{offers: plain, answers: map[string][]string{"AUTH": {"535 no"}}}, "app password", ""},
		{&fake{offers: plain, answers: map[string][]string{"RCPT": {"550 no"}}}, "recipient", "to"},
		{&fake{offers: plain, answers: map[string][]string{".": {"550 no"}}}, "this mail", ""},
	}
	for _, c := range cases {
		f := serve(t, c.f)
		e := errs.From(New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()))
		if e == nil || !strings.Contains(e.Message, c.words) || e.Field != c.field || !strings.HasPrefix(e.Message, f.server.String()+": ") {
			t.Errorf("%+v does not say %q, or in field %q", e, c.words, c.field)
		}
	}
}

func TestUnknownAuthorityIsRefused(t *testing.T) {
	t.Parallel()
	for _, implicit := range []bool{false, true} {
		f := serve(t, &fake{offers: plain, tls: implicit})
		err := New([]Server{f.server}, Options{}).Send(t.Context(), code())
		judge(t, err, ErrTLS, true)
		if !strings.Contains(errs.From(err).Message, "certificate") {
			t.Errorf("%q does not speak of the certificate", errs.From(err).Message)
		}
		if f.did("AUTH") || f.did("MAIL") {
			t.Errorf("it went on: %q", f.heard)
		}
	}
}

// TestSlowServers: whatever a server does to hold us up, the limit for everything with it holds.
func TestSlowServers(t *testing.T) {
	t.Parallel()
	trickle := func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "2"); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	silent := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	cases := map[string]*fake{
		"silent":              {take: silent},
		"silent in TLS":       {take: silent, tls: true},
		"a byte at a time":    {take: trickle},
		"each answer late":    {offers: plain, late: 100 * time.Millisecond},
		"a banner, then none": {take: func(c net.Conn) { _, _ = io.WriteString(c, "220-wait\r\n"); silent(c) }},
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			serve(t, f)
			err := New([]Server{f.server}, Options{Roots: f.roots, Timeout: 300 * time.Millisecond}).Send(t.Context(), code())
			judge(t, err, ErrUnreachable, true)
			if !errors.Is(err, errSlow) {
				t.Errorf("%v does not say that it was the time", err)
			}
		})
	}
}

func TestLateAnswersAreWaitedFor(t *testing.T) {
	t.Parallel()
	f := serve(t, &fake{offers: plain, late: 30 * time.Millisecond})
	if err := New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()); err != nil {
		t.Fatal(err)
	}
}

// TestTalkativeServers: neither a line nor a number of lines without end fills the memory.
func TestTalkativeServers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"one line": "220 " + strings.Repeat("x", 1000), "many lines": strings.Repeat("220-more\r\n", 100)} {
		sent := make(chan int, 1)
		f := serve(t, &fake{take: func(c net.Conn) {
			total := 0
			for {
				n, err := io.WriteString(c, text)
				if total += n; err != nil || total > 1<<30 {
					sent <- total
					return
				}
			}
		}})
		err := New([]Server{f.server}, Options{}).Send(t.Context(), code())
		judge(t, err, ErrUnreachable, true)
		if !errors.Is(err, errTooMuch) {
			t.Errorf("%s: %v does not say that it was too much", name, err)
		}
		if total := <-sent; total > 64<<20 {
			t.Errorf("%s: %d bytes went out", name, total)
		}
	}
}

func TestGreylisting(t *testing.T) {
	t.Parallel()
	f := serve(t, &fake{offers: plain, answers: map[string][]string{"RCPT": {"451 4.7.1 later", ""}}})
	s := New([]Server{f.server}, Options{Roots: f.roots})
	judge(t, s.Send(t.Context(), code()), ErrDeferred, true)
	if err := s.Send(t.Context(), code()); err != nil {
		t.Fatal(err)
	}
	if _, mails := f.got(); mails != 1 {
		t.Errorf("%d mails, want 1", mails)
	}
}

// TestDeliveredIsDelivered: after the receipt nothing makes it a failure, or the mail would be sent twice.
func TestDeliveredIsDelivered(t *testing.T) {
	t.Parallel()
	for _, goodbye := range []string{"500 what", drop, "221-and another thing"} {
		f := serve(t, &fake{offers: plain, answers: map[string][]string{"QUIT": {goodbye}}})
		begin := time.Now()
		if err := New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()); err != nil {
			t.Errorf("%q at the end: %v", goodbye, err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%q at the end took %v", goodbye, took)
		}
	}
}

// TestOrderOfServers: who is asked, and whose failure is told.
func TestOrderOfServers(t *testing.T) {
	t.Parallel()
	fails := func(verb, answer string) *fake {
		return serve(t, &fake{offers: plain, answers: map[string][]string{verb: {answer}}})
	}
	cases := []struct {
		name          string
		first, second *fake
		want          *errs.Error // nil: taken
		temporary     bool
		asked         int // connections of the second
	}{
		{"first takes it", serve(t, &fake{offers: plain}), serve(t, &fake{offers: plain}), nil, false, 0},
		{"first deferred", fails("RCPT", "451 later"), serve(t, &fake{offers: plain}), nil, false, 1},
		{"first drops", fails("greet", drop), serve(t, &fake{offers: plain}), nil, false, 1},
		{"first knows no password", fails("AUTH", "535 no"), serve(t, &fake{offers: plain}), nil, false, 1},
		{"first refuses the sender", fails("MAIL", "550 no"), serve(t, &fake{offers: plain}), nil, false, 1},
		{"first refuses the recipient", fails("RCPT", "550 no"), serve(t, &fake{offers: plain}), ErrRefused, false, 0},
		{"first refuses the message", fails(".", "550 no"), serve(t, &fake{offers: plain}), ErrRefused, false, 0},
		{"wrong password, then deferred", fails("AUTH", "535 no"), fails("RCPT", "451 later"), ErrDeferred, true, 1},
		{"deferred, then wrong password", fails("RCPT", "451 later"), fails("AUTH", "535 no"), ErrDeferred, true, 1},
		{"deferred, then refused", fails("RCPT", "451 later"), fails("RCPT", "550 no"), ErrRefused, false, 1},
		{"wrong password twice", fails("AUTH", "535 no"), fails("AUTH", "535 no"), ErrLogin, false, 1},
	}
	for _, c := range cases {
		roots := c.first.roots.Clone()
		for _, cert := range c.second.cert.Certificate[1:] {
			roots.AppendCertsFromPEM(pemOf(cert))
		}
		err := New([]Server{c.first.server, c.second.server}, Options{Roots: roots}).Send(t.Context(), code())
		if c.want == nil && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.want != nil {
			judge(t, err, c.want, c.temporary)
			if c.asked == 1 && (!strings.Contains(err.Error(), c.first.server.String()) || !strings.Contains(err.Error(), c.second.server.String())) {
				t.Errorf("%s: %v does not name both servers", c.name, err)
			}
		}
		if n, _ := c.second.got(); n != c.asked {
			t.Errorf("%s: the second was asked %d times, want %d", c.name, n, c.asked)
		}
	}
	judge(t, New(nil, Options{}).Send(t.Context(), code()), ErrNoServer, false)
}

func TestGivingUpEndsAtOnce(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{})
	first := serve(t, &fake{take: func(c net.Conn) { close(connected); _, _ = io.Copy(io.Discard, c) }})
	second := serve(t, &fake{offers: plain})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-connected; cancel() }()
	err := New([]Server{first.server, second.server}, Options{Timeout: time.Minute}).Send(ctx, code())
	judge(t, err, ErrUnreachable, true)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say that it was given up", err)
	}
	if n, _ := second.got(); n != 0 || strings.Contains(err.Error(), second.server.String()) {
		t.Errorf("the second server was asked, for nobody: %v", err)
	}
}

// TestNothingBeforeTLSCounts: answers that somebody in between puts in before the handshake are not believed
// (CVE-2011-0411 and its kin).
func TestNothingBeforeTLSCounts(t *testing.T) {
	t.Parallel()
	f := serve(t, &fake{offers: []string{"AUTH PLAIN"}, answers: map[string][]string{"STARTTLS": {"220 go\r\n250-evil\r\n250 AUTH LOGIN"}}})
	if err := New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()); err != nil {
		t.Fatal(err)
	}
	if f.did("AUTH LOGIN") || !f.did("AUTH PLAIN") {
		t.Errorf("it believed the line from before: %q", f.heard)
	}
}

func TestRelayOnThisMachine(t *testing.T) {
	t.Parallel()
	f := serve(t, &fake{noTLS: true, offers: plain})
	s := f.server
	s.Security, s.User, s.Password = None, "", ""
	if err := New([]Server{s}, Options{}).Send(t.Context(), code()); err != nil {
		t.Fatal(err)
	}
	if f.did("AUTH") || f.did("STARTTLS") {
		t.Errorf("it said more than it should: %q", f.heard)
	}
	s = f.server
	s.Security = None
	judge(t, New([]Server{s}, Options{}).Send(t.Context(), code()), ErrServer, false)
	if n, _ := f.got(); n != 1 {
		t.Error("it connected with a password and without encryption")
	}
	// Where a name leads is known only when it is connected to.
	if _, err := New(nil, Options{}).dial(t.Context(), Server{Host: "192.0.2.1", Port: 25, Security: None}); !errors.Is(err, errAddress) {
		t.Errorf("a relay elsewhere: %v", err)
	}
}

func TestNameGivenToServers(t *testing.T) {
	t.Parallel()
	f := serve(t, &fake{offers: plain})
	for given, want := range map[string]string{"sallyport.acme.test": "EHLO sallyport.acme.test", "x y\r\nMAIL": "EHLO localhost"} {
		if err := New([]Server{f.server}, Options{Roots: f.roots, Hello: given}).Send(t.Context(), code()); err != nil {
			t.Fatal(err)
		}
		if !f.did(want) {
			t.Errorf("%q: it did not say %q: %q", given, want, f.heard)
		}
	}
}

// TestTLSVersion: nothing older than 1.2.
func TestTLSVersion(t *testing.T) {
	t.Parallel()
	f := &fake{}
	f.take = func(c net.Conn) {
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*f.cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).Handshake()
	}
	f.tls = true
	serve(t, f)
	judge(t, New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()), ErrTLS, true)
}
