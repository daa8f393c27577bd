// Package client calls the REST interface of a Sallyport server from Go programs.
//
//	c, err := client.New("https://login.example.com", client.KeyForToken(key, code))
//	me, err := c.GetMe(ctx)
//
// There is one method for each call, named like its operationId in the server's own document (/v1/openapi.json); docs/client.md shows
// whole programs.
//
// # Who calls
//
// [Credentials] say who calls, and prove the second factor where one is needed:
//
//   - [Session]: the token of a sign-in made by a person.
//   - [Key]: an API key alone. It is enough only where neither the key nor its person needs a second factor.
//   - [KeyForToken]: a key and the codes of its own device, exchanged for an access token every quarter of an hour. This is the
//     usual way of a program that runs.
//   - [KeyWithCode]: a key with a code beside each call. A code counts once, so it is for single calls.
//   - [SignedKey]: a key with a signature of each call, by a private key that may live in hardware. No shared secret, no waiting.
//   - nil: the calls of the sign-in, which need none.
//
// [Codes] makes the codes of a device whose secret the program holds. [Transport] puts credentials on the requests of any other HTTP
// client. All of it may be used by several goroutines at once.
//
// # Errors
//
// What the server refuses is an [*Error], with the stable code that the document lists; [Code] reads it from any error.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Client calls one server as one caller.
type Client struct {
	server *url.URL
	http   *http.Client
}

// Option changes how a client works.
type Option func(*Transport)

// WithBase sends requests by another http.RoundTripper than http.DefaultTransport.
func WithBase(base http.RoundTripper) Option { return func(t *Transport) { t.Base = base } }

// WithClock takes the time for signatures, codes and the renewal of tokens from now instead of time.Now.
func WithClock(now func() time.Time) Option { return func(t *Transport) { t.Now = now } }

// WithIdempotencyKey returns a context with which a creating call can be repeated: the server makes one thing only of all calls with
// the same key, and answers the same to all of them while the answer is at hand (docs/api.md). The key is of the caller's choice, up to 255
// visible characters.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

type idempotencyKey struct{}

// New makes a client for the server with this address, such as "https://login.example.com". The address is the server's public_url;
// without TLS only a server on the same machine is called, since a credential would travel in the open.
func New(server string, c Credentials, options ...Option) (*Client, error) {
	u, err := parseServer(server)
	if err != nil {
		return nil, err
	}
	t := &Transport{Server: server, Credentials: c}
	for _, o := range options {
		o(t)
	}
	// No call is answered with a redirection. One that is comes from somebody else, and is an error.
	return &Client{server: u, http: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// parseServer reads the address of a server.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil:
		return nil, errors.New("client: the server’s address can’t be read")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, errors.New("client: the server’s address is a scheme and a host, such as https://login.example.com")
	case u.Scheme != "https" && (u.Scheme != "http" || !local(u.Hostname())):
		return nil, errors.New("client: the server’s address begins with https://; without TLS only a server on this machine is called")
	}
	return u, nil
}

func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// maxAnswer bounds what is read of an answer; the largest are pages of lists.
const maxAnswer = 16 << 20

// call makes one call. in is sent as JSON, nil for nothing; the answer is decoded into out, nil for none.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("client: %w", err)
		}
	}
	u := *c.server
	u.Path, u.RawPath = "", ""
	target := u.String() + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if key, is := ctx.Value(idempotencyKey{}).(string); is && method == http.MethodPost {
		r.Header.Set("Idempotency-Key", key)
	}
	r.Header.Set("Accept", "application/json, application/problem+json")
	raw, err := answer(c.http.Do(r))
	if err != nil {
		return err
	}
	if s, is := c.http.Transport.(*Transport).Credentials.(*session); is {
		s.renew(raw)
	}
	return decode(raw, out)
}

// answer reads what a request was answered, if it succeeded.
func answer(res *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("client: the answer broke off: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, refusal(res, raw)
	}
	return raw, nil
}

// decode reads an answer into out, if anything is wanted of it.
func decode(raw []byte, out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("client: the answer can’t be read: %w", err)
	}
	return nil
}

// GetDocument reads the server's own description of its calls, in OpenAPI 3.1.
func (c *Client) GetDocument(ctx context.Context) (document json.RawMessage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/openapi.json", nil, nil, &document)
	return document, err
}

// at builds a path from its fixed parts and the ids between them.
func at(parts ...string) string {
	var b strings.Builder
	for i, p := range parts {
		if i%2 == 1 {
			p = url.PathEscape(p)
		}
		b.WriteString(p)
	}
	return b.String()
}
