package mail

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"sallyport/internal/errs"
)

func TestParseURL(t *testing.T) {
	const acme = "?from=no-reply@acme.test"
	cases := map[string]Server{
		"smtp://u:p@mail.acme.test" + acme:      {"mail.acme.test", 587, StartTLS, "u", "p", "no-reply@acme.test"},
		"smtp://u:p@mail.acme.test:2525" + acme: {"mail.acme.test", 2525, StartTLS, "u", "p", "no-reply@acme.test"},
		"smtps://mail.acme.test/" + acme:        {"mail.acme.test", 465, TLS, "", "", "no-reply@acme.test"},
		"SMTPS://mail.acme.test:" + acme:        {"mail.acme.test", 465, TLS, "", "", "no-reply@acme.test"},
		"smtp://u%40acme.test:p%25%2F%23%3A%20%C3%A4@[2001:db8::1]:25?from=Acme%20<no-reply@acme.test>": {
			"2001:db8::1", 25, StartTLS, "u@acme.test", "p%/#: ä", "Acme <no-reply@acme.test>",
		},
		"smtp://localhost?security=none&from=no-reply@acme.test":     {"localhost", 25, None, "", "", "no-reply@acme.test"},
		"smtp://127.0.0.9:2525?from=a%2Bb@acme.test&security=none":   {"127.0.0.9", 2525, None, "", "", "a+b@acme.test"},
		"smtp://[::1]?security=none&from=M%C3%BCller%20<m@a.test>":   {"::1", 25, None, "", "", "Müller <m@a.test>"},
		"smtps://u:p@mail?from=%22Acme%2C%20Inc.%22%20<a@acme.test>": {"mail", 465, TLS, "u", "p", `"Acme, Inc." <a@acme.test>`},
	}
	for text, want := range cases {
		if got, err := ParseURL(text); err != nil || string(got.Security) != string(want.Security) || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, []any{got.Host, got.Port, got.Security, got.User, got.From}, err, want)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	const acme = "?from=no-reply@acme.test"
	cases := []struct{ text, field string }{
		{"", "security"},
		{"mail.acme.test:587", ""},
		{"smtp:mail.acme.test", ""},
		{"http://mail.acme.test" + acme, "security"},
		{"smtp://u:hunter2%zz@mail.acme.test" + acme, ""},
		{"smtp://u:hunter2/@mail.acme.test" + acme, ""},
		{"smtp://u:hunter2#@mail.acme.test" + acme, ""},
		{"smtp://u:p@mail.acme.test" + acme + "#hunter2", ""},
		{"smtp://u:hunter2?@mail.acme.test", ""},
		{"smtp://u:hunter2\n@mail.acme.test" + acme, ""},
		{"smtp://u:hunter2%0A@mail.acme.test" + acme, "password"},
		{"smtp://u:hunter2%00@mail.acme.test" + acme, "password"},
		{"smtp://u%0D%0A:hunter2@mail.acme.test" + acme, "user"},
		{"smtp://:hunter2@mail.acme.test" + acme, "user"},
		{"smtp://u@mail.acme.test" + acme, "password"},
		{"smtp://u:hunter2@mail.acme.test/inbox" + acme, ""},
		{"smtp://u:hunter2@" + acme, "host"},
		{"smtp://u:hunter2@-acme.test" + acme, "host"},
		{"smtp://u:hunter2@mail_1.acme.test" + acme, "host"},
		{"smtp://u:hunter2@mail.acme.test." + acme, "host"},
		{"smtp://u:hunter2@m%C3%BCller.test" + acme, "host"},
		{"smtp://u:hunter2@[fe80::1%25eth0]" + acme, "host"},
		{"smtp://u:hunter2@mail.acme.test:0" + acme, "port"},
		{"smtp://u:hunter2@mail.acme.test:65536" + acme, "port"},
		{"smtp://u:hunter2@mail.acme.test:99999999999999999999" + acme, "port"},
		{"smtp://u:hunter2@mail.acme.test:hunter2" + acme, ""},
		{"smtp://u:hunter2@mail.acme.test", "from"},
		{"smtp://u:hunter2@mail.acme.test?from=", "from"},
		{"smtp://u:hunter2@mail.acme.test?from=acme.test", "from"},
		{"smtp://u:hunter2@mail.acme.test?from=a+b@acme.test", "from"},
		{"smtp://u:hunter2@mail.acme.test?from=Acme%0D%0ABcc:x%20<a@acme.test>", "from"},
		{"smtp://u:hunter2@mail.acme.test?from=a@acme.test&from=b@acme.test", ""},
		{"smtp://u:hunter2@mail.acme.test?from=a@acme.test&tls=no", ""},
		{"smtp://u:hunter2@mail.acme.test?from=a@acme.test%zz", ""},
		{"smtp://u:hunter2@localhost?security=none&from=a@acme.test", "user"},
		{"smtp://mail.acme.test?security=none&from=a@acme.test", "security"},
		{"smtp://192.168.1.1?security=none&from=a@acme.test", "security"},
		{"smtps://localhost?security=none&from=a@acme.test", ""},
		{"smtp://localhost?security=tls&from=a@acme.test", ""},
	}
	for _, c := range cases {
		_, err := ParseURL(c.text)
		e := errs.From(err)
		if !errors.Is(err, ErrServer) || e.Field != c.field {
			t.Errorf("%q: %v in field %q, want %v in %q", c.text, err, e.Field, ErrServer.Code, c.field)
			continue
		}
		if strings.Contains(e.Message+e.Error(), "hunter2") || e.Message == ErrServer.Message || strings.Contains(e.Message, "\n") {
			t.Errorf("%q: %q shows the password or says nothing", c.text, e.Message)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Server{Host: "mail.acme.test", Port: 587, Security: StartTLS, User: "u", Password: "p", From: "a@acme.test"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Server){
		"host":     func(s *Server) { s.Host = "mail.acme.test\r\nx" },
		"port":     func(s *Server) { s.Port = -1 },
		"security": func(s *Server) { s.Security = "" },
		"user":     func(s *Server) { s.User = strings.Repeat("u", 2000) },
		"password": func(s *Server) { s.Password = strings.Repeat("p", 2000) },
		"from":     func(s *Server) { s.From = "Acme" },
	} {
		s := good
		change(&s)
		if e := errs.From(s.Check()); e == nil || !e.Is(ErrServer) || e.Field != field {
			t.Errorf("%s: %v", field, e)
		}
	}
}

// TestPrintingHidesSecrets: not even a careless line of a log shows a password or what a mail says.
func TestPrintingHidesSecrets(t *testing.T) {
	s := Server{Host: "mail.acme.test", Port: 587, Security: StartTLS, User: "u", Password: "hunter2", From: "a@acme.test"}
	m := Message{ID: "msg_1", To: "ada@acme.test", Subject: "hunter2", Text: "hunter2", HTML: "hunter2"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "server", s, "message", m, "pointer", &s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "server", s, "message", m, "pointer", &s)
	for _, format := range []string{"%v", "%+v", "%s", "%#v", "%q"} {
		fmt.Fprintf(&log, format+format+format, s, m, []Server{s})
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("shown: %s", log.String())
	}
	if !strings.Contains(log.String(), "mail.acme.test:587") || !strings.Contains(log.String(), "msg_1") {
		t.Errorf("neither is named: %s", log.String())
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"smtp://u:p@mail.acme.test?from=a@acme.test", "smtps://[::1]:465?from=Acme%20<a@acme.test>", "smtp://localhost?security=none&from=a@a",
		"smtp://u:p%0a@mail?from=a@a", "smtp:x", "smtp://%00@h?from=%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseURL(text)
		if err != nil {
			e := errs.From(err)
			if !e.Is(ErrServer) || len(s.Password) > 12 && strings.Contains(e.Message+e.Error(), s.Password) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if err := s.Check(); err != nil {
			t.Errorf("%q passes but its server does not: %v", text, err)
		}
		if strings.ContainsAny(s.Host+s.User+s.Password+s.From, "\x00\r\n") || s.Security == None && s.User != "" {
			t.Errorf("%q gives %q %q", text, s.Host, s.From)
		}
	})
}
