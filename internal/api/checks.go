package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sallyport/internal/check"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

// A check is the second factor alone, for a program that keeps its own passwords. It is asked for, and told about, by a program: what the person
// shows goes through the same doors as in a sign-in.

// checksPath is where checks are.
const checksPath = Prefix + "checks"

// checkedPerson is whom a check is about.
type checkedPerson struct {
	ID         string `json:"id" example:"customer-4711" doc:"What the program calls them."`
	UserID     string `json:"user_id" example:"usr_01jd3k8zq0c4m" doc:"What they are called here."`
	Email      string `json:"email" example:"kay@example.com" doc:"Where notices go, and where codes can be sent."`
	Name       string `json:"name,omitempty" example:"Kay McNulty" doc:"What they are called by people."`
	AccountID  string `json:"account_id" example:"acc_01jd3k8zq0c4m" doc:"The account that they belong to."`
	AccountKey string `json:"account" example:"acme" doc:"Its short name."`
}

// Check is where a check stands.
type Check struct {
	ID          string         `json:"id" example:"chk_01jd3k8zq0c4m" doc:"Names the check."`
	State       string         `json:"state" enum:"second_factor,set_up,passed,taken,cancelled,expired" doc:"second_factor: verify a code, or send the browser to url. set_up: the person has no second factor yet; url leads to the page that sets one up. passed: ask for the result. taken: the result was given."`
	User        checkedPerson  `json:"user" doc:"Whom it is about."`
	Methods     []signInMethod `json:"methods" doc:"second_factor: the person’s devices, the one to offer first at the beginning. Otherwise empty."`
	BackupCodes bool           `json:"backup_codes" doc:"second_factor: whether a backup code will do."`
	Sent        *sentCode      `json:"sent,omitempty" doc:"second_factor: a code was sent."`
	URL         string         `json:"url,omitempty" example:"https://sallyport.example.com/check?token=acc_01jd….usr_01jd….Jd93…" doc:"Told when the check is made, and only then: send the person’s browser there. It works once."`
	Opened      bool           `json:"opened" doc:"Whether a browser has opened url."`
	Reference   string         `json:"reference,omitempty" example:"login-83f1" doc:"What the program gave."`
	ExpiresAt   time.Time      `json:"expires_at" doc:"Until when it can be passed; once passed, until when the result can be asked for."`
}

// checkResult is the result of a check that was passed.
type checkResult struct {
	ID        string        `json:"id" example:"chk_01jd3k8zq0c4m" doc:"The check’s id."`
	State     string        `json:"state" enum:"taken" doc:"The result is given this one time."`
	User      checkedPerson `json:"user" doc:"Who has shown their second factor."`
	Method    string        `json:"method" enum:"totp,passkey,sms,email,backup_code" doc:"With what."`
	ACR       string        `json:"acr" enum:"aal2" doc:"The level that is reached together with the password, for which the program stands."`
	AMR       []string      `json:"amr" example:"[\"otp\"]" doc:"By which methods (RFC 8176), the password excepted."`
	PassedAt  time.Time     `json:"passed_at" doc:"When."`
	Reference string        `json:"reference,omitempty" example:"login-83f1" doc:"What the program gave."`
	Assertion string        `json:"assertion" example:"eyJhbGciOiJFZERTQSJ9.eyJ…" doc:"The same as a JWT, signed with a key of /.well-known/jwks.json, for a minute: iss is this server, aud the API key’s id (or “operator”), sub the user_id, nonce the reference, check the check’s id."`
}

type checkUserRequest struct {
	ID       string `json:"id" minLength:"1" maxLength:"400" example:"customer-4711" doc:"What the program calls the person; unique in the account, compared letter by letter."`
	Email    string `json:"email,omitempty" maxLength:"320" example:"kay@example.com" doc:"Needed for somebody who is not known yet; of somebody known it changes nothing."`
	Name     string `json:"name,omitempty" maxLength:"200" example:"Kay McNulty" doc:"Likewise."`
	Language string `json:"language,omitempty" maxLength:"20" example:"en" doc:"Likewise: of pages and mails. Without it the browser’s."`
}

