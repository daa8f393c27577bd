package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
)

// way is one way to prove the second factor of an API key.
type way struct {
	Way    string `json:"way" enum:"token,code,signature" doc:"token: exchange the key and a code for an access token. code: send a code with the call. signature: sign the call (RFC 9421)."`
	URL    string `json:"url,omitempty" doc:"Where the token is got."`
	Header string `json:"header,omitempty" doc:"Where the code or the signature stands."`
}

// ways tells a program how to go on.
func ways(how []machine.Way) []way {
	all := []way{}
	for _, h := range how {
		w := way{Way: string(h)}
		switch h {
		case machine.ByToken:
			w.URL = tokenPath
		case machine.ByCode:
			w.Header = machine.OTPHeader
		case machine.BySignature:
			w.Header = "Signature"
		}
		all = append(all, w)
	}
	return all
}

// challenges are what WWW-Authenticate says besides "Bearer", by the code of the problem (RFC 6750 §3.1, RFC 9470 §3).
var challenges = map[string]string{
	"invalid_key": `error="invalid_token"`, "key_expired": `error="invalid_token"`, "invalid_token": `error="invalid_token"`,
	"scope_missing": `error="insufficient_scope"`, "second_factor_required": `error="insufficient_user_authentication"`,
}

// told is what is told of a failure. Which fault of the server's it was is told to its log alone.
func told(f httpx.Failure) problem {
	if f.Err.Kind == errs.Internal {
		f.Err = errs.ErrInternal
	}
	p := problem{Title: http.StatusText(f.Status), Status: f.Status, Code: f.Err.Code, Detail: f.Err.Message, Field: f.Err.Field, RequestID: f.RequestID}
	var needed *machine.Needed
	if errors.As(f.Err, &needed) {
		p.How = ways(needed.How)
	}
	return p
}

// render tells what went wrong as problem details, or as OAuth does where its clients ask.
func render(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
	if r.URL.Path == tokenPath {
		renderToken(w, f)
		return
	}
	body, err := json.Marshal(told(f))
	if err != nil {
		panic(err) // strings and a number always encode
	}
	if challenge, known := challenges[f.Err.Code]; f.Status == http.StatusUnauthorized || known {
		if known {
			challenge = " " + challenge
		}
		w.Header().Set("WWW-Authenticate", "Bearer"+challenge) // RFC 9110 §15.5.2 demands one
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // the client may be gone; there is nobody left to tell
}
