package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/signin"
)

type setUpRequest struct {
	Pending string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	Kind    string `json:"kind" enum:"totp,passkey,sms,email" doc:"What to set up."`
	Name    string `json:"name,omitempty" maxLength:"100" doc:"What to call the device. A passkey without a name is named after its model." example:"My Phone"`
	Address string `json:"address,omitempty" maxLength:"1000" doc:"sms, email: the number or mailbox." example:"+43 660 1234567"`
	Token   string `json:"token,omitempty" maxLength:"200" doc:"The mailed token, where token_first says that one is needed."`
}

type setUpSendRequest struct {
	Pending string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	ID      string `json:"id,omitempty" maxLength:"100" doc:"The number or mailbox that is being set up. Without it, the token of token_first is mailed." example:"fac_01jd3k8zq0c4p"`
}

type setUpConfirmRequest struct {
	Pending      string          `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	ID           string          `json:"id" minLength:"1" maxLength:"100" doc:"The device that is being set up." example:"fac_01jd3k8zq0c4p"`
	Code         string          `json:"code,omitempty" maxLength:"100" doc:"What the app shows, or what was sent." example:"123456"`
	Credential   json.RawMessage `json:"credential,omitempty" doc:"Of a passkey, instead: the PublicKeyCredential in JSON."`
	KnownBrowser string          `json:"known_browser,omitempty" maxLength:"400" doc:"As with /v1/sign-in." example:"Xm2Q…"`
}

// setUpConfirmed is the end of a sign-in that set up a second factor.
type setUpConfirmed struct {
	State        string    `json:"state" enum:"signed_in" doc:"The sign-in is complete."`
	Token        string    `json:"token" doc:"The session’s token." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.kX0Qd3…"`
	ExpiresAt    time.Time `json:"expires_at" doc:"When the session ends."`
	AMR          []string  `json:"amr" doc:"By which methods (RFC 8176)." example:"[\"pwd\",\"otp\",\"mfa\"]"`
	KnownBrowser string    `json:"known_browser" doc:"Keep it for this browser, as that of /v1/sign-in." example:"Xm2Q…"`
	BackupCodes  []string  `json:"backup_codes,omitempty" doc:"Ten codes, each good once, told this one time. Absent where there are some already or the account has none." example:"[\"7KQM-9XTA-RVNC-H4WD\"]"`
}

type setUpConfirmedAnswer struct{ Body setUpConfirmed }

type disableConfirmRequest struct {
	Pending      string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	Token        string `json:"token" minLength:"1" maxLength:"200" doc:"The token from the mail."`
	KnownBrowser string `json:"known_browser,omitempty" maxLength:"400" doc:"As with /v1/sign-in." example:"Xm2Q…"`
}

func (s *Server) setUpCalls(t *table, public func(id, route, summary, tells string) call) {
	begin := public("beginSetUp", "POST /v1/sign-in/set-up", "Set up a second factor while signing in",
		"Only in a sign-in whose state is set_up. The answer is the device, which counts once it is confirmed. To a number or mailbox, a code is sent.")
	begin.status = 201
	add(t, begin, s.beginSetUp)
	send := public("sendSetUpCode", "POST /v1/sign-in/set-up/send", "Send another code or token for the set-up", "With an id a code to that number or mailbox; without one the token that must come before the set-up.")
	send.status = 202
	add(t, send, s.sendSetUp)
	add(t, public("confirmSetUp", "POST /v1/sign-in/set-up/confirm", "Confirm the device and be signed in", "A right code confirms the device and ends the pending sign-in."), s.confirmSetUp)
}

func (s *Server) disableCalls(t *table, public func(id, route, summary, tells string) call) {
	ask := public("askDisable", "POST /v1/sign-in/disable", "Mail a token that switches two-factor authentication off",
		"For who has lost the device, where the account’s policy allows it. The token goes to the person’s registered address.")
	ask.status = 202
	add(t, ask, s.askDisable)
	add(t, public("confirmDisable", "POST /v1/sign-in/disable/confirm", "Use the mailed token",
		"By the policy, the second factor ends and the person is signed in; or they set up a new one (set_up); or it ends later (planned)."), s.confirmDisable)
}

