package mail

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/mail/eximtest"
)

// TestCompose pins the message as it goes out, but for the boundary.
func TestCompose(t *testing.T) {
	m := Message{
		ID: "msg_03", To: "ada@acme.test", Subject: "Zwei  Leerzeichen für Ada", Text: "Grüße\n.\n", HTML: "<p>Grüße</p>\n", Language: "de",
		At: time.Date(2026, 3, 3, 14, 5, 9, 0, time.FixedZone("", 3600)),
	}
	raw, err := m.compose(mailbox{"Acme, Inc.", "no-reply@acme.test"})
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(raw), "boundary=")
	boundary, _, _ := strings.Cut(after, "\r\n")
	if len(boundary) < 30 {
		t.Fatalf("boundary %q can be guessed", boundary)
	}
	want := strings.ReplaceAll(`Auto-Submitted: auto-generated
Content-Language: de
Date: Tue, 03 Mar 2026 13:05:09 +0000
MIME-Version: 1.0
Message-ID: <msg_03@acme.test>
Subject: =?UTF-8?q?Zwei_Leerzeichen_f=C3=BCr_Ada?=
From: "Acme, Inc." <no-reply@acme.test>
To: <ada@acme.test>
Content-Type: multipart/alternative;
 boundary=B

--B
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=UTF-8

Gr=C3=BC=C3=9Fe
.

--B
Content-Transfer-Encoding: quoted-printable
Content-Type: text/html; charset=UTF-8

<p>Gr=C3=BC=C3=9Fe</p>

--B--
`, "\n", "\r\n")
	if got := strings.ReplaceAll(string(raw), boundary, "B"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m.HTML, m.Language = "", ""
	raw, err = m.compose(mailbox{"", "no-reply@acme.test"})
	if err != nil {
		t.Fatal(err)
	}
	if s := string(raw); !strings.Contains(s, "From: <no-reply@acme.test>\r\n") || !strings.Contains(s, "Content-Type: text/plain; charset=UTF-8\r\n") || strings.Contains(s, "Content-Language") {
		t.Errorf("text alone, from an address alone:\n%s", s)
	}
}

func TestMessagesThatCannotBeSent(t *testing.T) {
	good := code()
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	f := serve(t, &fake{})
	cases := []struct {
		field  string
		change func(*Message)
	}{
		{"id", func(m *Message) { m.ID = "" }},
		{"id", func(m *Message) { m.ID = "a>\r\nBcc: x" }},
		{"id", func(m *Message) { m.ID = "a@b" }},
		{"id", func(m *Message) { m.ID = "a." }},
		{"id", func(m *Message) { m.ID = "a\n" }},
		{"id", func(m *Message) { m.ID = strings.Repeat("a", 101) }},
		{"to", func(m *Message) { m.To = "" }},
		{"to", func(m *Message) { m.To = "Ada <ada@acme.test>" }},
		{"to", func(m *Message) { m.To = "ada@acme.test, eve@evil.test" }},
		{"to", func(m *Message) { m.To = "ada@acme.test>\r\nRCPT TO:<eve@evil.test" }},
		{"from", func(m *Message) { m.From = "Acme" }},
		{"from", func(m *Message) { m.From = "Acme\r\nBcc: eve@evil.test <a@acme.test>" }},
		{"subject", func(m *Message) { m.Subject = "" }},
		{"subject", func(m *Message) { m.Subject = "   " }},
		{"subject", func(m *Message) { m.Subject = "code\r\nBcc: eve@evil.test" }},
		{"subject", func(m *Message) { m.Subject = "code\nX: y" }},
		{"subject", func(m *Message) { m.Subject = "code\u2028X: y" }},
		{"subject", func(m *Message) { m.Subject = "code\u0085X: y" }},
		{"subject", func(m *Message) { m.Subject = "code \u202Emoc.knab" }},
		{"subject", func(m *Message) { m.Subject = "code\x00" }},
		{"subject", func(m *Message) { m.Subject = "code\xff" }},
		{"subject", func(m *Message) { m.Subject = strings.Repeat("ä", 200) }},
		{"text", func(m *Message) { m.Text = "" }},
		{"text", func(m *Message) { m.Text = "\xff" }},
		{"html", func(m *Message) { m.HTML = "\xff" }},
		{"language", func(m *Message) { m.Language = "de\r\nX: y" }},
		{"language", func(m *Message) { m.Language = "de_AT" }},
		{"at", func(m *Message) { m.At = time.Time{} }},
	}
	for _, c := range cases {
		m := good
		c.change(&m)
		err := New([]Server{f.server}, Options{}).Send(t.Context(), m)
		if e := errs.From(err); e == nil || !e.Is(ErrMessage) || e.Field != c.field || Temporary(err) {
			t.Errorf("%s: %+v", c.field, e)
		}
	}
	if n, _ := f.got(); n != 0 {
		t.Errorf("%d connections for messages that cannot be sent", n)
	}
}