type checkRequest struct {
	Account   string           `json:"account,omitempty" maxLength:"100" example:"acme" doc:"The account’s short name: needed with the operator’s key. A key’s own otherwise."`
	User      checkUserRequest `json:"user" doc:"Who has passed the password with the program."`
	ReturnTo  string           `json:"return_to,omitempty" maxLength:"4000" example:"https://app.example.com/signed-in" doc:"Where the page at url leads afterwards, with check=ID added; on one of the setting door_origins."`
	Reference string           `json:"reference,omitempty" maxLength:"800" example:"login-83f1" doc:"Comes back with the result, so that it is known which question it answers: something of the browser’s own session."`
}

// CheckID names a check in the address; exported as UserID is.
type CheckID struct {
	ID string `path:"id" maxLength:"100" example:"chk_01jd3k8zq0c4m" doc:"The check’s id."`
}

type checkSendRequest struct {
	Method string `json:"method" minLength:"1" maxLength:"100" doc:"The id of a number or mailbox." example:"fac_01jd3k8zq0c4p"`
}

type checkVerifyRequest struct {
	Method string `json:"method,omitempty" maxLength:"100" doc:"The id of a device, or “backup_code”. Without it, the device that a code is on its way to, else any app; and any backup code." example:"fac_01jd3k8zq0c4p"`
	Code   string `json:"code" minLength:"1" maxLength:"100" doc:"An authentication code or a backup code; blanks and hyphens don’t matter. A passkey answers on the page at url only." example:"123 456"`
}

type checkMade struct {
	Location string `header:"Location" doc:"Where the check is found."`
	Body     Check
}

type checkAnswer struct{ Body Check }

type checkResultAnswer struct{ Body checkResult }

func (s *Server) checkCalls(t *table) {
	program := func(c call) call {
		c.level, c.fresh, c.scope, c.key, c.group = httpx.AAL1, httpx.AnyAge, httpx.Program, "checks", "Checks"
		return c
	}
	add(t, program(call{
		id: "createCheck", route: "POST " + checksPath, summary: "Ask for somebody’s second factor", status: http.StatusCreated,
		tells: "For a program that keeps its own passwords: this person has passed the password there. Who is not known yet is made known, without a password here. " +
			"Then either send the browser to `url`, or take the code yourself and verify it. A check ends after ten minutes.",
	}), s.createCheck)
	add(t, program(call{id: "getCheck", route: "GET " + checksPath + "/{id}", summary: "Where a check stands", tells: "For any program but the one that made it, it does not exist. It can be asked for a day."}), s.getCheck)
	add(t, program(call{
		id: "sendCheckCode", route: "POST " + checksPath + "/{id}/send", summary: "Send a code", status: http.StatusAccepted,
		tells: "To a number or mailbox of the person’s. The code that was sent before ends.",
	}), s.sendCheckCode)
	add(t, program(call{
		id: "verifyCheck", route: "POST " + checksPath + "/{id}/verify", summary: "Verify a code",
		tells: "A right code is used up. Wrong ones are counted together with those at the sign-in. Where the account wants a passkey besides, the state is set_up, and the page at `url` goes on.",
	}), s.verifyCheck)
	add(t, program(call{
		id: "getCheckResult", route: "POST " + checksPath + "/{id}/result", summary: "Take the result, once", creates: true,
		tells: "Of a check that was passed, within five minutes. It is given once; with an Idempotency-Key, an answer that was lost can be asked for again.",
	}), s.checkResult)
	add(t, program(call{id: "cancelCheck", route: "POST " + checksPath + "/{id}/cancel", summary: "Cancel a check", tells: "One that is over already is no error."}), s.cancelCheck)
}

// program is who makes the call: the guard lets no other in.
func program(ctx context.Context) (signin.Program, error) {
	if signed := signedIn(ctx); signed != nil {
		return signin.KeyProgram(signed)
	}
	return signin.OperatorProgram(), nil
}

