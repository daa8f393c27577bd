package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/mail/eximtest"
)

const mailbox = "ada@elsewhere.test"

// usedACode is the title of the notice that each sign-in with a backup code causes.
const usedACode = "backup code"

// TestMailServerFails plays the ways in which a mail server fails: the code page says so, a backup code gets in, and when the
// server is well again the notice of that comes exactly once, and no dead code (F11, F12).
func TestMailServerFails(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		me := people[0].user.Email
		codes := o.addAddress(t, o.entered(t, people[0]), "email", mailbox)
		at := func(verb, answer string) func(string, string) string {
			return func(v, _ string) string {
				if v == verb {
					return answer
				}
				return "ok"
			}
		}
		for i, fault := range []struct {
			name   string
			behave func(verb, what string) string // nil for nobody there
			copies int                            // of a notice, in the end
		}{
			{"is down", nil, 1},
			{"hangs up", at("greet", hangUp), 1},
			{"is out of service", at("greet", "421 Come back later"), 1},
			{"greylists", at("RCPT", "451 Greylisted"), 1},
			{"has no room", at(".", "452 No room"), 1},
			{"speaks another language", at("greet", strings.Repeat("HTTP/1.1 400 ", 100_000)), 1},
			// Whether it was taken, nobody can know: it is sent again, under the same name, by which the mailbox knows it (RFC 5322, section 3.6.4).
			{"loses its answer", at(".", hangUp), 2},
		} {
			t.Log(fault.name)
			if o.mails.set(fault.behave); fault.behave == nil {
				o.mails.cut()
			}
			told, coded := len(o.mails.to(me)), len(o.mails.to(mailbox))
			c, _ := o.signIn(t, people[0])
			page := shows(t, c, inVain).Sees(http.StatusOK, "Use a backup code", "Try another way")
			if n := o.live(t, people[0].user); n != 1 {
				t.Errorf("%s: %d live codes", fault.name, n)
			}
			page.Press("Verify", "code", codes[i]).Follow().Sees(http.StatusOK, "You are signed in.")
			await(t, "the notice is tried", func() bool {
				return o.count(t, `SELECT count(*) FROM outbox WHERE kind LIKE 'backup_code%' AND state = 'queued' AND detail <> ''`) == 1
			})
			if o.mails.set(nil); fault.behave == nil {
				o.mails.mend(t)
			}
			o.settled(t)
			notices := o.mails.to(me)[told:]
			if len(notices) != fault.copies {
				t.Errorf("%s: %d notices came, want %d", fault.name, len(notices), fault.copies)
			}
			for _, m := range notices {
				if m.MessageID != notices[0].MessageID || m.MessageID == "" || !strings.Contains(m.Subject, usedACode) {
					t.Errorf("%s: %q, %q came, beside %q", fault.name, m.MessageID, m.Subject, notices[0].MessageID)
				}
			}
			if n := len(o.mails.to(mailbox)) - coded; n != fault.copies-1 { // the one that was taken when it was alive
				t.Errorf("%s: %d codes came", fault.name, n)
			}
			o.later(t)
		}
	})
}

// TestMailServerIsSlow: while a mail server keeps its answers back, every page answers, and a newer code ends the older (F12, F13).
func TestMailServerIsSlow(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		o.addAddress(t, o.entered(t, people[0]), "email", mailbox)
		before := len(o.mails.to(mailbox))
		answer, entered := make(chan struct{}), make(chan struct{}, 9)
		var over atomic.Bool
		o.mails.set(func(verb, _ string) string {
			if verb == "RCPT" {
				entered <- struct{}{}
				<-answer
				over.Store(true)
			}
			return "ok"
		})
		c, page := o.signIn(t, people[0])
		<-entered
		o.later(t)
		page.Press("Resend code").Follow().Sees(http.StatusOK, "A code is on its way")
		<-entered
		page = c.Get("/sign-in/verify").Sees(http.StatusOK, "We sent a mail")
		if over.Load() || o.count(t, `SELECT count(*) FROM outbox WHERE detail <> ''`) != 0 {
			t.Error("the pages answered when the mail server was given up")
		}
		close(answer)
		o.settled(t)
		came := o.mails.to(mailbox)[before:]
		if len(came) != 2 || came[0].MessageID == came[1].MessageID {
			t.Fatalf("%d mails came, want two", len(came))
		}
		// They come in whatever order; ids sort by time.
		older, newer := came[0], came[1]
		if older.MessageID > newer.MessageID {
			older, newer = newer, older
		}
		dead, live := sixDigits.FindString(older.Subject), sixDigits.FindString(newer.Subject)
		if dead != live {
			page.Press("Verify", "code", dead).Sees(http.StatusUnprocessableEntity)
		}
		page.Press("Verify", "code", live).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// TestEximFails signs in beside a real mail server that greylists, ends and starts again, over STARTTLS with its own authority.
func TestEximFails(t *testing.T) {
	x := eximtest.Start(t, eximtest.Options{Greylist: true})
	t.Setenv("SSL_CERT_FILE", x.CAFile)
	eachEngine(t, func(t *testing.T, dsn string) {
		p, people := settle(t, dsn, 0, 1)
		// One mailbox for each engine's person, in the one server.
		local := "ada-" + strings.ToLower(t.Name()[strings.Index(t.Name(), "/")+1:])
		box := local + "@" + x.Domain
		o := &office{place: p, process: serve(t, append(p.settings, "SMTP_URL="+x.URL("no-reply@"+x.Domain))...)}
		o.db = watch(t, p)
		c := o.entered(t, people[0])
		page := c.Get("/settings/two-factor/add-email").
			Press("Next", "name", "My mailbox", "address", box, "password", apptest.Password).Follow().Sees(http.StatusOK, "We sent a mail")
		await(t, "the code is greylisted", func() bool { return o.count(t, `SELECT count(*) FROM outbox WHERE detail <> ''`) == 1 })
		o.retry(t)
		page.Press("Verify", "code", sixDigits.FindString(x.Wait(t, local, 1)[0].Subject)).Follow().Sees(http.StatusOK)
		o.later(t)

		x.Stop(t)
		c, _ = o.signIn(t, people[0])
		page = shows(t, c, inVain)
		o.later(t)
		page.Press("Resend code").Follow().Sees(http.StatusOK)
		page = shows(t, c, inVain)
		x.Restart(t)
		o.retry(t)
		newest := x.Wait(t, local, 2)[1]
		page.Press("Verify", "code", sixDigits.FindString(newest.Subject)).Follow().Sees(http.StatusOK, "You are signed in.")
		o.settled(t)
		if n := len(x.Mails(t, local)); n != 2 {
			t.Errorf("%d codes came, want two: the older one of the second sign-in is over", n)
		}
		if code := o.signal(syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d\n%s", code, o.out)
		}
	})
}
