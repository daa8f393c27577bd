package app_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1" // Twilio's signature
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
	"sallyport/internal/sms"
)

// httpGateway takes every message and tells with which form.
func httpGateway(t *testing.T) (address string, taken <-chan url.Values) {
	forms := make(chan url.Values, 9)
	g := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		forms <- r.Form
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"sid": "SM1", "error_code": null}`)
	}))
	t.Cleanup(g.Close)
	return g.URL, forms
}

// send posts a receipt as a gateway does: no cookies, no origin, none of a browser's headers.
func send(t *testing.T, method, address, form string) (status int, body string) {
	t.Helper()
	var content io.Reader
	if method == http.MethodGet {
		address += "?" + form
	} else {
		content = strings.NewReader(form)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, content)
	if err != nil {
		t.Fatal(err)
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if i := strings.Index(form, "#"); i >= 0 { // "form#signature"
		r, _ = http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form[:i]))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", form[i+1:])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if len(answer.Cookies()) > 0 {
		t.Errorf("%s %s: a gateway gets cookies", method, address)
	}
	return answer.StatusCode, string(text)
}

// TestReceipts: the gateway is told where to report, and what it reports there is noted; nothing else is.
func TestReceipts(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			gateway, taken := httpGateway(t)
			s := apptest.Start(t, address(t), func(c *config.Config) {
				c.SMSGateway = &sms.Custom{
					URL: gateway + "/send", Body: "to={to}&text={text}&callback={receipt_url}", Reference: sms.Where{JSON: "sid"},
					Receipts: sms.Receipts{State: "state", States: map[string]sms.State{"way": sms.Sent, "there": sms.Delivered, "lost": sms.Failed}},
				}
			})
			id := sendCode(t, s.World)
			form := await(t, "the text", taken)
			callback := form.Get("callback")
			if !strings.HasPrefix(callback, s.App.Config.PublicURL.String()+"/receipts/sms/acc") || !strings.HasSuffix(callback, id) || form.Get("to") != "+436641234567" {
				t.Fatalf("the gateway was given %v", form)
			}
			settled(t, s.World, id)
			base := callback[:strings.LastIndex(callback, "/")+1]
			if err := s.DB.Run(t.Context(), outbox.Notice(s.Clock.Now(), s.Acme.ID, s.Ada.ID, outbox.PasswordChanged, nil, domaintest.By)); err != nil {
				t.Fatal(err)
			}
			var notice string
			if err := s.DB.Get(t.Context(), `SELECT message_id FROM outbox WHERE channel = 'mail'`, nil, &notice); err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				name, method, address, form string
				status                      int
				state                       outbox.State // of the text afterwards
			}{
				{"a word that is no state", "GET", callback, "state=resting", 422, outbox.Sent},
				{"no state", "POST", callback, "", 422, outbox.Sent},
				{"a name that is none", "GET", base + "x.y", "state=there", 422, outbox.Sent},
				{"a message that nobody sent", "GET", base + s.Acme.ID + "-msg_00000000000000000000000000", "state=there", 200, outbox.Sent},
				{"another account's", "GET", base + "acc_00000000000000000000000000-" + id, "state=there", 200, outbox.Sent},
				{"a statement in it", "GET", base + "acc_1-msg_1%27--", "state=there", 422, outbox.Sent},
				{"a mail", "GET", base + s.Acme.ID + "-" + notice, "state=there", 200, outbox.Sent},
				{"a huge body", "POST", callback, "state=there&x=" + strings.Repeat("x", 1<<20), 413, outbox.Sent},
				{"another method", "PUT", callback, "state=there", 405, outbox.Sent},
				{"only asked about", "HEAD", callback, "state=there", 422, outbox.Sent},
				{"no message", "GET", strings.TrimSuffix(base, "/"), "state=there", 404, outbox.Sent},
				{"on its way", "GET", callback, "state=way", 200, outbox.Sent},
				{"failed", "POST", callback, "state=lost", 200, outbox.Failed},
				{"on its way, too late", "GET", callback, "state=way", 200, outbox.Failed},
				{"delivered after all", "POST", callback, "state=there", 200, outbox.Delivered},
				{"the same again", "POST", callback, "state=there", 200, outbox.Delivered},
				{"failed, too late", "POST", callback, "state=lost", 200, outbox.Delivered},
			} {
				status, body := send(t, step.method, step.address, step.form)
				if got := stateOf(t, s.World, id); status != step.status || got != step.state {
					t.Errorf("%s: status %d, the text is %s, want %d, %s\n%.300s", step.name, status, got, step.status, step.state, body)
				}
			}
			var mail string
			if err := s.DB.Get(t.Context(), `SELECT state FROM outbox WHERE message_id = $1`, []any{notice}, &mail); err != nil || mail == "delivered" {
				t.Errorf("a receipt made a mail %s, %v", mail, err)
			}
			scrape := s.Client(t).Get("/metrics").Body
			for _, want := range []string{
				`sallyport_messages_total{channel="sms",kind="code",result="sent"} 1`,
				`sallyport_messages_total{channel="sms",kind="code",result="receipt_delivered"} 1`,
				`sallyport_messages_total{channel="sms",kind="code",result="receipt_failed"} 1`,
				`sallyport_http_request_duration_seconds_count{route="POST /receipts/sms/{id}",status="2xx"} 4`,
				"sallyport_outbox_waiting ", "sallyport_outbox_oldest_seconds ",
			} {
				if !strings.Contains(scrape, want) {
					t.Errorf("the scrape lacks %s", want)
				}
			}
			if strings.Contains(scrape, id) || strings.Contains(scrape, `result="receipt_sent"`) {
				t.Error("the scrape names a message, or counts a receipt that was no news")
			}
		})
	}
}

// settled waits until the server has noted that a message was sent.
func settled(t *testing.T, w *domaintest.World, id string) {
	t.Helper()
	until(t, "the send", func() bool { return stateOf(t, w, id) != outbox.Queued })
}

// until waits for something that can only be looked at.
func until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !happened(); {
		if time.Now().After(end) {
			t.Fatal(what + " did not happen")
		}
		<-time.After(10 * time.Millisecond)
	}
}

// TestTwilioSignsItsReceipts: one without its signature, over another address or of other content changes nothing.
func TestTwilioSignsItsReceipts(t *testing.T) {
	gateway, taken := httpGateway(t)
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) {
		d, err := sms.Parse("twilio://AC1:token@" + strings.TrimPrefix(gateway, "http://") + "?from=+15551234567&plain=yes")
		if err != nil {
			t.Fatal(err)
		}
		c.SMS = d
	})
	id := sendCode(t, s.World)
	callback := await(t, "the text", taken).Get("StatusCallback")
	settled(t, s.World, id)
	sign := func(key, address, content string) string {
		form, _ := url.ParseQuery(content)
		mac := hmac.New(sha1.New, []byte(key))
		_, _ = io.WriteString(mac, address)
		var names []string
		for name := range form {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			_, _ = io.WriteString(mac, name+form.Get(name))
		}
		return content + "#" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	const content = "MessageSid=SM1&MessageStatus=delivered"
	for _, form := range []string{content, content + "#", sign("other", callback, content), sign("token", callback+"x", content), strings.Replace(sign("token", callback, content), "SM1", "SM2", 1)} {
		if status, body := send(t, "POST", callback, form); status != http.StatusForbidden || stateOf(t, s.World, id) != outbox.Sent {
			t.Errorf("%s: status %d, %s", form, status, body)
		}
	}
	if status, body := send(t, "POST", callback, sign("token", callback, content)); status != http.StatusOK || stateOf(t, s.World, id) != outbox.Delivered {
		t.Errorf("the right signature: status %d, %s", status, body)
	}
}

// TestNoReceiptsWithoutAGateway: the address is not there then.
func TestNoReceiptsWithoutAGateway(t *testing.T) {
	s := apptest.Empty(t, dbtest.SQLite(t))
	if status, _ := send(t, "GET", s.URL+config.ReceiptsPath+"/acc_1-msg_1", "state=1"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

// TestCentreIsConnectedWhileTheServerServes: not before, which a command would do too, and not after.
func TestCentreIsConnectedWhileTheServerServes(t *testing.T) {
	centre, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer centre.Close()
	heard := make(chan uint32, 9)
	go func() {
		for {
			conn, err := centre.Accept()
			if err != nil {
				return
			}
			go answerSMPP(conn, heard)
		}
	}()
	d, err := sms.Parse("smpp://acme:word@" + centre.Addr().String() + "?from=Acme")
	if err != nil {
		t.Fatal(err)
	}
	s := apptest.Empty(t, dbtest.SQLite(t), func(c *config.Config) { c.SMS = d })
	if command := await(t, "the bind", heard); command != 9 { // bind_transceiver
		t.Errorf("it begins with command %d", command)
	}
	until(t, "the answer to the bind", func() bool { return strings.Contains(s.Log.String(), "bound to the SMS gateway") })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if command := await(t, "the unbind", heard); command != 6 {
		t.Errorf("it ends with command %d", command)
	}
}

// answerSMPP says yes to every request on a connection, and tells which they are (SMPP 3.4, section 3.2).
func answerSMPP(conn net.Conn, heard chan<- uint32) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		var h [4]uint32
		if binary.Read(in, binary.BigEndian, &h) != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, in, int64(h[0])-16); err != nil {
			return
		}
		heard <- h[1]
		body := []byte{0}
		_ = binary.Write(conn, binary.BigEndian, [4]uint32{uint32(16 + len(body)), h[1] | 1<<31, 0, h[3]})
		_, _ = conn.Write(body)
	}
}
