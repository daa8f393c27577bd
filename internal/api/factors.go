package api

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/profile"
	"sallyport/internal/qr"
	"sallyport/internal/totp"
)

// ownFactor is a second factor of the caller's.
type ownFactor struct {
	ID          string     `json:"id" example:"fac_01jd3k8zq0c4p" doc:"Names the factor."`
	Kind        string     `json:"kind" enum:"totp,passkey,sms,email" doc:"What it is."`
	Name        string     `json:"name" example:"My Phone" doc:"What its owner calls it."`
	State       string     `json:"state" enum:"pending,confirmed" doc:"Only a confirmed one counts."`
	Hint        string     `json:"hint,omitempty" example:"+43 ••• 67" doc:"Of a number or mailbox: where codes go."`
	Synced      *bool      `json:"synced,omitempty" doc:"Of a passkey: whether it is kept by more than one device."`
	Preferred   bool       `json:"preferred" doc:"Whether sign-in offers it first."`
	Locked      bool       `json:"locked" doc:"So many codes were wrong that it takes none, until another factor or an administrator opens it."`
	AddedAt     time.Time  `json:"added_at" doc:"When it was added."`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty" doc:"When it was confirmed."`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty" doc:"When it last proved its owner."`
	ExpiresAt   *time.Time `json:"expires_at,omitempty" doc:"pending: until when it can be confirmed."`
}

type ownFactors struct {
	Items []ownFactor `json:"items" doc:"The oldest first."`
}

type ownFactorsAnswer struct{ Body ownFactors }

type ownFactorAnswer struct{ Body ownFactor }

// enrolment is a second factor that waits to be confirmed, with what its device needs.
type enrolment struct {
	ID        string          `json:"id" example:"fac_01jd3k8zq0c4p" doc:"Names the factor."`
	Kind      string          `json:"kind" enum:"totp,passkey,sms,email" doc:"What it is."`
	Name      string          `json:"name" example:"My Phone" doc:"What its owner calls it."`
	State     string          `json:"state" enum:"pending" doc:"It counts once it is confirmed."`
	ExpiresAt time.Time       `json:"expires_at" doc:"Until when it can be confirmed."`
	Secret    string          `json:"secret,omitempty" example:"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" doc:"totp: the key in Base32 (RFC 6238), told this one time."`
	URI       string          `json:"uri,omitempty" example:"otpauth://totp/Acme:ada@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme" doc:"totp: the same as a link for apps on this device."`
	QRSVG     string          `json:"qr_svg,omitempty" doc:"totp: the link as a QR code, an SVG image."`
	Hint      string          `json:"hint,omitempty" example:"+43 ••• 67" doc:"sms, email: where the code went."`
	Sent      *sentCode       `json:"sent,omitempty" doc:"sms, email: the code on its way. Absent if none can be sent now: ask for one later."`
	Options   json.RawMessage `json:"options,omitempty" doc:"passkey: for navigator.credentials.create, by PublicKeyCredential.parseCreationOptionsFromJSON."`
}

type enrolmentAnswer struct{ Body enrolment }

// FactorID is in the path of the calls about one factor.
type FactorID struct {
	ID string `path:"id" maxLength:"100" doc:"The factor’s id." example:"fac_01jd3k8zq0c4p"`
}

type addFactorRequest struct {
	Kind     string `json:"kind" enum:"totp,passkey,sms,email" doc:"What to add."`
	Name     string `json:"name,omitempty" maxLength:"100" example:"My Phone" doc:"What to call it. A passkey without a name is named after its model."`
	Password string `json:"password,omitempty" maxLength:"4096" doc:"One’s password, where “enrolment” of /v1/me asks for it."`
	Address  string `json:"address,omitempty" maxLength:"1000" example:"+43 660 1234567" doc:"sms, email: the number or mailbox."`
}

type confirmFactorRequest struct {
	Code       string          `json:"code,omitempty" maxLength:"100" example:"123456" doc:"What the app shows, or what was sent."`
	Credential json.RawMessage `json:"credential,omitempty" doc:"passkey: the PublicKeyCredential in JSON."`
}

// confirmedFactor tells that a factor counts from now on.
type confirmedFactor struct {
	State       string   `json:"state" enum:"confirmed" doc:"It counts."`
	BackupCodes []string `json:"backup_codes,omitempty" example:"[\"7KQM-9XTA-RVNC-H4WD\"]" doc:"With the first factor: ten codes, each good once, told this one time."`
	Session     *renewed `json:"session,omitempty" doc:"The session goes on under a new token, now with the second factor. Absent for a program that calls with an API key."`
}

type confirmedFactorAnswer struct{ Body confirmedFactor }

type removeFactorRequest struct {
	Password   string          `json:"password,omitempty" maxLength:"4096" doc:"One’s password, where “removal” of /v1/me asks for it."`
	Code       string          `json:"code,omitempty" maxLength:"100" example:"123456" doc:"A code, where it asks for one."`
	Credential json.RawMessage `json:"credential,omitempty" doc:"Instead of a code, a passkey’s answer: the PublicKeyCredential in JSON."`
	Ceremony   string          `json:"ceremony,omitempty" maxLength:"1000" doc:"With a credential: what came with the options."`
}

// removedFactor tells what is left.
type removedFactor struct {
	TwoFactor bool     `json:"two_factor" doc:"Whether a second factor is left. Without one, the backup codes have ended too."`
	Session   *renewed `json:"session,omitempty" doc:"The session goes on under a new token. Absent for a program that calls with an API key."`
}

type removedFactorAnswer struct{ Body removedFactor }

type updateFactorRequest struct {
	Name      string `json:"name,omitempty" maxLength:"100" example:"Old phone" doc:"Another name."`
	Preferred bool   `json:"preferred,omitempty" enum:"true" doc:"Let sign-in offer it first, in place of the one before."`
}

func (s *Server) factorCalls(t *table) {
	own := func(id, route string, key apikey.Scope, fresh httpx.Fresh, summary, tells string) call {
		return call{id: id, route: route, level: httpx.AAL1, fresh: fresh, scope: httpx.Self, key: key, group: "Second factors", summary: summary, tells: tells}
	}
	add(t, own("listFactors", "GET /v1/me/factors", "read", httpx.AnyAge, "List one’s second factors", "Those that wait to be confirmed too."), s.listFactors)
	begin := own("addFactor", "POST /v1/me/factors", "factors", httpx.Proved, "Add a second factor", "It counts once it is confirmed. To a number or mailbox, a code is sent.")
	begin.status = 201
	add(t, begin, s.addFactor)
	add(t, own("getFactor", "GET /v1/me/factors/{id}", "read", httpx.AnyAge, "Look at a second factor", ""), s.getFactor)
	add(t, own("updateFactor", "PATCH /v1/me/factors/{id}", "factors", httpx.AnyAge, "Rename a second factor, or prefer it", ""), s.updateFactor)
	add(t, own("confirmFactor", "POST /v1/me/factors/{id}/confirm", "factors", httpx.Proved, "Confirm a second factor",
		"All other sessions of the person end, and this one goes on under a new token."), s.confirmFactor)
	send := own("sendFactorCode", "POST /v1/me/factors/{id}/send", "factors", httpx.AnyAge, "Send a code to a number or mailbox",
		"To one that waits to be confirmed, the code that confirms it; to a confirmed one, a code for a call of this session that asks for one.")
	send.status = 202
	add(t, send, s.sendFactorCode)
	add(t, own("removeFactor", "POST /v1/me/factors/{id}/remove", "factors", httpx.Proved, "Remove a second factor",
		"All other sessions of the person end, and this one goes on under a new token."), s.removeFactor)
}

// proofs are what a body says to show that it is them: a passkey's answer goes before a code.
func proofs(password, code string, credential json.RawMessage, ceremony string) profile.Proofs {
	p := profile.Proofs{Password: password, Code: code}
	if credential != nil {
		p.Code, p.Ceremony = string(credential), ceremony
	}
	return p
}

func begunApp(e totp.Enrolment, err error) (*enrolmentAnswer, error) {
	if err != nil {
		return nil, err
	}
	svg, err := qr.SVG(e.URI, e.Issuer)
	v := begun(e.Factor)
	v.Secret, v.URI, v.QRSVG = strings.ReplaceAll(e.Key, " ", ""), e.URI, svg
	return &enrolmentAnswer{v}, err
}

func begunPasskey(f factor.Factor, options json.RawMessage, err error) (*enrolmentAnswer, error) {
	v := begun(f)
	v.Options = options
	return &enrolmentAnswer{v}, err
}

func (s *Server) begunAddress(ctx context.Context, f factor.Factor, err error) (*enrolmentAnswer, error) {
	if err != nil {
		return nil, err
	}
	v := begun(f)
	v.Hint = f.Hint
	v.Sent, err = sentTo(factor.Sent(ctx, s.DB, f.AccountID, f.UserID, f.ID))
	return &enrolmentAnswer{v}, err
}

func begun(f factor.Factor) enrolment {
	return enrolment{ID: f.ID, Kind: string(f.Kind), Name: f.Name, State: string(factor.Pending), ExpiresAt: stamp(f.ExpiresAt)}
}

// describeFactor says a factor as its list does.
func describeFactor(f factor.Factor, preferred string) ownFactor {
	v := ownFactor{
		ID: f.ID, Kind: string(f.Kind), Name: f.Name, State: string(f.State), Hint: hint(f), Preferred: f.ID == preferred, Locked: f.Locked(),
		AddedAt: stamp(f.AddedAt), ConfirmedAt: when(f.ConfirmedAt), LastUsedAt: when(f.LastUsedAt),
	}
	if f.Kind == factor.Passkey && f.State == factor.Confirmed {
		synced := f.Hint == factor.Synced
		v.Synced = &synced
	}
	if f.State == factor.Pending {
		v.ExpiresAt = when(f.ExpiresAt)
	}
	return v
}

func (s *Server) listFactors(ctx context.Context, _ *struct{}) (*ownFactorsAnswer, error) {
	w := signedIn(ctx)
	list, err := factor.List(ctx, s.DB, w.User.AccountID, w.User.ID, s.Now())
	v := ownFactors{Items: []ownFactor{}}
	for _, f := range list {
		v.Items = append(v.Items, describeFactor(f, w.User.PreferredFactor))
	}
	return &ownFactorsAnswer{v}, err
}

func (s *Server) getFactor(ctx context.Context, in *FactorID) (*ownFactorAnswer, error) {
	return s.ownFactor(ctx, in.ID, signedIn(ctx).User.PreferredFactor)
}

// ownFactor describes one of the caller's factors.
func (s *Server) ownFactor(ctx context.Context, factorID, preferred string) (*ownFactorAnswer, error) {
	w := signedIn(ctx)
	list, err := factor.List(ctx, s.DB, w.User.AccountID, w.User.ID, s.Now())
	for _, f := range list {
		if f.ID == factorID {
			return &ownFactorAnswer{describeFactor(f, preferred)}, nil
		}
	}
	if err == nil {
		err = factor.ErrNotFound
	}
	return nil, err
}

func (s *Server) addFactor(ctx context.Context, in *struct{ Body addFactorRequest }) (*enrolmentAnswer, error) {
	w, b := signedIn(ctx), in.Body
	p := profile.Proofs{Password: b.Password}
	begun := func(factorID string) {
		if factorID != "" { // of a number or mailbox also where no code could be sent to it
			carriedOut(ctx)
		}
	}
	switch kind := factor.Kind(b.Kind); {
	case kind == factor.Passkey:
		f, options, err := s.Profile.AddPasskey(ctx, w, b.Name, p, by(ctx))
		begun(f.ID)
		return begunPasskey(f, options, err)
	case kind.Sent():
		f, err := s.Profile.AddAddress(ctx, w, kind, b.Name, b.Address, p, by(ctx))
		begun(f.ID)
		return s.begunAddress(ctx, f, err)
	default:
		e, err := s.Profile.AddDevice(ctx, w, b.Name, p, by(ctx))
		begun(e.Factor.ID)
		return begunApp(e, err)
	}
}

func (s *Server) confirmFactor(ctx context.Context, in *struct {
	FactorID
	Body confirmFactorRequest
},
) (*confirmedFactorAnswer, error) {
	p := proofs("", in.Body.Code, in.Body.Credential, "")
	token, codes, err := s.Profile.ConfirmDevice(ctx, signedIn(ctx), in.ID, p.Code, by(ctx))
	if err != nil {
		return nil, err
	}
	on, err := s.goesOn(ctx, token)
	return &confirmedFactorAnswer{confirmedFactor{State: string(factor.Confirmed), BackupCodes: codes, Session: on}}, err
}

func (s *Server) sendFactorCode(ctx context.Context, in *FactorID) (*sendAnswer, error) {
	w := signedIn(ctx)
	request := in.ID
	err := s.Profile.SendProof(ctx, w, in.ID, by(ctx))
	if errors.Is(err, factor.ErrNotFound) { // it does not wait to be confirmed
		request = w.ID
		err = s.Profile.SendRepeated(ctx, w, in.ID, by(ctx))
	}
	if err != nil {
		return nil, err
	}
	sent, err := s.Profile.Sent(ctx, w, request)
	return &sendAnswer{resend{stamp(sent.ResendAt())}}, err
}

func (s *Server) removeFactor(ctx context.Context, in *struct {
	FactorID
	Body removeFactorRequest
},
) (*removedFactorAnswer, error) {
	w, b := signedIn(ctx), in.Body
	token, last, err := s.Profile.RemoveDevice(ctx, w, in.ID, proofs(b.Password, b.Code, b.Credential, b.Ceremony), by(ctx))
	if err != nil {
		return nil, err
	}
	v := removedFactor{TwoFactor: w.User.Devices() > 0 && !last}
	v.Session, err = s.goesOn(ctx, token)
	return &removedFactorAnswer{v}, err
}

func (s *Server) updateFactor(ctx context.Context, in *struct {
	FactorID
	Body updateFactorRequest
},
) (*ownFactorAnswer, error) {
	w := signedIn(ctx)
	preferred := w.User.PreferredFactor
	if in.Body.Name != "" {
		if err := s.Profile.RenameDevice(ctx, w, in.ID, in.Body.Name, by(ctx)); err != nil {
			return nil, err
		}
	}
	if in.Body.Preferred {
		if err := s.Profile.Prefer(ctx, w, in.ID, by(ctx)); err != nil {
			return nil, err
		}
		preferred = in.ID
	}
	return s.ownFactor(ctx, in.ID, preferred)
}
