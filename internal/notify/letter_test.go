package notify_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mail"
	"sallyport/internal/notify"
	"sallyport/internal/outbox"
	"sallyport/internal/sms"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// kinds is every message there is, with whether it carries something to be entered.
var kinds = map[outbox.Kind]bool{
	outbox.Code: true, outbox.DisableToken: true, outbox.ResetToken: true, outbox.EmailToken: true, outbox.DisableCancel: true,
	outbox.FactorAdded: false, outbox.FactorRemoved: false, outbox.FactorLocked: false, outbox.TwoFactorReset: false, outbox.TwoFactorOff: false,
	outbox.DisableKept: false, outbox.BackupCodesMade: false, outbox.BackupCodeUsed: false, outbox.BackupCodesLow: false, outbox.PasswordChanged: false,
	outbox.EmailAsked: false, outbox.EmailChanged: false, outbox.SignInUnknown: false, outbox.SignInUnfinished: false, outbox.BrowserUsedTwice: false, outbox.MailServerSet: false,
	outbox.TwoFactorAsked: false,
	outbox.MailServerGone: false, outbox.MailServerChosen: false, outbox.MailServerTaken: false, outbox.TestMail: false, outbox.Invitation: true, outbox.AdminCodeIssued: false, outbox.AdminCodeUsed: false,
	outbox.RoleChanged: false, outbox.AccessLocked: false, outbox.AccessUnlocked: false, outbox.UserRemoved: false,
	outbox.SessionsEnded: false, outbox.BrowsersEnded: false,
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// TestEveryLetterInEveryLanguage: each can be written, in both forms, says who sent it and holds its secret where it has one.
func TestEveryLetterInEveryLanguage(t *testing.T) {
	titles := map[string]string{}
	for kind, carries := range kinds {
		for _, language := range []string{"en", "de"} {
			for _, enrolling := range []bool{false, true} {
				if enrolling && kind != outbox.Code {
					continue
				}
				secret := ""
				if carries {
					secret = "123456"
				}
				m := outbox.Message{Kind: kind, Facts: map[string]string{"left": "3", "name": "My Phone", "agent": firefox, "address": "192.0.2.7", "by": "user", "by_id": "usr_1"}}
				written, _, err := notify.Write(m, secret, enrolling, user.User{ID: "usr_1", Email: "ada@acme.test", Language: language})
				if err != nil {
					t.Fatalf("%s in %s: %v", kind, language, err)
				}
				if strings.ContainsAny(written.Subject, "\r\n") || written.Subject == "" {
					t.Errorf("%s in %s: subject %q", kind, language, written.Subject)
				}
				key := written.Language + written.Subject
				if other := titles[key]; other != "" && other != string(kind) {
					t.Errorf("%s and %s have the same subject in %s", kind, other, language)
				}
				titles[key] = string(kind)
				for form, body := range map[string]string{"text": written.Text, "HTML": written.HTML} {
					for _, part := range []string{"Sallyport", "Acme", "ada@acme.test", "My Phone", "192.0.2.7", "Firefox", secret} {
						if !strings.Contains(body, part) {
							t.Errorf("%s in %s: %s lacks %q", kind, language, form, part)
						}
					}
					if strings.Contains(body, "<no value>") || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "{") && form == "text" {
						t.Errorf("%s in %s: %s has a hole:\n%s", kind, language, form, body)
					}
				}
				if written.Language != language || !strings.Contains(written.HTML, `<html lang="`+language+`">`) {
					t.Errorf("%s in %s is in %s", kind, language, written.Language)
				}
			}
		}
	}
}

// TestTheLanguageIsThePersons, else the browser's that caused the message.
func TestTheLanguageIsThePersons(t *testing.T) {
	for _, c := range []struct{ person, browser, want string }{{"de", "en", "de"}, {"en", "de", "en"}, {"", "de", "de"}, {"", "", "en"}, {"", "xx", "en"}} {
		written, _, err := notify.Write(outbox.Message{Kind: outbox.FactorAdded, Language: c.browser}, "", false, user.User{Language: c.person})
		if err != nil || written.Language != c.want {
			t.Errorf("%q with a browser that reads %q: %q, %v; want %q", c.person, c.browser, written.Language, err, c.want)
		}
	}
}

// TestNothingIsSaidByTheDay: a mail is read on another day, too, so it never says "today".
func TestNothingIsSaidByTheDay(t *testing.T) {
	for kind, carries := range kinds {
		written, text, err := notify.Write(outbox.Message{Kind: kind}, map[bool]string{true: "123456"}[carries], false, user.User{Email: "ada@acme.test"})
		if err != nil || strings.Contains(written.Text+written.HTML+text, "today") || !strings.Contains(written.Text, "When: 23 November 2026, 09:00 UTC\n") {
			t.Errorf("%s, %v:\n%s\n%s", kind, err, written.Text, text)
		}
	}
}

