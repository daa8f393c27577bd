package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/db"
	"sallyport/internal/httpsig"
	"sallyport/internal/otp"
	"sallyport/internal/token"
)

// made is what the interface answers when a key or a token is made.
type made struct {
	ID, Key     string
	AccessToken string `json:"access_token"`
	Enrolment   struct{ URI string }
}

// ask makes one call of an owner's or program's.
func ask(ctx context.Context, status int, address, credential, kind, body string) (answer made, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return answer, err
	}
	r.Header.Set("Authorization", "Bearer "+credential)
	r.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer, err
	}
	defer res.Body.Close() //nolint:errcheck // read
	if res.StatusCode != status {
		return answer, fmt.Errorf("%s: status %d, want %d", address, res.StatusCode, status)
	}
	if status == http.StatusNoContent {
		return answer, nil
	}
	return answer, json.NewDecoder(res.Body).Decode(&answer)
}

// accessToken makes an API key with a device in a session, and exchanges the two for a token, as a program's owner does.
func accessToken(ctx context.Context, base, session string) (string, error) {
	key, err := ask(ctx, http.StatusCreated, base+"/v1/me/api-keys", session, "application/json", fmt.Sprintf(`{"name":"Bench","scopes":["read"],"device":true,"password":%q}`, passphrase))
	if err != nil {
		return "", err
	}
	device, _, _, err := otp.ParseURI(key.Enrolment.URI)
	if err != nil {
		return "", err
	}
	now := device.Step(time.Now())
	if _, err := ask(ctx, http.StatusNoContent, base+"/v1/me/api-keys/"+key.ID+"/device/confirm", session, "application/json", fmt.Sprintf(`{"code":%q}`, device.Code(now))); err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "otp": {device.Code(now + 1)}} // that of now is used up, and the next one counts already
	answer, err := ask(ctx, http.StatusOK, base+"/v1/token", key.Key, "application/x-www-form-urlencoded", form.Encode())
	return answer.AccessToken, err
}

// signer makes an API key whose calls are signed, and returns how GET /v1/me is then asked.
func signer(ctx context.Context, host, session string) (func() []byte, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	key, err := ask(ctx, http.StatusCreated, "http://"+host+"/v1/me/api-keys", session, "application/json",
		fmt.Sprintf(`{"name":"Bench, signed","scopes":["read"],"public_key":%q,"password":%q}`, base64.StdEncoding.EncodeToString(der), passphrase))
	if err != nil {
		return nil, err
	}
	credential := "Bearer " + key.Key
	return func() []byte {
		header, err := httpsig.Sign(httpsig.Message{
			Method: http.MethodGet, TargetURI: "http://" + host + "/v1/me", Header: map[string][]string{"Authorization": {credential}},
		}, httpsig.Params{Components: []string{"@method", "@target-uri", "authorization"}, KeyID: key.ID, Created: time.Now(), Tag: "sallyport"}, private)
		if err != nil {
			panic(err) // nothing in it varies but the time
		}
		return fmt.Appendf(nil, "GET /v1/me HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nSignature-Input: %s\r\nSignature: %s\r\n\r\n", host, credential, header["Signature-Input"], header["Signature"])
	}, nil
}

// apiKey is an API key with a device of its own.
type apiKey struct {
	value  string
	device otp.Key
}

// keys gives everybody an API key with a device, by writing what making and confirming them writes.
func (s *stage) keys(ctx context.Context) ([]apiKey, error) {
	all := make([]apiKey, len(s.people))
	var stmts []db.Stmt
	for i, p := range s.people {
		u := p.user
		secret, b := token.Issue(u.AccountID, u.ID, "key")
		all[i] = apiKey{apikey.KeyPrefix + secret, otp.Key{Secret: otp.NewSecret(), Digits: otp.DefaultDigits, Period: otp.DefaultPeriod}}
		enrol, err := s.enrol(u.AccountID, b.ID, all[i].device)
		if err != nil {
			return nil, err
		}
		stmts = append(stmts, enrol, db.Write(`
			INSERT INTO api_keys (account_id, user_id, key_id, name, scopes, networks, public_key, created_at, expires_at, last_used_at, last_address)
			VALUES ($1, $2, $3, 'Bench, codes', 'read', '', '', $4, 0, 0, '')`, b.AccountID, b.UserID, b.ID, db.At(s.now())))
	}
	return all, s.write(ctx, stmts)
}
