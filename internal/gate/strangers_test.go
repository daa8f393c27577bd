package gate_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/token"
)

// TestStrangersWriteNothing: the door has no limit of its own on how often strangers ask, since nothing grows by it: a question costs one
// read at most, and leaves no row, neither in the audit log nor anywhere else.
func TestStrangersWriteNothing(t *testing.T) {
	const times = 200
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		do(t, request(t, s, http.MethodGet, gate.KeySetPath)) // the first question makes the key
		forged := func(id string) string {
			value, _ := token.Issue(s.Acme.ID, s.Ada.ID, id)
			return value
		}
		nobody := func(prefix string) string { // of an account that there is not
			value, _ := token.Issue("acc_"+strings.Repeat("0", 26), "usr_"+strings.Repeat("0", 26), prefix)
			return value
		}
		asks := func(query string, headers func() []string) func() *http.Request {
			return func() *http.Request {
				r := request(t, s, http.MethodGet, gate.Path+"?"+query)
				r.Header.Set("X-Forwarded-Proto", "https")
				r.Header.Set("X-Forwarded-Host", "shop.example.com")
				for _, line := range headers() {
					name, value, _ := strings.Cut(line, ": ")
					r.Header.Add(name, value)
				}
				return r
			}
		}
		at := func(method, path string, cookie func() string) func() *http.Request {
			return func() *http.Request {
				r := request(t, s, method, gate.Prefix+path)
				r.Host, r.Header["X-Forwarded-Proto"] = "shop.example.com", []string{"https"}
				if method == http.MethodPost {
					r.Header.Set("Origin", shop)
				}
				r.Header.Set("Cookie", cookie())
				return r
			}
		}
		none := func() string { return "x=1" }
		for what, make := range map[string]func() *http.Request{
			"nothing":          asks("", func() []string { return nil }),
			"a question":       asks("level=aal3", func() []string { return nil }),
			"a pass":           asks("level=aal2&max_age=900", func() []string { return []string{door(forged("dor"))} }),
			"a pass of nobody": asks("", func() []string { return []string{door(nobody("dor"))} }),
			"an API key": asks("", func() []string {
				return []string{"Authorization: Bearer " + apikey.KeyPrefix + forged("key"), "Sallyport-OTP: 123456"}
			}),
			"an access token":     asks("", func() []string { return []string{"Authorization: Bearer " + apikey.TokenPrefix + forged("tok")} }),
			"a session's token":   asks("", func() []string { return []string{"Authorization: Bearer " + forged("ses")} }),
			"a start":             at(http.MethodGet, "start?to=/report", none),
			"a ticket":            at(http.MethodGet, "enter?to=/&ticket="+forged("tic"), func() string { return gate.EntryCookie + "=" + token.New() }),
			"a ticket, no secret": at(http.MethodGet, "enter?to=/&ticket="+forged("tic"), none),
			"a sign-out":          at(http.MethodPost, "sign-out", func() string { return gate.DoorCookie + "=" + forged("dor") }),
			"the keys":            func() *http.Request { return request(t, s, http.MethodGet, gate.KeySetPath) },
			"/door": func() *http.Request {
				r := request(t, s, http.MethodGet, "/door?to="+shop+"/&challenge="+token.New())
				r.Header.Set("Cookie", httpx.SessionCookie+"="+forged("ses"))
				return r
			},
		} {
			before, begun := s.DB.Stats(), time.Now()
			for range times {
				if a := do(t, make()); a.StatusCode == http.StatusOK && what != "the keys" || a.StatusCode >= 500 || a.who() != "" {
					t.Fatalf("%s: %d %s", what, a.StatusCode, a.body)
				}
			}
			after := s.DB.Stats()
			reads, writes := after.Statements-before.Statements, after.Transactions-before.Transactions
			t.Logf("%s: %d statements and %d transactions for %d questions", what, reads, writes, times)
			own := 5 * int64(time.Since(begun)/time.Second) // of the outbox and the sweeps, on a machine that has much else to do
			if reads > times*11/10+own || writes > times/10 {
				t.Errorf("%s: %d statements and %d transactions for %d questions", what, reads, writes, times)
			}
		}
	}, withDoor)
}

func request(t *testing.T, s *apptest.Server, method, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