// owesSetUp tells what can be set up, and why it must be.
func (s *Server) owesSetUp(ctx context.Context, p *signin.Pending, v *signIn) error {
	owed := p.Owed(s.Now())
	v.Cause = string(owed.Cause)
	if owed.AddPasskey {
		v.Cause = "passkey"
	}
	offers, err := s.SignIns.SetUpOffers(ctx, p)
	if err != nil {
		return err
	}
	v.Methods = []signInMethod{}
	for _, o := range offers {
		if o.Why == "" {
			v.Methods = append(v.Methods, signInMethod{Kind: string(o.Method)})
		}
	}
	if !p.MailFirst() {
		return nil
	}
	t, err := s.SignIns.Mailed(ctx, p, mailtoken.SetUp)
	switch {
	case errors.Is(err, mailtoken.ErrToken):
		v.TokenFirst = &tokenFirst{}
	case err != nil:
		return err
	default:
		v.TokenFirst = &tokenFirst{Mailed: true, ResendAt: when(t.ResendAt())}
	}
	return nil
}

func (s *Server) beginSetUp(ctx context.Context, in *struct{ Body setUpRequest }) (*enrolmentAnswer, error) {
	b := in.Body
	if b.Token != "" {
		if err := s.SignIns.ProveMailbox(ctx, b.Pending, b.Token); err != nil {
			return nil, err
		}
	}
	switch kind := factor.Kind(b.Kind); {
	case kind == factor.Passkey:
		_, f, options, err := s.SignIns.BeginSetUpPasskey(ctx, b.Pending, b.Name)
		return begunPasskey(f, options, err)
	case kind.Sent():
		_, f, err := s.SignIns.BeginSetUpAddress(ctx, b.Pending, kind, b.Name, b.Address, by(ctx))
		return s.begunAddress(ctx, f, err)
	default:
		_, e, err := s.SignIns.BeginSetUp(ctx, b.Pending, b.Name)
		return begunApp(e, err)
	}
}

func (s *Server) sendSetUp(ctx context.Context, in *struct{ Body setUpSendRequest }) (*sendAnswer, error) {
	if in.Body.ID == "" {
		asked, err := s.mailed(ctx, in.Body.Pending, mailtoken.SetUp, s.SignIns.AskSetUp(ctx, in.Body.Pending, by(ctx)))
		if errors.Is(err, mailtoken.ErrToken) { // none was mailed
			err = errRequest.In("id").Saying("No token comes before this set-up. Name the number or mailbox to which a code is to go.")
		}
		return asked, err
	}
	if err := s.SignIns.SendSetUp(ctx, in.Body.Pending, in.Body.ID, by(ctx)); err != nil {
		return nil, err
	}
	p, err := s.SignIns.Pending(ctx, in.Body.Pending)
	if err != nil {
		return nil, err
	}
	sent, err := factor.Sent(ctx, s.DB, p.User.AccountID, p.User.ID, in.Body.ID)
	return &sendAnswer{resend{stamp(sent.ResendAt())}}, err
}

// mailed answers who asked for a token, which err says went wrong.
func (s *Server) mailed(ctx context.Context, pending string, purpose mailtoken.Purpose, err error) (*sendAnswer, error) {
	if err != nil {
		return nil, err
	}
	p, err := s.SignIns.Pending(ctx, pending)
	if err != nil {
		return nil, err
	}
	t, err := s.SignIns.Mailed(ctx, p, purpose)
	return &sendAnswer{resend{stamp(t.ResendAt())}}, err
}

func (s *Server) confirmSetUp(ctx context.Context, in *struct{ Body setUpConfirmRequest }) (*setUpConfirmedAnswer, error) {
	code := in.Body.Code
	if in.Body.Credential != nil {
		code = string(in.Body.Credential)
	}
	step, codes, err := s.SignIns.ConfirmSetUp(ctx, in.Body.Pending, in.Body.ID, code, by(ctx))
	s.Count(signin.Outcome(step, err), string(step.Method))
	if err != nil {
		return nil, err
	}
	known, err := s.SignIns.Remember(in.Body.KnownBrowser, step.User.AccountID, step.User.ID)
	return &setUpConfirmedAnswer{setUpConfirmed{
		State: string(step.State), KnownBrowser: known, Token: step.Cookie, ExpiresAt: stamp(step.Session.ExpiresAt), AMR: step.Session.AMR, BackupCodes: codes,
	}}, err
}

func (s *Server) askDisable(ctx context.Context, in *struct{ Body pendingRequest }) (*sendAnswer, error) {
	return s.mailed(ctx, in.Body.Pending, mailtoken.Disable, s.SignIns.AskDisable(ctx, in.Body.Pending, by(ctx)))
}

func (s *Server) confirmDisable(ctx context.Context, in *struct{ Body disableConfirmRequest }) (*signInAnswer, error) {
	step, err := s.SignIns.ConfirmDisable(ctx, in.Body.Pending, in.Body.Token, by(ctx))
	return s.stands(ctx, step, err, "mailed_token", in.Body.KnownBrowser)
}
