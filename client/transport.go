package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Transport is an http.RoundTripper that puts credentials on requests to one server, so that any HTTP client can call it. A request to
// another server is an error: the credentials are not for it.
type Transport struct {
	Server      string            // its address, as for New
	Credentials Credentials       // nil: none
	Base        http.RoundTripper // nil: http.DefaultTransport
	Now         func() time.Time  // nil: time.Now
}

// maxSent bounds the bodies that can be sent; the server takes less.
const maxSent = 16 << 20

// RoundTrip sends the request with the credentials on it. A body is read whole, because a signature covers it.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, maxSent+1))
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if len(body) > maxSent {
		return nil, errors.New("client: the body is too large")
	}
	server, err := parseServer(t.Server)
	if err != nil {
		return nil, err
	}
	if !sameServer(r.URL, server) {
		return nil, fmt.Errorf("client: the credentials are for %s, not for %s", server.Host, r.URL.Host)
	}
	for again := false; ; again = true {
		sent := r.Clone(r.Context())
		sent.Body, sent.ContentLength, sent.GetBody = http.NoBody, int64(len(body)), nil
		if len(body) > 0 {
			sent.Body = io.NopCloser(bytes.NewReader(body))
		}
		if t.Credentials != nil {
			if err := t.Credentials.put(t, sent, body); err != nil {
				return nil, err
			}
		}
		res, err := t.base().RoundTrip(sent)
		if err != nil || again || !stale(res) || t.Credentials == nil || !t.Credentials.refused(sent) {
			return res, err
		}
		_ = res.Body.Close() // the credentials are others now: once more
	}
}

// stale says whether the server refused the credential itself (RFC 6750 §3.1), and not what it may do.
func stale(res *http.Response) bool {
	return res.StatusCode == http.StatusUnauthorized && strings.Contains(res.Header.Get("WWW-Authenticate"), `error="invalid_token"`)
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

func (t *Transport) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

// sameServer compares two addresses by scheme, host and port.
func sameServer(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}
