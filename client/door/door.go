// Package door puts Sallyport's sign-in in front of a Go program, without a proxy between.
//
//	d, err := door.New("https://login.example.com", "https://app.example.com")
//	mux.Handle("/", d.Ask(home))
//	mux.Handle("/admin/", d.Ask(admin, door.Roles("admin"), door.MaxAge(15*time.Minute)))
//	http.ListenAndServe(address, d.Wrap(mux))
//
// Sallyport's setting door_origins lists the program's site. Pages without [Door.Ask] are for everybody; in those with it, [From] tells
// who is there. Who that is comes from Sallyport alone: headers of a request that claim it are taken out, and so is what a request
// carries to open the door (the Authorization header, a code, the door's cookies), as it would open Sallyport's own interface too.
// Where Sallyport does not answer, nobody is let in.
package door

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sallyport/client"
)

// Door is the way into one program. Make it with New.
type Door struct {
	server  *url.URL
	origin  *url.URL
	http    *http.Client
	way     http.Handler // in and out: /.sallyport/
	now     func() time.Time
	answers answers
}

// Person is somebody whom Sallyport let in.
type Person struct {
	User      string // id, which stays when the address changes
	Email     string
	Account   string // short name of their organisation
	Roles     []string
	AMR       []string // how they signed in (RFC 8176)
	Assertion string   // all of it, signed: for programs further behind
}

// New makes the door of the program at origin, its site as browsers name it, by the Sallyport server with this address.
func New(server, origin string) (*Door, error) {
	if _, err := client.New(server, nil); err != nil {
		return nil, err
	}
	s, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	o, err := url.Parse(origin)
	if err != nil || o.Scheme != "https" && o.Scheme != "http" || o.Host == "" || origin != o.Scheme+"://"+o.Host {
		return nil, fmt.Errorf("door: %q is no site; write its scheme and its host, such as https://app.example.com", origin)
	}
	d := &Door{server: s, origin: o, now: time.Now}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	d.http = &http.Client{Transport: transport, Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	d.way = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(s)
			r.Out.Host = o.Host
			r.Out.Header.Set("X-Forwarded-For", forwardedFor(r.In))
			r.Out.Header.Set("X-Forwarded-Proto", o.Scheme)
			r.Out.Header.Set("X-Forwarded-Host", o.Host)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { away(w) },
	}
	return d, nil
}

// Wrap is the program with the door in it; every request to the program goes through here.
func (d *Door) Wrap(program http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.sallyport/") {
			d.way.ServeHTTP(w, r)
			return
		}
		came := r.Header
		r = r.WithContext(context.WithValue(r.Context(), cameKey{}, came))
		r.Header = stripped(came)
		program.ServeHTTP(w, r)
	})
}

// Ask is the page for those who are signed in, and fulfil what else is asked.
func (d *Door) Ask(page http.Handler, wants ...Want) http.Handler {
	question := url.Values{}
	for _, want := range wants {
		want(question)
	}
	query := question.Encode()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came, wrapped := r.Context().Value(cameKey{}).(http.Header)
		if !wrapped {
			http.Error(w, "This page is not open yet: the program must be served through Door.Wrap.", http.StatusInternalServerError)
			return
		}
		who, ok := d.ask(w, r, came, query)
		if ok {
			page.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personKey{}, who)))
		}
	})
}

// Want is what a page asks besides that somebody is signed in.
type Want func(url.Values)

// SecondFactor asks that the sign-in had a second factor.
func SecondFactor() Want { return func(q url.Values) { q.Set("level", "aal2") } }

// Accounts asks for somebody of one of these organisations, by their short names. Where a server looks after several, roles alone
// ask for the owner or administrator of any of them.
func Accounts(any ...string) Want {
	return func(q url.Values) { q.Set("accounts", strings.Join(any, ",")) }
}

// Roles asks for one of these roles, or a higher one: owner above admin above member.
func Roles(any ...string) Want {
	return func(q url.Values) { q.Set("roles", strings.Join(any, ",")) }
}