func TestSenderOfTheMessageComesFirst(t *testing.T) {
	f := serve(t, &fake{offers: []string{"AUTH PLAIN", "SMTPUTF8"}})
	m := code()
	m.From = "Beta <hello@beta.test>"
	if err := New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if !f.did("MAIL FROM:<hello@beta.test>") || !strings.Contains(f.mails[0], "From: \"Beta\" <hello@beta.test>\r\n") || !strings.Contains(f.mails[0], "Message-ID: <msg_02@beta.test>\r\n") {
		t.Errorf("%q\n%s", f.heard, f.mails)
	}
	if strings.Contains(strings.Join(f.heard, "\n"), " SMTPUTF8") {
		t.Errorf("it asks for an extension that the next server may not have: %q", f.heard)
	}
}

// FuzzHeaders: whatever names and subjects people think of, what is taken arrives as the same few headers
// and the same text, as another parser reads it.
func FuzzHeaders(f *testing.F) {
	f.Add("Your code", "Acme", "acme.test", "Hello\n")
	f.Add("Grüße an alle "+strings.Repeat("ü", 90), "Müller, Söhne", "a-b.test", ".\n..\n\n--x\n")
	f.Add("a"+strings.Repeat(" ", 150)+"b", "A"+strings.Repeat(" ", 100)+"B", "a.test", "\r\n\r\n\r")
	f.Add(strings.Repeat("x", 73)+"  "+strings.Repeat("y", 74), "=?utf-8?q?=0d=0aBcc:_x?=", "a.test", "=0d=0a")
	f.Add("=?utf-8?q?a=0d=0ab?=", "\\", "x.test>", "x")
	f.Add("0", "0", "00", "\r\x0e\n0")
	f.Add("0", "0", "00", "a\rü\nb")
	f.Add("0", "=?0?B??=", "00", "0")
	f.Add("a==??q?b?=", "==??", "00", "0")
	f.Fuzz(func(t *testing.T, subject, name, domain, text string) {
		m := Message{
			ID: "msg_04", To: "ada@" + domain, From: name + " <robot@" + domain + ">", Subject: subject, Text: text, HTML: text,
			Language: "en", At: time.Date(2026, 3, 3, 14, 5, 0, 0, time.UTC),
		}
		if m.check() != nil {
			return
		}
		from, why := parseMailbox(m.From)
		if why != "" {
			t.Fatalf("%q passes and does not: %s", m.From, why)
		}
		raw, err := m.compose(from)
		if err != nil {
			t.Fatalf("%q passes and is not composed: %v", m, err)
		}
		got, err := eximtest.Parse(raw)
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		if len(got.Header) != 9 {
			t.Errorf("%d headers:\n%s", len(got.Header), raw)
		}
		if got.Subject != literal(subject) {
			t.Errorf("subject %q, want %q", got.Subject, literal(subject))
		}
		if got.Header.Get("To") != "<"+m.To+">" {
			t.Errorf("to %q", got.Header.Get("To"))
		}
		if normal := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text); got.Text != normal || got.HTML != normal {
			t.Errorf("text %q, want %q", got.Text, normal)
		}
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for line := range strings.SplitSeq(string(head), "\r\n") {
			if strings.TrimSpace(line) == "" || len(line) > 998 || strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("header line %q", line)
			}
		}
	})
}

// TestSubject: what is cut ends at a whole letter, and may be sent.
func TestSubject(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"Your code", "Your code"},
		{strings.Repeat("ä", 125), strings.Repeat("ä", 125)},
		{strings.Repeat("ä", 126), strings.Repeat("ä", 123) + "…"},
		{"a" + strings.Repeat("😀", 63), "a" + strings.Repeat("😀", 61) + "…"},
	} {
		if got := Subject(c.text); got != c.want || !headerText(got) {
			t.Errorf("%d bytes: %q", len(c.text), got)
		}
	}
}
