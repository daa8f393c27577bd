package api

import (
	"context"
	"encoding/json"

	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

type passkeyOptionsRequest struct {
	Pending string `json:"pending,omitempty" maxLength:"400" doc:"A sign-in whose second factor is asked for. Without it, the passkey is the whole sign-in."`
}

// passkeyQuestion is what the browser asks a passkey.
type passkeyQuestion struct {
	Options  json.RawMessage `json:"options" doc:"For navigator.credentials.get, by PublicKeyCredential.parseRequestOptionsFromJSON."`
	Ceremony string          `json:"ceremony" doc:"Comes back with the answer."`
}

type passkeyQuestionAnswer struct{ Body passkeyQuestion }

type passkeySignInRequest struct {
	Credential   json.RawMessage `json:"credential" doc:"The passkey’s answer: the PublicKeyCredential in JSON."`
	Ceremony     string          `json:"ceremony" minLength:"1" maxLength:"1000" doc:"What came with the options."`
	KnownBrowser string          `json:"known_browser,omitempty" maxLength:"400" doc:"As with /v1/sign-in." example:"Xm2Q…"`
}

func (s *Server) passkeyCalls(t *table, public func(id, route, summary, tells string) call) {
	ask := public("askPasskey", "POST /v1/sign-in/passkey/options", "Ask for a passkey", "The options hold a challenge that is good once and for five minutes, at the site’s own address only.")
	ask.level = httpx.Public
	add(t, ask, s.askPasskey)
	enter := public("signInWithPasskey", "POST /v1/sign-in/passkey", "Sign in with a passkey alone", "It verifies its owner, so it counts as both factors.")
	enter.level = httpx.Public
	add(t, enter, s.passkeySignIn)
}

func (s *Server) askPasskey(ctx context.Context, in *struct{ Body passkeyOptionsRequest }) (*passkeyQuestionAnswer, error) {
	if in.Body.Pending == "" {
		return question(s.SignIns.AskPasskeyAlone(ctx))
	}
	return question(s.SignIns.AskPasskey(ctx, in.Body.Pending))
}

func question(options json.RawMessage, ceremony string, err error) (*passkeyQuestionAnswer, error) {
	return &passkeyQuestionAnswer{passkeyQuestion{options, ceremony}}, err
}

func (s *Server) passkeySignIn(ctx context.Context, in *struct{ Body passkeySignInRequest }) (*signInAnswer, error) {
	step, err := s.SignIns.Passkey(ctx, signin.PasskeyCredentials{
		Ceremony: in.Body.Ceremony, Response: string(in.Body.Credential), Known: s.SignIns.Known(in.Body.KnownBrowser),
	}, by(ctx))
	return s.stands(ctx, step, err, string(factor.Passkey), in.Body.KnownBrowser)
}
