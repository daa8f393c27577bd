package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// A sign-in by REST goes through the doors of the pages. What stands between them is the member "pending": another kind of value than
// a session's token, good in the bodies of these calls and nowhere else (security.md D4).

// signIn is where a sign-in stands.
type signIn struct {
	State string `json:"state" enum:"signed_in,second_factor,set_up,planned" doc:"signed_in: the token is good. second_factor: verify a code. set_up: set up a second factor first. planned: the second factor ends later, and this sign-in is over."`

	Token     string     `json:"token,omitempty" doc:"signed_in: the session's token. Send it as “Authorization: Bearer …”." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.kX0Qd3…"`
	AMR       []string   `json:"amr,omitempty" doc:"signed_in: by which methods (RFC 8176; a trusted browser and an e-mail have values of our own)." example:"[\"pwd\",\"otp\",\"mfa\"]"`
	SetUpBy   *time.Time `json:"set_up_by,omitempty" doc:"signed_in: until when the account wants a second factor set up, where it does."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When the session, or the pending sign-in, ends."`

	KnownBrowser         string     `json:"known_browser,omitempty" doc:"signed_in: keep it for this browser, whoever signs in there, and send it with the next sign-in, instead of the one sent before. It opens nothing." example:"Xm2Q…"`
	TrustedBrowser       string     `json:"trusted_browser,omitempty" doc:"signed_in: keep it and send it with the next sign-in, instead of the one sent before. It is good for one sign-in, which gives the next." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.Vb7….4Yk…"`
	TrustedBrowserEndsAt *time.Time `json:"trusted_browser_ends_at,omitempty" doc:"When the trust in this browser ends."`
	TrustedBrowserOver   bool       `json:"trusted_browser_over,omitempty" doc:"The trusted_browser that was sent is worth nothing: forget it."`

	Pending       string         `json:"pending,omitempty" doc:"second_factor, set_up: names this sign-in in the calls that go on with it. It opens nothing else." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.Zr81s…"`
	Methods       []signInMethod `json:"methods,omitzero" doc:"second_factor: the person’s devices, the one to offer first at the beginning. set_up: the methods that may be set up."`
	BackupCodes   *bool          `json:"backup_codes,omitempty" doc:"second_factor: whether a backup code will do. Verify it with the method “backup_code”, or with none."`
	Sent          *sentCode      `json:"sent,omitempty" doc:"second_factor: a code was sent already."`
	AskedAgain    string         `json:"asked_again,omitempty" enum:"browser,system,country,over,used" doc:"second_factor: why a browser that was trusted is asked again."`
	MayTrustDays  int            `json:"may_trust_days,omitempty" doc:"second_factor: for how many days trust_browser makes this a trusted browser; absent if it can’t." example:"90"`
	MailedDisable string         `json:"mailed_disable,omitempty" enum:"disable,re_enrol" doc:"second_factor: what a mailed token does for who has lost the device; absent if none is mailed."`
	MailedCodesAt *time.Time     `json:"mailed_codes_at,omitempty" doc:"second_factor: the password was reset by mail, so the registered mailbox is no way on until then, though it is one of the person’s devices; absent if that keeps none away."`
	Cause         string         `json:"cause,omitempty" enum:"required,required_of_admin,reset,passkey" doc:"set_up: why a second factor must be set up. passkey: there is one, which must be a passkey."`
	TokenFirst    *tokenFirst    `json:"token_first,omitempty" doc:"set_up: set-up begins with a token that is mailed to the person’s address."`

	EndsAt *time.Time `json:"ends_at,omitempty" doc:"planned: when the second factor ends. The person was told by mail, and may call it off."`
}

// signInMethod is one way on.
type signInMethod struct {
	ID     string `json:"id,omitempty" doc:"second_factor: names the device." example:"fac_01jd3k8zq0c4p"`
	Kind   string `json:"kind" enum:"totp,passkey,sms,email" doc:"What it is."`
	Name   string `json:"name,omitempty" doc:"second_factor: what its owner calls it." example:"My Phone"`
	Hint   string `json:"hint,omitempty" doc:"Of a number or mailbox: where codes go." example:"+43 ••• 67"`
	Locked bool   `json:"locked,omitempty" doc:"So many codes were wrong that it takes none: use another way."`
}

// sentCode tells about a code on its way.
type sentCode struct {
	Method    string    `json:"method" doc:"The device that it went to." example:"fac_01jd3k8zq0c4p"`
	ResendAt  time.Time `json:"resend_at" doc:"From when on another one can be sent."`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when it counts."`
}

// tokenFirst tells about the token that must come before the set-up.
type tokenFirst struct {
	Mailed   bool       `json:"mailed" doc:"Whether one is on its way. Otherwise ask for it with /v1/sign-in/set-up/send."`
	ResendAt *time.Time `json:"resend_at,omitempty" doc:"From when on another one can be mailed."`
}

type signInAnswer struct{ Body signIn }

