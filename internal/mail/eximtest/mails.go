package eximtest

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Mail is one delivered mail, read by the standard library alone and so by another hand than wrote it.
type Mail struct {
	To        string // the recipient that the envelope named
	From      string // decoded, as people see it
	Subject   string // decoded
	MessageID string // with its angle brackets
	Date      time.Time
	Header    netmail.Header // all of them, not decoded
	Text      string         // decoded, lines ending in "\n"
	HTML      string         // decoded, empty if there is none
	Raw       []byte         // the file
}

// Mails returns what was delivered to the local part so far, oldest first.
func (x *Exim) Mails(t testing.TB, local string) []Mail {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(x.dir, "box", "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []Mail
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(raw)
		if err != nil {
			t.Fatalf("mail %s: %v\n%s", filepath.Base(name), err, raw)
		}
		if got, _, _ := strings.Cut(m.To, "@"); strings.EqualFold(got, local) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b Mail) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.MessageID, b.MessageID)) // of one second: our ids sort by the time
	})
	return all
}

// Wait returns the mails to the local part once there are n of them. After a minute with fewer it fails the test.
func (x *Exim) Wait(t testing.TB, local string, n int) []Mail {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		all := x.Mails(t, local)
		if len(all) >= n {
			return all
		}
		if time.Now().After(end) {
			t.Fatalf("%d mails to %s, want %d; Exim's log:\n%s", len(all), local, n, x.Log())
		}
	}
}

// Parse reads a mail as it lies in the Maildir.
func Parse(raw []byte) (Mail, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Header: msg.Header, Raw: raw, MessageID: msg.Header.Get("Message-ID"), To: msg.Header.Get("Envelope-To")}
	var words mime.WordDecoder
	if m.Subject, err = words.DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, fmt.Errorf("subject: %w", err)
	}
	if m.From, err = words.DecodeHeader(msg.Header.Get("From")); err != nil {
		return m, fmt.Errorf("from: %w", err)
	}
	if m.Date, err = msg.Header.Date(); err != nil {
		return m, fmt.Errorf("date: %w", err)
	}
	return m, m.part(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
}

// part reads one part, or several in one.
func (m *Mail) part(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if kind == "multipart/alternative" {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := m.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if !strings.EqualFold(params["charset"], "utf-8") {
		return fmt.Errorf("%s in %q, want UTF-8", kind, params["charset"])
	}
	switch kind {
	case "text/plain":
		m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	case "text/html":
		m.HTML = strings.ReplaceAll(string(text), "\r\n", "\n")
	default:
		return fmt.Errorf("a part of type %s", kind)
	}
	return nil
}