// MaxAge asks that somebody proved no longer ago who they are; who has a second factor enters it again.
func MaxAge(d time.Duration) Want {
	return func(q url.Values) { q.Set("max_age", strconv.Itoa(int(d/time.Second))) }
}

type (
	cameKey   struct{} // the headers as they came
	personKey struct{}
)

// From tells who is there. It is false on pages for everybody.
func From(ctx context.Context) (Person, bool) {
	who, ok := ctx.Value(personKey{}).(Person)
	return who, ok
}

// sent are the headers of a request that the door needs to see. Nothing in them says who somebody is but the credentials.
var sent = []string{
	"Cookie", "Authorization", "Accept", "Accept-Language", "Sec-Fetch-Mode", "Sallyport-Otp", "Signature", "Signature-Input", "Content-Digest", "User-Agent",
}

// ask asks Sallyport, or remembers its answer. If it is no, ask has written it.
func (d *Door) ask(w http.ResponseWriter, r *http.Request, came http.Header, query string) (Person, bool) {
	again := len(came["Authorization"]) == 0 // what programs send may count once
	key := asked(sha256.Sum256([]byte(query + "\n" + strings.Join(came["Cookie"], "\n"))))
	if again {
		if who, ok := d.answers.find(key, d.now()); ok {
			return who, true
		}
	}
	askedAt := d.now()
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, d.server.JoinPath("/forward-auth").String()+"?"+query, nil)
	if err != nil {
		away(w)
		return Person{}, false
	}
	for _, name := range sent {
		if values := came[name]; len(values) > 0 {
			ask.Header[name] = values
		}
	}
	ask.Header.Set("X-Forwarded-Method", r.Method)
	ask.Header.Set("X-Forwarded-Proto", d.origin.Scheme)
	ask.Header.Set("X-Forwarded-Host", d.origin.Host)
	ask.Header.Set("X-Forwarded-Uri", r.URL.RequestURI())
	ask.Header.Set("X-Forwarded-For", forwardedFor(r))
	answer, err := d.http.Do(ask)
	if err != nil {
		away(w)
		return Person{}, false
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		away(w)
		return Person{}, false
	}
	if answer.StatusCode != http.StatusOK {
		d.refuse(w, answer, body)
		return Person{}, false
	}
	who, err := person(answer.Header)
	if err != nil {
		away(w)
		return Person{}, false
	}
	if again {
		d.answers.keep(key, who, askedAt)
	}
	return who, true
}

// person reads an answer. One without a person is no yes, whatever its status.
func person(h http.Header) (Person, error) {
	who := Person{
		User: h.Get("Remote-User"), Email: h.Get("Remote-Email"), Account: h.Get("Remote-Account"),
		Roles: strings.Split(h.Get("Remote-Roles"), ","), AMR: strings.Split(h.Get("Remote-Amr"), ","), Assertion: h.Get("Sallyport-Assertion"),
	}
	if who.User == "" {
		return who, errors.New("door: the answer names nobody")
	}
	return who, nil
}

// refuse hands on what Sallyport said instead of yes.
func (d *Door) refuse(w http.ResponseWriter, answer *http.Response, body []byte) {
	to := answer.Header.Get("Location")
	switch answer.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
	case http.StatusSeeOther:
		if strings.HasPrefix(to, d.origin.String()+"/.sallyport/") {
			break
		}
		fallthrough
	default:
		away(w)
		return
	}
	for _, name := range []string{"Location", "Content-Type", "Content-Security-Policy", "Www-Authenticate", "Retry-After"} {
		if values := answer.Header[name]; len(values) > 0 {
			w.Header()[name] = values
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body) // whoever asked may have gone
}

// away says that nobody can be let in just now.
func away(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "The sign-in server does not answer, so nobody can be let in. Try again in a moment.", http.StatusServiceUnavailable)
}

// forwardedFor is the way a request took, for a server that trusts this program: its setting trusted_proxies.
func forwardedFor(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "unknown"
	}
	return strings.Join(append(r.Header["X-Forwarded-For"], host), ", ")
}