func (s *Server) createCheck(ctx context.Context, in *struct{ Body checkRequest }) (*checkMade, error) {
	p, err := program(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	c, link, err := s.Checks.Begin(ctx, p, signin.AskedFor{
		Account: b.Account, ExternalID: b.User.ID, Email: b.User.Email, Name: b.User.Name, Language: b.User.Language, ReturnTo: b.ReturnTo, Reference: b.Reference,
	}, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	st, err := s.Checks.Find(ctx, p, c.ID)
	if err != nil {
		return nil, err
	}
	v, err := s.check(ctx, st)
	v.URL = link
	return &checkMade{Location: checksPath + "/" + c.ID, Body: v}, err
}

// found is the caller's check.
func (s *Server) found(ctx context.Context, id string) (signin.Program, signin.Standing, error) {
	p, err := program(ctx)
	if err != nil {
		return p, signin.Standing{}, err
	}
	st, err := s.Checks.Find(ctx, p, id)
	return p, st, err
}

func (s *Server) getCheck(ctx context.Context, in *CheckID) (*checkAnswer, error) {
	_, st, err := s.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := s.check(ctx, st)
	return &checkAnswer{v}, err
}

// check tells where a check stands.
func (s *Server) check(ctx context.Context, st signin.Standing) (Check, error) {
	v := Check{
		ID: st.Check.ID, State: string(st.State), User: checked(st), Methods: []signInMethod{}, Opened: st.Check.Opened,
		Reference: st.Check.Reference, ExpiresAt: stamp(st.Check.ExpiresAt),
	}
	if st.Pending == nil || st.Pending.State(s.Now()) != signin.SecondFactor {
		return v, nil
	}
	v.Methods, v.BackupCodes = s.ways(st.Pending), st.Pending.HasBackupCodes()
	var err error
	v.Sent, err = sentTo(st.SignIn.Sent(ctx, st.Pending))
	return v, err
}

func checked(st signin.Standing) checkedPerson {
	return checkedPerson{
		ID: st.User.ExternalID, UserID: st.User.ID, Email: st.User.Email, Name: st.User.Name, AccountID: st.Account.ID, AccountKey: st.Account.Slug,
	}
}

// overAs says of a pending sign-in that takes no code that its check is over; or, where a device is to be set up first, that there is none.
func overAs(st signin.Standing, err error) error {
	switch {
	case !errors.Is(err, signin.ErrExpired):
		return err
	case st.State == check.SetUp:
		return factor.ErrNotFound
	}
	return check.ErrOver
}

func (s *Server) sendCheckCode(ctx context.Context, in *struct {
	CheckID
	Body checkSendRequest
},
) (*sendAnswer, error) {
	_, st, err := s.found(ctx, in.ID)
	if err == nil {
		err = st.SignIn.Send(ctx, "", in.Body.Method, by(ctx))
	}
	if err != nil {
		return nil, overAs(st, err)
	}
	sent, err := st.SignIn.Sent(ctx, st.Pending)
	return &sendAnswer{resend{stamp(sent.ResendAt())}}, err
}

func (s *Server) verifyCheck(ctx context.Context, in *struct {
	CheckID
	Body checkVerifyRequest
},
) (*checkAnswer, error) {
	p, st, err := s.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	a := signin.Attempt{Code: in.Body.Code}
	if in.Body.Method == string(factor.BackupCode) {
		a.Kind = factor.BackupCode
	} else {
		a.FactorID, a.Unsaid = in.Body.Method, in.Body.Method == ""
	}
	step, err := st.SignIn.Verify(ctx, "", a, by(ctx))
	s.Count(signin.Outcome(step, err), string(step.Method))
	if err != nil {
		return nil, overAs(st, err)
	}
	if st, err = s.Checks.Find(ctx, p, in.ID); err != nil {
		return nil, err
	}
	v, err := s.check(ctx, st)
	return &checkAnswer{v}, err
}

func (s *Server) checkResult(ctx context.Context, in *CheckID) (*checkResultAnswer, error) {
	p, err := program(ctx)
	if err != nil {
		return nil, err
	}
	proof, assertion, err := s.Checks.Result(ctx, p, in.ID, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	return &checkResultAnswer{checkResult{
		ID: proof.Check.ID, State: "taken", User: checked(signin.Standing{User: proof.User, Account: proof.Account}), Method: proof.Check.Method,
		ACR: "aal2", AMR: proof.AMR, PassedAt: stamp(proof.Check.PassedAt), Reference: proof.Check.Reference, Assertion: assertion,
	}}, nil
}

func (s *Server) cancelCheck(ctx context.Context, in *CheckID) (*struct{}, error) {
	_, st, err := s.found(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.Checks.Cancel(ctx, st, by(ctx))
}
