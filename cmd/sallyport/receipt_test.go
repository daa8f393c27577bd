package main

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/sms/kanneltest"
)

// arrived is what the code page says when the gateway says so.
const arrived = "It has arrived on your phone."

// TestReceipts: what the gateway reports is shown on the code page, in whatever order it comes; what nobody knows changes
// nothing (F13).
func TestReceipts(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		codes := o.addAddress(t, o.entered(t, people[0]), "sms", number)
		c, page := o.signIn(t, people[0])
		page.Lacks(arrived)
		sent := o.texts.nth(t, number, 2)
		o.settled(t)
		before := o.states(t)
		for forged, want := range map[string]int{
			regexp.MustCompile(`msg_[0-9a-z]+`).ReplaceAllString(sent.receipts, "msg_00000000000000000000000000"): http.StatusOK,
			regexp.MustCompile(`acc_[0-9a-z]+`).ReplaceAllString(sent.receipts, "acc_00000000000000000000000000"): http.StatusOK,
			regexp.MustCompile(`sms/acc_[^?]+`).ReplaceAllString(sent.receipts, "sms/%27%20OR%201=1%20--"):        http.StatusUnprocessableEntity,
			strings.Replace(sent.receipts, "state=%d", "state=77", 1):                                             http.StatusUnprocessableEntity,
			strings.Replace(sent.receipts, "state=%d", "nothing=%d", 1):                                           http.StatusUnprocessableEntity,
		} {
			if status := report(t, forged, "2"); status != want {
				t.Errorf("%s: status %d, want %d", forged, status, want)
			}
			if after := o.states(t); after != before {
				t.Errorf("%s made\n%s\nof\n%s", forged, after, before)
			}
		}
		for _, state := range []string{"8", "1", "1", "8", "2"} { // at the centre, delivered, again, and two that were overtaken
			if status := report(t, sent.receipts, state); status != http.StatusOK {
				t.Errorf("state %s: status %d", state, status)
			}
		}
		page = c.Get("/sign-in/verify").Sees(http.StatusOK, arrived).Lacks(inVain)
		page.Press("Verify", "code", sent.code(t)).Follow().Sees(http.StatusOK, "You are signed in.")

		c, _ = o.signIn(t, people[0])
		report(t, o.texts.nth(t, number, 3).receipts, "2")
		shows(t, c, inVain).Lacks(arrived).Sees(http.StatusOK, "Try another way", "Use a backup code").
			Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// states tells how far each message got.
func (o *office) states(t *testing.T) string {
	t.Helper()
	var all []string
	err := o.db.Each(t.Context(), `SELECT message_id || ' ' || state || ' ' || detail || ' ' || reference FROM outbox ORDER BY message_id`, nil,
		func(scan func(...any) error) error {
			var row string
			err := scan(&row)
			all = append(all, row)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// TestMessageCentre signs in with texts through a message centre, which throttles first, is away for a while, and
// says of each text that it arrived (SMPP 3.4).
func TestMessageCentre(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, dsn string) {
		t.Parallel()
		centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{Throttle: 1, Receipts: true})
		way := newLine(t, "127.0.0.1:"+centre.Port)
		p, people := settle(t, dsn, 0, 1)
		o := &office{place: p, process: serve(t, append(p.settings, "SMS_URL="+strings.Replace(centre.Setting("Acme"), way.to, way.address, 1))...)}
		o.db = watch(t, p)
		code := func(n int) string {
			octets := centre.WaitNth(t, "submit_sm", n).Octets(t)
			return text{body: string(bytes.ReplaceAll(octets, []byte{0}, []byte("@")))}.code(t) // GSM 03.38 is ASCII here but for that
		}
		page := o.entered(t, people[0]).Get("/settings/two-factor/add-sms").
			Press("Next", "name", "My number", "address", number, "password", apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message")
		await(t, "the centre throttles", func() bool { return len(centre.Events(t, "refuse_sm")) == 1 })
		page.Press("Verify", "code", code(1)).Follow().Sees(http.StatusOK, "backup codes")
		o.later(t)

		c, _ := o.signIn(t, people[0])
		second := code(2)
		shows(t, c, arrived).Press("Verify", "code", second).Follow().Sees(http.StatusOK, "You are signed in.")
		o.later(t)

		way.cut()
		c, _ = o.signIn(t, people[0])
		shows(t, c, inVain).Sees(http.StatusOK, "Try another way", "Use a backup code")
		way.mend(t)
		await(t, "the server binds again", func() bool { return len(centre.Events(t, "bind")) == 2 })
		o.retry(t)
		third := code(3)
		shows(t, c, arrived).Press("Verify", "code", third).Follow().Sees(http.StatusOK, "You are signed in.")
		if n := len(centre.Events(t, "submit_sm")); n != 3 {
			t.Errorf("the centre took %d texts, want 3", n)
		}
		if code := o.signal(syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d\n%s", code, o.out)
		}
	})
}
