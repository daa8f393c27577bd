package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

const number = "+436641234567"

// TestGatewayFails plays the ways in which a gateway fails: the code page says so and offers another way, one code is alive, a
// backup code gets in, and no dead code leaves when the gateway is well again (F11, F14).
func TestGatewayFails(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		codes := o.addAddress(t, o.entered(t, people[0]), "sms", number)
		var wrote atomic.Int64
		for i, fault := range []struct {
			name   string
			behave http.HandlerFunc // nil for nobody there
		}{
			{"is down", nil},
			{"answers 200 with an error", func(w http.ResponseWriter, _ *http.Request) { answers(w, "Authorization failed for sendsms") }},
			{"answers 503", func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "0: Accepted for delivery", http.StatusServiceUnavailable)
			}},
			{"redirects", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
			}},
			{"answers without end", func(w http.ResponseWriter, _ *http.Request) {
				for answers(w, "0: Accepted for delivery"); ; wrote.Add(64 << 10) {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil || wrote.Load() > 1<<30 {
						return
					}
				}
			}},
			{"breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		} {
			t.Log(fault.name)
			if o.texts.set(fault.behave); fault.behave == nil {
				o.texts.cut()
			}
			c, _ := o.signIn(t, people[0])
			page := shows(t, c, inVain).Sees(http.StatusOK, "Use a backup code", "Try another way")
			o.later(t)
			page.Press("Resend code").Follow().Sees(http.StatusOK)
			page = shows(t, c, inVain)
			if n := o.live(t, people[0].user); n != 1 {
				t.Errorf("%s: %d live codes", fault.name, n)
			}
			page.Press("Verify", "code", codes[i]).Follow().Sees(http.StatusOK, "You are signed in.")
			before := len(o.texts.to(number))
			if o.texts.set(nil); fault.behave == nil {
				o.texts.mend(t)
			}
			o.settled(t)
			for _, m := range o.texts.to(number)[before:] {
				t.Errorf("%s: afterwards came the text of a sign-in that is over: %q", fault.name, m.body)
			}
			o.later(t)
		}
		if o.texts.strayed != 0 {
			t.Errorf("%d requests followed a redirect", o.texts.strayed)
		}
		if n := wrote.Load(); n > 64<<20 {
			t.Errorf("%d bytes of an answer without end were taken", n)
		}
		for _, secret := range []string{number[1:], gatewayPassword} {
			if strings.Contains(o.out.String(), secret) {
				t.Errorf("the log has %q in it", secret)
			}
		}
	})
}

// TestGatewayComesBack: of two codes that wait for a gateway that is down, the newer one leaves when it is back, once, and
// opens the door.
func TestGatewayComesBack(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		o.addAddress(t, o.entered(t, people[0]), "sms", number)
		before := len(o.texts.to(number))
		o.texts.cut()
		c, _ := o.signIn(t, people[0])
		page := shows(t, c, inVain)
		o.later(t)
		page.Press("Resend code").Follow().Sees(http.StatusOK)
		shows(t, c, inVain)
		o.texts.mend(t)
		o.settled(t)
		came := o.texts.to(number)[before:]
		if len(came) != 1 {
			t.Fatalf("%d texts came, want one: %+v", len(came), came)
		}
		if dropped := o.count(t, `SELECT count(*) FROM outbox WHERE detail = 'code_over'`); dropped != 1 {
			t.Errorf("%d codes were dropped, want the older one", dropped)
		}
		shows(t, c, "We sent a text message").Press("Verify", "code", came[0].code(t)).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// TestGatewayIsSlow: while a gateway keeps its answers back, every page answers (F12). The gateway answers only after the
// pages did, and nobody gave up meanwhile, so they did not wait for it.
func TestGatewayIsSlow(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		o.addAddress(t, o.entered(t, people[0]), "sms", number)
		before := len(o.texts.to(number))
		answer := make(chan struct{})
		var left atomic.Int64
		o.texts.set(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-answer:
				takes(w, r)
			case <-r.Context().Done():
				left.Add(1)
			}
		})
		c, page := o.signIn(t, people[0])
		older := o.texts.nth(t, number, before+1)
		o.later(t)
		page.Press("Resend code").Follow().Sees(http.StatusOK, "A code is on its way")
		newer := o.texts.nth(t, number, before+2)
		page = c.Get("/sign-in/verify").Sees(http.StatusOK, "We sent a text message")
		if n := o.live(t, people[0].user); n != 1 {
			t.Errorf("%d live codes", n)
		}
		if left.Load() != 0 {
			t.Error("the pages answered when the gateway was given up")
		}
		close(answer)
		o.settled(t)
		if n := len(o.texts.to(number)) - before; n != 2 {
			t.Errorf("%d texts came, want each once", n)
		}
		// A newer code ends the older one, in whatever order they arrive (F13).
		if older.code(t) != newer.code(t) {
			page.Press("Verify", "code", older.code(t)).Sees(http.StatusUnprocessableEntity)
		}
		page.Press("Verify", "code", newer.code(t)).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// TestGatewayDuplicates: a gateway that takes a text and loses its answer is given it again, and both have the same code (F13).
func TestGatewayDuplicates(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		o.addAddress(t, o.entered(t, people[0]), "sms", number)
		before := len(o.texts.to(number))
		o.texts.set(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }) // and the text is on its way
		c, _ := o.signIn(t, people[0])
		page := shows(t, c, inVain)
		o.texts.set(nil)
		o.settled(t)
		came := o.texts.to(number)[before:]
		if len(came) != 2 || came[0] != came[1] {
			t.Fatalf("want the same text twice: %+v", came)
		}
		page.Press("Verify", "code", came[0].code(t)).Follow().Sees(http.StatusOK, "You are signed in.")
		again, page := o.signIn(t, people[0])
		page.Press("Verify", "code", came[1].code(t)).Sees(http.StatusUnprocessableEntity)
		again.Get("/settings").Sees(http.StatusOK, "E-mail") // the sign-in page
	})
}

// TestGatewayProvesNothing: a gateway whose certificate nobody vouches for is told nothing (F14).
func TestGatewayProvesNothing(t *testing.T) {
	eachOffice(t, 1, func(t *testing.T, o *office, people []member) {
		codes := o.addAddress(t, o.entered(t, people[0]), "sms", number)
		var asked atomic.Int64
		impostor := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); takes(w, r) }))
		t.Cleanup(impostor.Close)
		o.signal(15)
		o.process = serve(t, append(o.settings, fmt.Sprintf("SMS_URL=kannel+https://robot:%s@%s?from=Acme", gatewayPassword, strings.TrimPrefix(impostor.URL, "https://")))...)
		c, _ := o.signIn(t, people[0])
		shows(t, c, inVain).Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK, "You are signed in.")
		if asked.Load() != 0 {
			t.Error("the text went to somebody who did not prove who they are")
		}
		if !strings.Contains(o.out.String(), "sms_certificate_refused") {
			t.Errorf("the log does not name the code:\n%s", o.out)
		}
	})
}