type signInRequest struct {
	Account        string `json:"account,omitempty" maxLength:"100" example:"acme" doc:"The organisation’s short name. Without it an e-mail that is unique decides."`
	Email          string `json:"email" minLength:"1" maxLength:"1000" example:"ada@example.com"`
	Password       string `json:"password" minLength:"1" maxLength:"4096" example:"seven unrelated ferry bells"`
	KnownBrowser   string `json:"known_browser,omitempty" maxLength:"400" doc:"What an earlier sign-in gave in this browser: the people it knows get no mail that somebody signed in from an unknown one." example:"Xm2Q…"`
	TrustedBrowser string `json:"trusted_browser,omitempty" maxLength:"400" doc:"What an earlier sign-in gave for this person in this browser." example:"acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4n.Vb7….4Yk…"`
}

// pendingRequest names a pending sign-in.
type pendingRequest struct {
	Pending string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
}

type cancelRequest struct {
	Pending      string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	KnownBrowser string `json:"known_browser,omitempty" maxLength:"400" doc:"As with /v1/sign-in." example:"Xm2Q…"`
}

type sendRequest struct {
	Pending string `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	Method  string `json:"method" minLength:"1" maxLength:"100" doc:"The id of a number or mailbox." example:"fac_01jd3k8zq0c4p"`
}

type verifyRequest struct {
	Pending      string          `json:"pending" minLength:"1" maxLength:"400" doc:"From the answer that this goes on from."`
	Method       string          `json:"method,omitempty" maxLength:"100" doc:"The id of a device, or “backup_code”. Without it, the device that a code is on its way to, else any app; and any backup code." example:"fac_01jd3k8zq0c4p"`
	Code         string          `json:"code,omitempty" maxLength:"100" doc:"An authentication code or a backup code; blanks and hyphens don’t matter." example:"123 456"`
	Credential   json.RawMessage `json:"credential,omitempty" doc:"Instead of a code, a passkey’s answer: the PublicKeyCredential in JSON."`
	Ceremony     string          `json:"ceremony,omitempty" maxLength:"1000" doc:"With a credential: what came with the options."`
	KnownBrowser string          `json:"known_browser,omitempty" maxLength:"400" doc:"As with /v1/sign-in." example:"Xm2Q…"`
	TrustBrowser bool            `json:"trust_browser,omitempty" doc:"Don’t ask again in this browser: the answer has a trusted_browser. The browser is known by User-Agent and address."`
}

// sendAnswer says when the next one may be sent.
type sendAnswer struct{ Body resend }

type resend struct {
	ResendAt time.Time `json:"resend_at" doc:"From when on another one can be sent. Earlier, the call answers 429 with Retry-After."`
}

func (s *Server) signInCalls(t *table) {
	public := func(id, route, summary, tells string) call {
		return call{id: id, route: route, level: httpx.Pending, group: "Sign-in", summary: summary, tells: tells}
	}
	first := public("signIn", "POST /v1/sign-in", "Sign in with e-mail and password",
		"Whatever is wrong with e-mail or password is answered alike, so nobody learns which addresses exist. A person with a second factor gets no session here, "+
			"but for a trusted browser. Where a code is to be sent by the method that is offered first, it is sent.")
	first.level = httpx.Public
	add(t, first, s.signIn)
	send := public("sendSignInCode", "POST /v1/sign-in/send", "Send a code", "To a number or mailbox of the person’s. The code that was sent before ends.")
	send.status = 202
	add(t, send, s.sendSignInCode)
	add(t, public("verifySignIn", "POST /v1/sign-in/verify", "Verify the second factor", "A right code is used up and ends the pending sign-in. Where the account wants a passkey besides, the state is set_up."), s.verify)
	cancel := public("cancelSignIn", "POST /v1/sign-in/cancel", "Cancel a sign-in", "One that is over already is no error. In an unknown browser the person is told by mail that their password was right and the sign-in was not finished.")
	cancel.level = httpx.Public
	add(t, cancel, s.cancelSignIn)
	s.setUpCalls(t, public)
	s.disableCalls(t, public)
	s.passkeyCalls(t, public)
}

func (s *Server) signIn(ctx context.Context, in *struct{ Body signInRequest }) (*signInAnswer, error) {
	step, err := s.SignIns.Password(ctx, signin.Credentials{
		Account: in.Body.Account, Email: in.Body.Email, Password: in.Body.Password,
		Known:   s.SignIns.Known(in.Body.KnownBrowser),
		Trusted: func(string, string) string { return in.Body.TrustedBrowser }, // of somebody else it is worth nothing
	}, by(ctx))
	method := "password"
	if step.Method == signin.TrustedBrowser {
		method = string(step.Method)
	}
	return s.stands(ctx, step, err, method, in.Body.KnownBrowser)
}

func (s *Server) sendSignInCode(ctx context.Context, in *struct{ Body sendRequest }) (*sendAnswer, error) {
	if err := s.SignIns.Send(ctx, in.Body.Pending, in.Body.Method, by(ctx)); err != nil {
		return nil, err
	}
	p, err := s.SignIns.Pending(ctx, in.Body.Pending)
	if err != nil {
		return nil, err
	}
	sent, err := s.SignIns.Sent(ctx, p)
	return &sendAnswer{resend{stamp(sent.ResendAt())}}, err
}

func (s *Server) verify(ctx context.Context, in *struct{ Body verifyRequest }) (*signInAnswer, error) {
	a := signin.Attempt{Code: in.Body.Code, Trust: in.Body.TrustBrowser, Known: s.SignIns.Known(in.Body.KnownBrowser)}
	switch {
	case in.Body.Credential != nil:
		a.Kind, a.Code, a.Ceremony = factor.Passkey, string(in.Body.Credential), in.Body.Ceremony
	case in.Body.Method == string(factor.BackupCode):
		a.Kind = factor.BackupCode
	default:
		a.FactorID, a.Unsaid = in.Body.Method, in.Body.Method == ""
	}
	step, err := s.SignIns.Verify(ctx, in.Body.Pending, a, by(ctx))
	method := step.Method
	if err != nil {
		method = s.tried(ctx, in.Body.Pending, a)
	}
	return s.stands(ctx, step, err, string(method), in.Body.KnownBrowser)
}

// tried names what was refused, for the metrics.
func (s *Server) tried(ctx context.Context, pending string, a signin.Attempt) factor.Kind {
	p, err := s.SignIns.Pending(ctx, pending)
	if err != nil {
		return a.Tried("")
	}
	asked := p.Named(a.FactorID)
	if asked.ID == "" {
		asked, _ = p.First(s.Now())
	}
	return a.Tried(asked.Kind)
}

func (s *Server) cancelSignIn(ctx context.Context, in *struct{ Body cancelRequest }) (*struct{}, error) {
	if err := s.SignIns.Cancel(ctx, in.Body.Pending, s.SignIns.Known(in.Body.KnownBrowser), by(ctx)); err != nil {
		return nil, err
	}
	s.Count("cancelled", "password")
	return nil, nil
}

// stands counts a step and tells where the sign-in stands after it. known is what the browser had of those who signed in before.
func (s *Server) stands(ctx context.Context, step signin.Step, err error, method, known string) (*signInAnswer, error) {
	s.Count(signin.Outcome(step, err), method)
	if err != nil {
		return nil, err
	}
	v, err := s.standing(ctx, step)
	if err == nil && step.State == signin.SignedIn {
		v.KnownBrowser, err = s.SignIns.Remember(known, step.User.AccountID, step.User.ID)
	}
	return &signInAnswer{v}, err
}

func (s *Server) standing(ctx context.Context, step signin.Step) (signIn, error) {
	v := signIn{State: string(step.State), TrustedBrowser: step.Trusted, TrustedBrowserOver: step.Untrusted}
	if step.Trusted != "" {
		v.TrustedBrowserEndsAt = when(s.Now().Add(step.TrustFor))
	}
	switch step.State {
	case signin.Planned:
		v.EndsAt = when(step.EndsAt)
		return v, nil
	case signin.SignedIn:
		v.Token, v.AMR, v.ExpiresAt, v.SetUpBy = step.Cookie, step.Session.AMR, when(step.Session.ExpiresAt), when(step.Owed.By)
		return v, nil
	}
	p, err := s.SignIns.Pending(ctx, step.Cookie)
	if err != nil {
		return signIn{}, err
	}
	v.Pending, v.ExpiresAt = step.Cookie, when(p.ExpiresAt)
	if step.State == signin.SetUp {
		return v, s.owesSetUp(ctx, p, &v)
	}
	now := s.Now()
	v.Methods = s.ways(p)
	_, rests := p.Rests(now)
	v.MailedCodesAt = when(rests)
	codes := p.HasBackupCodes()
	v.BackupCodes, v.AskedAgain = &codes, string(p.AskedAgain)
	if p.MayTrust(now) {
		v.MayTrustDays = p.Account.Policy.TrustedBrowserDays
	}
	if effect := signin.Effect(p.Account, p.User); effect != account.MailedDisableOff {
		v.MailedDisable = string(effect)
	}
	v.Sent, err = sentTo(s.SignIns.Sent(ctx, p))
	return v, err
}

// ways are the person's devices, the one to offer first at the beginning.
func (s *Server) ways(p *signin.Pending) []signInMethod {
	now := s.Now()
	first, _ := p.First(now) // as on the code page: one that takes a code now
	all := []signInMethod{}
	for _, f := range p.Ways(now) {
		m := signInMethod{ID: f.ID, Kind: string(f.Kind), Name: f.Name, Hint: hint(f), Locked: f.Locked()}
		if f.ID == first.ID {
			all = slices.Insert(all, 0, m)
		} else {
			all = append(all, m)
		}
	}
	return all
}

// sentTo tells about a code that was sent; nil if none was.
func sentTo(c factor.SentCode, err error) (*sentCode, error) {
	if errors.Is(err, factor.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &sentCode{Method: c.FactorID, ResendAt: stamp(c.ResendAt()), ExpiresAt: stamp(c.ExpiresAt)}, nil
}

// hint is the masked number or address of a device.
func hint(f factor.Factor) string {
	if f.Kind.Sent() {
		return f.Hint
	}
	return ""
}
