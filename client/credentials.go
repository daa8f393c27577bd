package client

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"sallyport/internal/httpsig"
	"sallyport/internal/otp"
	"sallyport/internal/token"
)

// Credentials say who calls. They are made by the functions of this package, and may be shared by clients of one server.
type Credentials interface {
	// put puts the credential on a request with this body.
	put(t *Transport, r *http.Request, body []byte) error
	// refused is told that the server does not take the credential of a request, and says whether another try would carry another one.
	refused(r *http.Request) bool
}

// bearer is a value that is sent as it is.
type bearer string

func (b bearer) put(_ *Transport, r *http.Request, _ []byte) error {
	r.Header.Set("Authorization", "Bearer "+string(b))
	return nil
}

func (bearer) refused(*http.Request) bool { return false }

// session is the token of a sign-in, which the server changes at some calls.
type session struct {
	mu    sync.Mutex
	token string
}

// Session is the token of a completed sign-in. Where a call puts another token in its place, the client goes on with that one; the
// answer's Session has it for whoever keeps it.
func Session(token string) Credentials { return &session{token: token} }

func (s *session) put(t *Transport, r *http.Request, body []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bearer(s.token).put(t, r, body)
}

func (*session) refused(*http.Request) bool { return false }

// renew takes the new token out of an answer that has one.
func (s *session) renew(raw []byte) {
	var got struct {
		Session *RenewedSession `json:"session"`
	}
	if json.Unmarshal(raw, &got) == nil && got.Session != nil && got.Session.Token != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.token = got.Session.Token
	}
}

// Key is an API key alone.
func Key(key string) Credentials { return bearer(key) }

// Operator is the server's operator key.
func Operator(key string) Credentials { return bearer(key) }

// A CodeFunc gives a code of the key's device that was not given before. [Codes] makes one from the device's secret.
type CodeFunc func(ctx context.Context) (string, error)

type keyWithCode struct {
	bearer
	code CodeFunc
}

// KeyWithCode is an API key with a code of its device beside each call. A code counts once, and a device makes one in 30 seconds: for
// more calls than that, use KeyForToken.
func KeyWithCode(key string, code CodeFunc) Credentials { return keyWithCode{bearer(key), code} }

func (k keyWithCode) put(t *Transport, r *http.Request, body []byte) error {
	code, err := k.code(r.Context())
	if err != nil {
		return err
	}
	r.Header.Set("Sallyport-OTP", code)
	return k.bearer.put(t, r, body)
}

// Codes makes the codes of a device with this secret, in Base32 as the server showed it or as an otpauth link. It gives each code once:
// asked again within 30 seconds, it waits for the next one. Keep the secret apart from the key, or they are no two factors.
func Codes(secret string) (CodeFunc, error) { return codes(secret, time.Now) }

func codes(secret string, now func() time.Time) (CodeFunc, error) {
	k, err := parseSecret(secret)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	given := int64(-1) // the step whose code was given last
	take := func() (code string, wait time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		at := now()
		if step := k.Step(at); step > given {
			given = step
			return k.Code(step), 0
		}
		return "", time.Unix((given+1)*int64(k.Period/time.Second), 0).Sub(at)
	}
	return func(ctx context.Context) (string, error) {
		for {
			code, wait := take()
			if code != "" {
				return code, nil
			}
			next := time.NewTimer(wait)
			select {
			case <-next.C:
			case <-ctx.Done():
				next.Stop()
				return "", ctx.Err()
			}
		}
	}, nil
}

// parseSecret reads the secret of a device.
func parseSecret(secret string) (otp.Key, error) {
	secret = strings.TrimSpace(secret)
	var k otp.Key
	var err error
	if strings.HasPrefix(secret, "otpauth:") {
		k, _, _, err = otp.ParseURI(secret)
	} else {
		k.Secret, err = otp.ParseSecret(secret)
	}
	if err != nil {
		return k, errors.New("client: this is no secret of a device. It is Base32, such as “JBSW Y3DP EHPK 3PXP”, or an otpauth link")
	}
	if k.Period == 0 {
		k.Period = otp.DefaultPeriod
	}
	return k, nil
}

// forToken is a key that is exchanged for tokens.
type forToken struct {
	key   bearer
	code  CodeFunc
	scope string

	turn chan struct{} // held by whoever reads or gets the token

	// what follows is only touched by the holder of turn
	token string
	renew time.Time // when another one is due
}

