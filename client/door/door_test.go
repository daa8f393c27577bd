package door_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/client/door"
)

const site = "http://app.localhost:8081"

// behind is a program behind the door of a server that answers as told; it writes down who it is told is there, and what it sees.
func behind(t *testing.T, answer http.HandlerFunc) http.Handler {
	t.Helper()
	return at(t, time.Now, answer)
}

// at is the same with a clock.
func at(t *testing.T, now func() time.Time, answer http.HandlerFunc) http.Handler {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	d, err := door.New(server.URL, site)
	if err != nil {
		t.Fatal(err)
	}
	d.SetClock(now)
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := door.From(r.Context())
		_, _ = fmt.Fprintf(w, "%v %s %v", ok, who.User, r.Header) // to a recorder
	})
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.Handle("/in/", d.Ask(page, door.SecondFactor(), door.Accounts("acme", "beta"), door.Roles("admin", "owner"), door.MaxAge(time.Minute)))
	return d.Wrap(mux)
}

func ask(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, site+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestQuestion: the server is asked what the page wants, about the true request, with the credentials and without claims.
func TestQuestion(t *testing.T) {
	var asked *http.Request
	h := behind(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.Header().Set("Remote-User", "usr_1")
	})
	w := ask(h, "/in/x?y=1", "Remote-User", "usr_2", "Remote_User", "usr_2", "Sallyport-Assertion", "x", "Authorization", "Bearer k", "Sallyport-Otp", "123456",
		"Cookie", "a=b; __Host-sallyport-door=p; c=d", "X-Forwarded-Host", "evil.example", "X-Original-Url", "http://evil.example/")
	if w.Code != http.StatusOK || w.Body.String() != "true usr_1 map[Cookie:[a=b; c=d] X-Forwarded-Host:[evil.example] X-Original-Url:[http://evil.example/]]" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := asked.URL.RequestURI(); got != "/forward-auth?accounts=acme%2Cbeta&level=aal2&max_age=60&roles=admin%2Cowner" {
		t.Errorf("asked %s", got)
	}
	for name, want := range map[string]string{
		"X-Forwarded-Proto": "http", "X-Forwarded-Host": "app.localhost:8081", "X-Forwarded-Uri": "/in/x?y=1", "X-Forwarded-Method": "GET", "X-Forwarded-For": "192.0.2.1",
		"Authorization": "Bearer k", "Sallyport-Otp": "123456", "Cookie": "a=b; __Host-sallyport-door=p; c=d", "Remote-User": "", "X-Original-Url": "",
	} {
		if got := strings.Join(asked.Header[name], "|"); got != want {
			t.Errorf("asked with %s %q, want %q", name, got, want)
		}
	}
	if w := ask(h, "/", "Remote-User", "usr_2", "REMOTE_EMAIL", "x"); w.Body.String() != "false  map[]" {
		t.Errorf("a page for everybody is told %s", w.Body)
	}
}

// TestNoYes: nothing but a whole yes opens, whatever the server says.
func TestNoYes(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   int
	}{
		{"nobody", func(http.ResponseWriter, *http.Request) {}, http.StatusServiceUnavailable},
		{"another success", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Remote-User", "usr_1")
			w.WriteHeader(http.StatusNoContent)
		}, http.StatusServiceUnavailable},
		{"fault", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, http.StatusServiceUnavailable},
		{"refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, http.StatusForbidden},
		{"not signed in", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, http.StatusUnauthorized},
		{"sign in", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", site+"/.sallyport/start?to=%2Fin%2F")
			w.WriteHeader(http.StatusSeeOther)
		}, http.StatusSeeOther},
		{"led elsewhere", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://evil.example/.sallyport/start")
			w.WriteHeader(http.StatusSeeOther)
		}, http.StatusServiceUnavailable},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, http.StatusServiceUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := ask(behind(t, c.answer), "/in/")
			if w.Code != c.want || strings.Contains(w.Body.String(), "map[") {
				t.Errorf("%d %s, want %d", w.Code, w.Body, c.want)
			}
			if c.want == http.StatusServiceUnavailable && !strings.Contains(w.Body.String(), "Try again") {
				t.Errorf("says %q", w.Body)
			}
		})
	}
}

// TestKept: a yes counts again for the same cookies and the same question, a moment long, and never for what programs send.
func TestKept(t *testing.T) {
	var times atomic.Int32
	now := time.Now()
	h := at(t, func() time.Time { return now }, func(w http.ResponseWriter, _ *http.Request) {
		times.Add(1)
		w.Header().Set("Remote-User", "usr_1")
	})
	for _, c := range []struct {
		headers []string
		want    int32
	}{
		{[]string{"Cookie", "p=1"}, 1},
		{[]string{"Cookie", "p=1"}, 1},
		{[]string{"Cookie", "p=2"}, 2},
		{[]string{"Cookie", "p=1", "Authorization", "Bearer x"}, 3},
		{[]string{"Cookie", "p=1", "Authorization", "Bearer x"}, 4},
	} {
		if ask(h, "/in/", c.headers...); times.Load() != c.want {
			t.Errorf("%q: asked %d times, want %d", c.headers, times.Load(), c.want)
		}
	}
	now = now.Add(149 * time.Millisecond)
	if ask(h, "/in/", "Cookie", "p=1"); times.Load() != 4 {
		t.Error("a yes counts too short")
	}
	now = now.Add(time.Millisecond)
	if ask(h, "/in/", "Cookie", "p=1"); times.Load() != 5 {
		t.Error("a yes counts for too long")
	}
}

// TestUnwrapped: a page that forgot Wrap is shut.
func TestUnwrapped(t *testing.T) {
	d, err := door.New("http://127.0.0.1:1", site)
	if err != nil {
		t.Fatal(err)
	}
	open := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "open") })
	if w := ask(d.Ask(open), "/"); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "open\n") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/.sallyport/start"} {
		if w := ask(d.Wrap(d.Ask(open)), path); w.Code != http.StatusServiceUnavailable {
			t.Errorf("without a server %s is %d", path, w.Code)
		}
	}
}

func TestNew(t *testing.T) {
	for _, c := range [][2]string{
		{"http://login.example.com", "https://app.example.com"}, // without TLS
		{"https://login.example.com/x", "https://app.example.com"},
		{"https://login.example.com", "https://app.example.com/"},
		{"https://login.example.com", "app.example.com"},
		{"https://login.example.com", "ftp://app.example.com"},
		{"https://login.example.com", "https://"},
	} {
		if _, err := door.New(c[0], c[1]); err == nil {
			t.Errorf("%q is taken", c)
		}
	}
}

// The way in leads to Sallyport, with the program's name.
func ExampleDoor_Wrap() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, r.Host, r.URL.Path, r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Host"))
	}))
	defer server.Close()
	d, err := door.New(server.URL, "https://app.example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "https://other.example/.sallyport/start", nil)
	w := httptest.NewRecorder()
	d.Wrap(http.NotFoundHandler()).ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: app.example.com /.sallyport/start https app.example.com
}
