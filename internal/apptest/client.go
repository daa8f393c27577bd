package apptest

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Client is one browser: it keeps cookies and sends what browsers send along. It is
// for one goroutine at a time; Clone makes another of the same cookies.
type Client struct {
	Cookies map[string]string // by name; change them to play a thief or a fool
	Agent   string
	Speaks  string   // sent as Accept-Language; empty sends none
	Trail   []string // every address asked for and every one led to

	tb   testing.TB
	base string
	http *http.Client
}

// Client opens a new browser that has never been here.
func (s *Server) Client(tb testing.TB) *Client { return NewClient(tb, s.URL) }

// NewClient opens a new browser in front of the server at base, "http://host:port".
func NewClient(tb testing.TB, base string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	return &Client{
		Cookies: map[string]string{}, Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		tb: tb, base: base,
		http: &http.Client{
			Transport: transport, Timeout: time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Clone is a browser with the same cookies, which from now on go their own way.
func (c *Client) Clone() *Client {
	other := *c
	other.Cookies, other.Trail = maps.Clone(c.Cookies), nil
	return &other
}

// Request builds a request as this browser would send it from a page of the site.
// Edit it before [Client.Try] to send something else. A nil form sends no body.
func (c *Client) Request(method, path string, form url.Values) *http.Request {
	c.tb.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", method, path, err)
	}
	r.Header.Set("User-Agent", c.Agent)
	if c.Speaks != "" {
		r.Header.Set("Accept-Language", c.Speaks)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Origin", c.base)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: c.Cookies[name]})
	}
	return r
}

// Try sends one request, takes the cookies of the answer and does not follow it. The
// error is of the connection: the server was killed, say.
func (c *Client) Try(r *http.Request) (*Page, error) {
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close() // read to its end
	if err != nil {
		return nil, err
	}
	c.Trail = append(c.Trail, r.URL.String(), answer.Header.Get("Location"), r.Referer())
	for _, cookie := range answer.Cookies() {
		if cookie.MaxAge < 0 {
			delete(c.Cookies, cookie.Name)
		} else {
			c.Cookies[cookie.Name] = cookie.Value
		}
	}
	return &Page{
		Status: answer.StatusCode, Header: answer.Header, Body: string(body), Cookies: answer.Cookies(),
		Path: r.URL.RequestURI(), client: c,
	}, nil
}

// Send is Try for a test in which the connection must hold.
func (c *Client) Send(r *http.Request) *Page {
	c.tb.Helper()
	p, err := c.Try(r)
	if err != nil {
		c.tb.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return p
}

// Get opens a page and follows where it leads.
func (c *Client) Get(path string) *Page {
	c.tb.Helper()
	return c.Send(c.Request(http.MethodGet, path, nil)).Follow()
}

// Post sends a form, given as name, value, name, value …, and does not follow the answer.
func (c *Client) Post(path string, fields ...string) *Page {
	c.tb.Helper()
	return c.Send(c.Request(http.MethodPost, path, pairs(fields)))
}

func pairs(fields []string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}