// KeyForToken is an API key that is exchanged, with a code of its device, for an access token of a quarter of an hour, at the first
// call and again before the token ends. scopes narrow what the token may do; none means all that the key may.
func KeyForToken(key string, code CodeFunc, scopes ...string) Credentials {
	return &forToken{key: bearer(key), code: code, scope: strings.Join(scopes, " "), turn: make(chan struct{}, 1)}
}

// early is how long before its end a token is no longer used: a call that is under way must arrive with it.
const early = 30 * time.Second

func (f *forToken) put(t *Transport, r *http.Request, body []byte) error {
	ctx := r.Context()
	select { // callers wait for one who gets a token, but each only as long as its own call may take
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.token == "" || !t.now().Before(f.renew) {
		got, err := t.exchange(ctx, f.key, f.code, f.scope)
		if err != nil {
			return err
		}
		f.token, f.renew = got.Value, got.ExpiresAt.Add(-early)
	}
	return bearer(f.token).put(t, r, body)
}

// refused drops a token that the server does not take any more: the person's other sign-ins were ended, and it with them.
func (f *forToken) refused(r *http.Request) bool {
	f.turn <- struct{}{}
	defer func() { <-f.turn }()
	if r.Header.Get("Authorization") == "Bearer "+f.token {
		f.token = ""
	}
	return true
}

// Token is an access token.
type Token struct {
	Value     string
	ExpiresAt time.Time
	Scope     string // what it may be used for, separated by blanks
}

// CreateToken exchanges an API key and a code of its device for an access token. [KeyForToken] does so by itself.
func (c *Client) CreateToken(ctx context.Context, key string, code CodeFunc, scopes ...string) (Token, error) {
	return c.http.Transport.(*Transport).exchange(ctx, bearer(key), code, strings.Join(scopes, " "))
}

// exchange gets an access token for a key and a code (RFC 6749 §4.4).
func (t *Transport) exchange(ctx context.Context, key bearer, code CodeFunc, scope string) (Token, error) {
	now, err := code(ctx)
	if err != nil {
		return Token{}, err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "otp": {now}}
	if scope != "" {
		form.Set("scope", scope)
	}
	server, err := parseServer(t.Server)
	if err != nil {
		return Token{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, (&url.URL{Scheme: server.Scheme, Host: server.Host, Path: "/v1/token"}).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, fmt.Errorf("client: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+string(key))
	asked := t.now()
	var got struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string `json:"scope"`
	}
	raw, err := answer(t.base().RoundTrip(r))
	if err == nil {
		err = decode(raw, &got)
	}
	if err != nil {
		return Token{}, err
	}
	return Token{Value: got.AccessToken, ExpiresAt: asked.Add(time.Duration(got.ExpiresIn) * time.Second), Scope: got.Scope}, nil
}

// signed is a key whose calls are signed.
type signed struct {
	bearer
	id     string
	signer crypto.Signer
}

// SignedKey is an API key with a signature of each call (RFC 9421), by the private key whose public key was registered for it: Ed25519,
// or ECDSA with P-256. [ParseSigner] reads one; a crypto.Signer of hardware does as well.
func SignedKey(key string, signer crypto.Signer) (Credentials, error) {
	b, ok := token.Parse(strings.TrimPrefix(key, "sak_"), "key")
	if !ok {
		return nil, errors.New("client: this is no API key. One begins with sak_")
	}
	return signed{bearer(key), b.ID, signer}, nil
}

// ParseSigner reads a private key in PEM, as “sallyport key signing” and “openssl genpkey” write it.
func ParseSigner(text []byte) (crypto.Signer, error) { return httpsig.ParsePrivateKey(text) }

func (s signed) put(t *Transport, r *http.Request, body []byte) error {
	if err := s.bearer.put(t, r, body); err != nil {
		return err
	}
	m := httpsig.Message{Method: r.Method, TargetURI: r.URL.Scheme + "://" + r.URL.Host + r.URL.RequestURI(), Header: r.Header, Body: body}
	want := httpsig.Sallyport(m)
	fields, err := httpsig.Sign(m, httpsig.Params{Components: want.Components, Tag: want.Tag, KeyID: s.id, Created: t.now()}, s.signer)
	if err != nil {
		return fmt.Errorf("client: the call can’t be signed: %w", err)
	}
	for name, value := range fields {
		r.Header.Set(name, value)
	}
	return nil
}

// Sign puts credentials on a request with this body that something else will send: the header is then all it takes.
func Sign(r *http.Request, body []byte, c Credentials) error {
	return c.put(&Transport{Server: r.URL.Scheme + "://" + r.URL.Host}, r, body)
}