// TestNothingIsInjected: what a name or a browser claims is shown as it is, or not at all, and never read as markup.
func TestNothingIsInjected(t *testing.T) {
	hostile := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Secret}}`, `{secret}`, `javascript:alert(1)`, "Eve's & Bob's",
	}
	for _, h := range hostile {
		for kind, carries := range kinds {
			m := outbox.Message{Kind: kind, Facts: map[string]string{"left": "3", "name": h, "hint": h, "to": h, "reason": h, "agent": h, "address": h}}
			written, _, err := notify.Write(m, map[bool]string{true: "123456"}[carries], false, user.User{Email: "ada@acme.test"})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(written.HTML, "<script") || strings.Contains(written.HTML, "<img") || strings.Contains(written.Subject, h) {
				t.Errorf("%s with %q:\n%s", kind, h, written.HTML)
			}
			if !strings.Contains(written.Text, h) {
				t.Errorf("%s: the text does not show %q", kind, h)
			}
		}
	}
}

// TestALongTitleIsStillSent: an organisation's own words, or its name in the subject of a code, may be longer than a subject may be.
func TestALongTitleIsStillSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		theirs := domaintest.NewMailServer(t)
		w.Channels.Mail = mail.New([]mail.Server{theirs.Server}, mail.Options{Roots: theirs.Roots})
		code := w.AddAddress(t, w.Ada, factor.Email, "ada@home.test")
		if err := errors.Join(
			account.SetText(ctx, d, w.Clock.Now(), w.Ada.AccountID, texts.English, "mail.factor_removed.title", strings.Repeat("a", 999)+"b", audit.Operator()),
			account.SetLook(ctx, d, w.Clock.Now(), w.Ada.AccountID, account.Look{Name: strings.Repeat("株", 80), Accent: "#336699"}, audit.Operator()),
		); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute) // the look is in force
		tell(t, w, w.Ada)
		w.Deliver(t)
		if s := last(t, w); s != "sent" {
			t.Errorf("a notice with a long title of one’s own: %s", s)
		}
		send(t, w, code, "ses_1")
		w.Deliver(t)
		if s := last(t, w); s != "sent" {
			t.Errorf("a code of an organisation with a long name: %s", s)
		}
	})
}

// TestOnlyKnownBrowsersAreNamed: a stranger's words do not stand in a mail of ours.
func TestOnlyKnownBrowsersAreNamed(t *testing.T) {
	for agent, want := range map[string]string{
		firefox: "Firefox on Linux",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iOS",
		"Call +1 900 555 at once/1.0 (Linux)":        "A browser on Linux",
		"http://evil.test/secure-your-account":       "Unknown browser",
		"evil.test/1.0 (Windows NT 10.0; evil.test)": "A browser on Windows",
		"curl/8.5.0":             "Unknown browser",
		"\r\nBcc: eve@evil.test": "Unknown browser",
	} {
		written, _, err := notify.Write(outbox.Message{Kind: outbox.SignInUnknown, Facts: map[string]string{"agent": agent}}, "", false, user.User{})
		if err != nil || !strings.Contains(written.Text, "Browser: "+want+"\n") || strings.Contains(written.HTML, "evil") {
			t.Errorf("%q is not %q, %v:\n%s", agent, want, err, written.Text)
		}
	}
}

// TestAText is one short message of the network's own alphabet, whose last line binds the code to this site (C19).
func TestAText(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		_, text, err := notify.Write(outbox.Message{Kind: outbox.Code}, "012345", false, user.User{Language: language})
		if err != nil {
			t.Fatal(err)
		}
		coding, parts := sms.Parts(text)
		if coding != sms.GSM || len(parts) != 1 || len(parts[0]) > 160 {
			t.Errorf("in %s: coding %d, %d parts: %q", language, coding, len(parts), text)
		}
		lines := strings.Split(text, "\n")
		if last := lines[len(lines)-1]; last != "@login.acme.test #012345" {
			t.Errorf("in %s the last line is %q", language, last)
		}
		if !regexp.MustCompile(`^012345 `).MatchString(text) {
			t.Errorf("in %s the code does not stand first: %q", language, text)
		}
	}
}

// TestDump writes every mail into the folder named by SALLYPORT_DUMP_MAILS, to be looked at.
func TestDump(t *testing.T) {
	dir := os.Getenv("SALLYPORT_DUMP_MAILS")
	if dir == "" {
		t.Skip("SALLYPORT_DUMP_MAILS names no folder")
	}
	for kind, carries := range kinds {
		for _, language := range []string{"en", "de"} {
			m := outbox.Message{Kind: kind, Facts: map[string]string{"left": "3", "name": "My Phone", "hint": "+43 ••• ••• ••67", "agent": firefox, "address": "2001:db8:85a3:1234:5678:8a2e:370:7334"}}
			secret := ""
			switch {
			case kind == outbox.Code:
				secret = "012345"
			case carries:
				secret = "k7mq2xwd9fhrc3tnp4vb8jzs6g"
			}
			written, _, err := notify.Write(m, secret, false, user.User{Email: "ada@acme.test", Language: language})
			if err != nil {
				t.Fatal(err)
			}
			for ending, body := range map[string]string{".html": written.HTML, ".txt": written.Text} {
				if err := os.WriteFile(filepath.Join(dir, "mail-"+string(kind)+"."+language+ending), []byte(body), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
