package mail

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/mail/eximtest"
)

// letter is a message with all that likes to break on the way: umlauts, an emoji, a line that begins with a dot,
// spaces at the end of a line, a long line and something that looks like a boundary.
func letter(local string) Message {
	return Message{
		ID:       "msg_01",
		To:       local + "@mail.test",
		Subject:  "Grüße aus Köln: Ihr Bestätigungscode für die Anmeldung bei Müller & Söhne 🔑",
		Text:     "Grüß Gott,\n\n.\n..zwei Punkte\nLeerzeichen am Ende  \n--boundary\n" + strings.Repeat("lang ", 300) + "\nIhr Code: 123 456\n",
		HTML:     "<p lang=\"de\">Grüß Gott,</p>\n<p>Ihr Code: <b>123&nbsp;456</b> = ✓</p>\n",
		Language: "de-AT",
		At:       time.Date(2026, 3, 3, 14, 5, 9, 0, time.FixedZone("", 3600)),
	}
}

func parsed(t *testing.T, url string) Server {
	t.Helper()
	s, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEximTakesMail(t *testing.T) {
	t.Parallel()
	x := eximtest.Start(t, eximtest.Options{})
	const from = `"Müller, Söhne & Co." <no-reply@mail.test>`
	for local, url := range map[string]string{"ada": x.URL(from), "bob": x.TLSURL(from)} {
		want := letter(local)
		if err := New([]Server{parsed(t, url)}, Options{Roots: x.Roots}).Send(t.Context(), want); err != nil {
			t.Fatalf("%s: %v", local, err)
		}
		got := x.Wait(t, local, 1)[0]
		if got.Subject != want.Subject || got.Text != want.Text || got.HTML != want.HTML {
			t.Errorf("%s got\n%q\n%q\n%q, want\n%q\n%q\n%q", local, got.Subject, got.Text, got.HTML, want.Subject, want.Text, want.HTML)
		}
		if got.From != `Müller, Söhne & Co. <no-reply@mail.test>` || got.To != want.To || got.MessageID != "<msg_01@mail.test>" || !got.Date.Equal(want.At) {
			t.Errorf("%s: from %q, to %q, id %q, date %v", local, got.From, got.To, got.MessageID, got.Date)
		}
		for name, value := range map[string]string{
			"Auto-Submitted": "auto-generated", "Content-Language": "de-AT", "To": "<" + want.To + ">", "X-Mailer": "", "User-Agent": "",
			"Return-Path": "<no-reply@mail.test>",
		} {
			if got.Header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", local, name, got.Header.Get(name), value)
			}
		}
		// Exim writes down how a mail came: E for ESMTP, S for TLS, A for signed in.
		if received := got.Header.Get("Received"); !strings.Contains(received, "with esmtpsa") {
			t.Errorf("%s: %q does not say esmtpsa", local, received)
		}
	}
}

func TestEximRefuses(t *testing.T) {
	t.Parallel()
	x := eximtest.Start(t, eximtest.Options{})
	good := parsed(t, x.URL("no-reply@mail.test"))
	wrong, nobody := good, good
	wrong.Password += "x"
	nobody.User, nobody.Password = "", ""
	stranger := letter("ada")
	stranger.To = "ada@elsewhere.test"
	cases := []struct {
		name string
		s    Server
		opt  Options
		m    Message
		want *errs.Error
		temp bool
	}{
		{"wrong password", wrong, Options{Roots: x.Roots}, letter("ada"), ErrLogin, false},
		{"not signed in", nobody, Options{Roots: x.Roots}, letter("ada"), ErrRefused, false},
		{"unknown person", good, Options{Roots: x.Roots}, letter("unknown"), ErrRefused, false},
		{"relaying", good, Options{Roots: x.Roots}, stranger, ErrRefused, false},
		{"unknown authority", good, Options{}, letter("ada"), ErrTLS, true},
		{"not for accounts", good, Options{Roots: x.Roots, Allow: PublicOnly}, letter("ada"), ErrNotAllowed, false},
	}
	for _, c := range cases {
		err := New([]Server{c.s}, c.opt).Send(t.Context(), c.m)
		if got := errs.From(err); got == nil || !got.Is(c.want) || Temporary(err) != c.temp {
			t.Errorf("%s: %v, temporary %v, want %v, %v", c.name, err, Temporary(err), c.want.Code, c.temp)
		}
	}
	if n := len(x.Mails(t, "ada")); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestEximGreylists(t *testing.T) {
	t.Parallel()
	x := eximtest.Start(t, eximtest.Options{Greylist: true})
	s := New([]Server{parsed(t, x.URL("no-reply@mail.test"))}, Options{Roots: x.Roots})
	if err := s.Send(t.Context(), letter("ada")); !Temporary(err) || errs.From(err).Code != "mail_deferred" {
		t.Fatalf("the first attempt: %v, want it deferred", err)
	}
	if err := s.Send(t.Context(), letter("ada")); err != nil {
		t.Fatal(err)
	}
	if got := x.Wait(t, "ada", 1); len(got) != 1 {
		t.Fatalf("%d mails, want 1", len(got))
	}
}

func TestEximIsSecond(t *testing.T) {
	t.Parallel()
	first, second := eximtest.Start(t, eximtest.Options{}), eximtest.Start(t, eximtest.Options{})
	roots := first.Roots.Clone()
	roots.AppendCertsFromPEM(read(t, second.CAFile))
	s := New([]Server{parsed(t, first.URL("no-reply@mail.test")), parsed(t, second.URL("no-reply@mail.test"))}, Options{Roots: roots})
	first.Stop(t)
	if err := s.Send(t.Context(), letter("ada")); err != nil {
		t.Fatal(err)
	}
	second.Wait(t, "ada", 1)
	first.Restart(t)
	if err := s.Send(t.Context(), letter("bob")); err != nil {
		t.Fatal(err)
	}
	first.Wait(t, "bob", 1)
	if n := len(second.Mails(t, "bob")); n != 0 {
		t.Errorf("%d mails went to the second server although the first runs", n)
	}
}
