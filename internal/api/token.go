package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sallyport/internal/apikey"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
)

// Errors of a form that asks for a token.
var (
	errGrantType  = errs.New(errs.Invalid, "grant_type_unknown", "Send grant_type=client_credentials.").In("grant_type")
	errClientAuth = errs.New(errs.Invalid, "client_authentication", "Send the API key once: as the password of Basic authentication, as client_secret, or as a bearer credential.")
)

// tokenAnswer is a new access token (RFC 6749 §5.1).
type tokenAnswer struct {
	AccessToken string `json:"access_token" doc:"To be sent as a bearer credential, instead of the key."`
	TokenType   string `json:"token_type" enum:"Bearer"`
	ExpiresIn   int    `json:"expires_in" example:"900" doc:"Seconds."`
	Scope       string `json:"scope" example:"read" doc:"What it may be used for, separated by blanks."`
}

// tokenRequest is the form that asks for it.
type tokenRequest struct {
	GrantType    string `json:"grant_type" enum:"client_credentials"`
	OTP          string `json:"otp" example:"123456" doc:"What the key’s device shows now. It is used up."`
	Scope        string `json:"scope,omitempty" example:"read" doc:"Of the key’s scopes, separated by blanks; absent for all."`
	ClientID     string `json:"client_id,omitempty" doc:"The key’s id, unless it stands in the header."`
	ClientSecret string `json:"client_secret,omitempty" doc:"The key, unless it stands in the header."`
}

// tokenProblem is how this call tells errors: as OAuth does (RFC 6749 §5.2), with the members of a problem beside.
type tokenProblem struct {
	Error            string `json:"error" enum:"invalid_request,invalid_client,invalid_grant,unsupported_grant_type,invalid_scope,temporarily_unavailable" doc:"What was wrong, in OAuth’s terms."`
	ErrorDescription string `json:"error_description" doc:"The detail, in OAuth’s characters."`
	Title            string `json:"title" doc:"The status in words."`
	Status           int    `json:"status" doc:"The status of the answer."`
	Code             string `json:"code" doc:"What was wrong, for programs: it never changes its meaning."`
	Detail           string `json:"detail,omitempty" doc:"What was wrong and what to do next, for people."`
	Field            string `json:"field,omitempty" doc:"The member of the form that it is about."`
	RequestID        string `json:"request_id" doc:"What the server’s log knows this call by."`
	How              []way  `json:"how,omitempty" doc:"Of second_factor_required: in which ways it is proved."`
}

// tokenRow is the call's row in the table.
var tokenRow = call{
	id: "createToken", route: "POST " + tokenPath, level: httpx.Public, form: true, group: "API keys", summary: "Exchange an API key and a code for an access token",
	tells: "OAuth 2.0 client credentials (RFC 6749 §4.4), with one member more: `otp`, a code of the key’s own device. The key is the client’s secret: " +
		"as the password of Basic authentication with the key’s id as user name, as `client_id` and `client_secret`, or as a bearer credential. The token works for 15 minutes.",
}

// tokenCall adds the one call that takes a form, because OAuth's clients send one.
func (s *Server) tokenCall(t *table) {
	schemas := t.huma.OpenAPI().Components.Schemas
	content := func(kind reflect.Type, media string) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{media: {Schema: schemas.Schema(kind, true, "")}}
	}
	t.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: tokenRow.id, Method: http.MethodPost, Path: tokenPath, Summary: tokenRow.summary,
		Description: tokenRow.tells,
		Tags:        []string{tokenRow.group},
		RequestBody: &huma.RequestBody{Required: true, Content: content(reflect.TypeFor[tokenRequest](), "application/x-www-form-urlencoded")},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: content(reflect.TypeFor[tokenAnswer](), "application/json")},
		},
	})
	t.calls = append(t.calls, tokenRow)
	t.routes = append(t.routes, httpx.Route{Pattern: tokenRow.route, Level: httpx.Public, Form: true, Handler: s.token})
}

