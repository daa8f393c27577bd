package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/otp"
)

// accessToken makes an API key with a device in a session, and exchanges the two for a token, as a program's owner does.
func accessToken(ctx context.Context, base, session string) (string, error) {
	ask := func(status int, path, credential, kind, body string) (answer struct {
		ID, Key     string
		AccessToken string `json:"access_token"`
		Enrolment   struct{ URI string }
	}, err error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, bytes.NewReader([]byte(body)))
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
			return answer, fmt.Errorf("%s: status %d, want %d", path, res.StatusCode, status)
		}
		if status == http.StatusNoContent {
			return answer, nil
		}
		return answer, json.NewDecoder(res.Body).Decode(&answer)
	}
	made, err := ask(http.StatusCreated, "/v1/me/api-keys", session, "application/json", fmt.Sprintf(`{"name":"Bench","scopes":["read"],"device":true,"password":%q}`, passphrase))
	if err != nil {
		return "", err
	}
	device, _, _, err := otp.ParseURI(made.Enrolment.URI)
	if err != nil {
		return "", err
	}
	now := device.Step(time.Now())
	if _, err := ask(http.StatusNoContent, "/v1/me/api-keys/"+made.ID+"/device/confirm", session, "application/json", fmt.Sprintf(`{"code":%q}`, device.Code(now))); err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "otp": {device.Code(now + 1)}} // that of now is used up, and the next one counts already
	token, err := ask(http.StatusOK, "/v1/token", made.Key, "application/x-www-form-urlencoded", form.Encode())
	return strings.TrimSpace(token.AccessToken), err
}