// token exchanges a key and a code for an access token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil { // a secret in an address is in somebody's log (RFC 6749 §2.3.1)
		return err
	}
	form, err := httpx.Form(r, "grant_type", "otp", "scope", "client_id", "client_secret")
	if err != nil {
		return err
	}
	if form.Get("grant_type") != "client_credentials" {
		return errGrantType
	}
	id, key, err := client(r, form)
	if err != nil {
		return err
	}
	from := httpx.InfoOf(r.Context()).Client
	value, token, err := s.Machines.Token(r.Context(), machine.Grant{
		Key: key, KeyID: id, Code: form.Get("otp"), Scope: form.Get("scope"), From: from, By: by(r.Context()),
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(tokenAnswer{
		AccessToken: value, TokenType: "Bearer", ExpiresIn: int(apikey.TokenFor.Seconds()), Scope: apikey.JoinScopes(token.Scopes),
	})
}

// client reads the key, which must come in exactly one way (RFC 6749 §2.3).
func client(r *http.Request, form httpx.Values) (id, key string, err error) {
	headers := r.Header.Values("Authorization")
	inBody := form.Has("client_secret")
	if len(headers) > 1 || (len(headers) == 1) == inBody || len(r.Header.Values(machine.OTPHeader)) > 0 {
		return "", "", errClientAuth
	}
	if inBody {
		return form.Get("client_id"), form.Get("client_secret"), nil
	}
	if scheme, value, _ := strings.Cut(headers[0], " "); !strings.EqualFold(scheme, "Basic") {
		key, err = bearer(r)
		return form.Get("client_id"), key, err
	} else if raw, err := base64.StdEncoding.DecodeString(value); err == nil {
		user, password, ok := strings.Cut(string(raw), ":")
		id, err1 := url.QueryUnescape(user)
		key, err2 := url.QueryUnescape(password)
		if ok && err1 == nil && err2 == nil && (!form.Has("client_id") || form.Get("client_id") == id) {
			return id, key, nil
		}
	}
	return "", "", errClientAuth
}

// oauth is what OAuth calls an error, and with which status: 400 for all but a wrong client (RFC 6749 §5.2), and what the server is to blame for.
func oauth(f httpx.Failure) (name string, status int) {
	switch f.Err.Code {
	case errGrantType.Code:
		return "unsupported_grant_type", http.StatusBadRequest
	case machine.ErrGrantScope.Code:
		return "invalid_scope", http.StatusBadRequest
	case apikey.ErrKey.Code, apikey.ErrExpired.Code, machine.ErrNetwork.Code, errNoCredential.Code:
		return "invalid_client", http.StatusUnauthorized
	}
	switch f.Err.Kind {
	case errs.Unauthenticated: // the code is missing, wrong or used
		return "invalid_grant", http.StatusBadRequest
	case errs.TooMany:
		return "invalid_grant", f.Status
	case errs.Unavailable, errs.Internal:
		return "temporarily_unavailable", f.Status
	}
	if f.Status == http.StatusUnprocessableEntity {
		return "invalid_request", http.StatusBadRequest
	}
	return "invalid_request", f.Status
}

// renderToken tells an error of this call.
func renderToken(w http.ResponseWriter, f httpx.Failure) {
	name, status := oauth(f)
	p := told(f)
	body, err := json.Marshal(tokenProblem{
		Error: name, ErrorDescription: plain(p.Detail), Title: http.StatusText(status), Status: status, Code: p.Code, Detail: p.Detail, Field: p.Field,
		RequestID: p.RequestID, How: p.How,
	})
	if err != nil {
		panic(err) // strings and a number always encode
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="sallyport"`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone; there is nobody left to tell
}

// plain brings a text into the characters that an error_description may have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '’':
			return '\''
		case r < ' ' || r > '~' || r == '"' || r == '\\':
			return -1
		}
		return r
	}, s)
}
