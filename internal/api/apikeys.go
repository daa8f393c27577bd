package api

import (
	"context"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/qr"
	"sallyport/internal/totp"
)

// tokenPath is where a key and a code are exchanged for an access token.
const tokenPath = Prefix + "token"

// APIKey is a key as it is shown. It is exported because huma describes what is embedded only then.
type APIKey struct {
	ID          string     `json:"id" example:"key_4c1h8s0v" doc:"Names the key. No secret."`
	Name        string     `json:"name" example:"Nightly backup"`
	Scopes      []string   `json:"scopes" doc:"What it may be used for: read, factors, admin, operator."`
	Networks    []string   `json:"networks" doc:"From where it may be used, as CIDR prefixes; empty for anywhere."`
	PublicKey   string     `json:"public_key,omitempty" doc:"That its calls are signed with, as PKIX in base64; absent if there is none."`
	Device      *keyDevice `json:"device,omitempty" doc:"The device of the key's own; absent if there is none."`
	CreatedAt   time.Time  `json:"created_at" doc:"When it was made."`
	ExpiresAt   *time.Time `json:"expires_at,omitempty" doc:"When it ends; absent for never."`
	LastUsedAt  *time.Time `json:"last_used_at,omitempty" doc:"To within a minute; absent if never."`
	LastAddress string     `json:"last_address,omitempty" doc:"From where it was last used."`
}

// keyDevice is the device of a key's own.
type keyDevice struct {
	State      string     `json:"state" enum:"pending,confirmed" doc:"A pending one counts for nothing."`
	Locked     bool       `json:"locked" doc:"Too many codes were wrong: give the key a new device."`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"Absent if never."`
}

// keyEnrolment is a new device. This is the only answer that ever holds its secret.
type keyEnrolment struct {
	Secret string `json:"secret" example:"JBSW Y3DP EHPK 3PXP" doc:"Base32, in groups of four."`
	URI    string `json:"uri" doc:"The same as an otpauth link."`
	QRSVG  string `json:"qr_svg" doc:"The link as a QR code: an SVG element."`
}

type keyList struct {
	Items []APIKey `json:"items" doc:"All of them, the newest first."`
}

type apiKeysAnswer struct{ Body keyList }

type apiKeyAnswer struct{ Body APIKey }

// newAPIKey asks for a key.
type newAPIKey struct {
	Name      string     `json:"name" maxLength:"200" example:"Nightly backup" doc:"1 to 40 characters."`
	Scopes    []string   `json:"scopes" doc:"Of read, factors and, for administrators, admin."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Within ten years; absent for never."`
	Networks  []string   `json:"networks,omitempty" doc:"Addresses or CIDR prefixes, at most 20; empty for anywhere."`
	PublicKey string     `json:"public_key,omitempty" maxLength:"4096" doc:"That its calls will be signed with, Ed25519 or P-256, as PEM or as base64 of its PKIX form."`
	Device    bool       `json:"device,omitempty" doc:"Begin the enrolment of a device for it at once."`
	Password  string     `json:"password,omitempty" maxLength:"4096" doc:"Of somebody without a second factor."`
}

// madeAPIKey is a new key. This is the only answer that ever holds its value.
type madeAPIKey struct {
	APIKey
	Key       string        `json:"key" doc:"The value to be sent as a bearer credential. It is shown this once."`
	Enrolment *keyEnrolment `json:"enrolment,omitempty" doc:"Of the device, if one was asked for: confirm it by a code."`
}

type madeAPIKeyAnswer struct{ Body madeAPIKey }

type keyEnrolmentAnswer struct{ Body keyEnrolment }

type keyPath struct {
	ID string `path:"id" maxLength:"100" doc:"The key's id."`
}

// keyProof is what changing a key's second factor takes of somebody who has none of their own; nothing is sent by others.
type keyProof struct {
	Password string `json:"password,omitempty" maxLength:"4096" doc:"Of somebody without a second factor."`
}

type keyProofIn struct {
	ID   string `path:"id" maxLength:"100" doc:"The key’s id."`
	Body *keyProof
}

func (in *keyProofIn) password() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Password
}

type keyPublic struct {
	PublicKey string `json:"public_key" minLength:"1" maxLength:"4096" doc:"Ed25519 or P-256, as PEM or as base64 of its PKIX form."`
	Password  string `json:"password,omitempty" maxLength:"4096" doc:"Of somebody without a second factor."`
}

type keyPublicIn struct {
	ID   string `path:"id" maxLength:"100" doc:"The key’s id."`
	Body keyPublic
}

type keyCode struct {
	Code string `json:"code" maxLength:"64" example:"123456" doc:"That the new device shows."`
}

type keyCodeIn struct {
	ID   string `path:"id" maxLength:"100" doc:"The key’s id."`
	Body keyCode
}

func (s *Server) keyCalls(t *table) {
	const group = "API keys"
	const freshly = "With a second factor, it must have been proved in this session within the last 15 minutes; without one, the password is needed."
	get := func(id, route, summary string) call {
		return call{id: id, route: route, level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: apikey.Read, group: group, summary: summary}
	}
	change := func(id, route, summary, tells string) call {
		return call{id: id, route: route, level: httpx.AAL1, fresh: httpx.Proved, scope: httpx.Self, group: group, summary: summary, tells: tells}
	}
	add(t, get("listApiKeys", "GET /v1/me/api-keys", "List your keys"), s.listKeys)
	make := change("createApiKey", "POST /v1/me/api-keys", "Make a key", freshly)
	make.status = 201
	add(t, make, s.makeKey)
	add(t, get("getApiKey", "GET /v1/me/api-keys/{id}", "One of your keys"), s.getKey)
	end := get("deleteApiKey", "DELETE /v1/me/api-keys/{id}", "End a key")
	end.key, end.tells = "", "It counts nowhere any more within a second, and with it end its access tokens and its device."
	add(t, end, s.endKey)
	begin := change("addApiKeyDevice", "POST /v1/me/api-keys/{id}/device", "Begin the enrolment of a device for a key",
		freshly+" A device that the key has counts until the new one is confirmed.")
	begin.status = 201
	add(t, begin, s.beginKeyDevice)
	add(t, change("confirmApiKeyDevice", "POST /v1/me/api-keys/{id}/device/confirm", "Confirm the new device by a code of it", "The code is used up. Access tokens of the key end."), s.confirmKeyDevice)
	add(t, change("removeApiKeyDevice", "DELETE /v1/me/api-keys/{id}/device", "Take a key's device away", freshly+" Access tokens of the key end."), s.removeKeyDevice)
	s.signatureCalls(t, change, freshly)
}

// signatureCalls are those about the key pair that a key's calls are signed with.
func (s *Server) signatureCalls(t *table, change func(id, route, summary, tells string) call, freshly string) {
	add(t, change("setApiKeyPublicKey", "PUT /v1/me/api-keys/{id}/public-key", "Register the public key that calls are signed with",
		freshly+" It takes the place of the one that the key has. Access tokens of the key end."), s.setPublicKey)
	add(t, change("removeApiKeyPublicKey", "DELETE /v1/me/api-keys/{id}/public-key", "Take the public key away", freshly+" Access tokens of the key end."), s.removePublicKey)
}

func (s *Server) setPublicKey(ctx context.Context, in *keyPublicIn) (*struct{}, error) {
	return nil, s.Machines.SetPublicKey(ctx, signedIn(ctx), in.ID, in.Body.PublicKey, in.Body.Password, by(ctx))
}

func (s *Server) removePublicKey(ctx context.Context, in *keyProofIn) (*struct{}, error) {
	return nil, s.Machines.SetPublicKey(ctx, signedIn(ctx), in.ID, "", in.password(), by(ctx))
}

func showKey(k apikey.Key, devices map[string]factor.Factor) APIKey {
	shown := APIKey{
		ID: k.ID, Name: k.Name, Scopes: []string{}, Networks: []string{}, PublicKey: k.PublicKey,
		CreatedAt: *when(k.CreatedAt), ExpiresAt: when(k.ExpiresAt), LastUsedAt: when(k.LastUsedAt), LastAddress: k.LastAddress,
	}
	for _, one := range k.Scopes {
		shown.Scopes = append(shown.Scopes, string(one))
	}
	for _, p := range k.Networks {
		shown.Networks = append(shown.Networks, p.String())
	}
	if f, has := devices[k.ID]; has {
		shown.Device = &keyDevice{State: string(f.State), Locked: f.Locked(), LastUsedAt: when(f.LastUsedAt)}
	}
	return shown
}

func showEnrolment(e totp.Enrolment) (keyEnrolment, error) {
	svg, err := qr.SVG(e.URI, "otpauth")
	return keyEnrolment{Secret: e.Key, URI: e.URI, QRSVG: svg}, err
}

func (s *Server) listKeys(ctx context.Context, _ *struct{}) (*apiKeysAnswer, error) {
	keys, devices, err := s.Machines.Of(ctx, signedIn(ctx))
	if err != nil {
		return nil, err
	}
	list := keyList{Items: []APIKey{}}
	for _, k := range keys {
		list.Items = append(list.Items, showKey(k, devices))
	}
	return &apiKeysAnswer{list}, nil
}

func (s *Server) getKey(ctx context.Context, in *keyPath) (*apiKeyAnswer, error) {
	keys, devices, err := s.Machines.Of(ctx, signedIn(ctx))
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.ID == in.ID {
			return &apiKeyAnswer{showKey(k, devices)}, nil
		}
	}
	return nil, apikey.ErrNotFound
}

func (s *Server) makeKey(ctx context.Context, in *struct{ Body newAPIKey }) (*madeAPIKeyAnswer, error) {
	n := machine.NewKey{Device: in.Body.Device}
	n.Name, n.PublicKey = in.Body.Name, in.Body.PublicKey
	for _, one := range in.Body.Scopes {
		n.Scopes = append(n.Scopes, apikey.Scope(one))
	}
	// What was meant as a bound must be one: an empty address is none, and the zero time is long past.
	if in.Body.ExpiresAt != nil {
		if n.ExpiresAt = *in.Body.ExpiresAt; n.ExpiresAt.IsZero() {
			return nil, apikey.ErrExpiry
		}
	}
	for _, one := range in.Body.Networks {
		p, err := apikey.ParseNetworks(one)
		if err != nil || len(p) != 1 {
			return nil, apikey.ErrNetworks.Because(err)
		}
		n.Networks = append(n.Networks, p...)
	}
	made, err := s.Machines.Make(ctx, signedIn(ctx), n, in.Body.Password, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	answer := &madeAPIKeyAnswer{madeAPIKey{APIKey: showKey(made.Key, nil), Key: made.Value}}
	if made.Device != nil {
		e, err := showEnrolment(*made.Device)
		if err != nil {
			return nil, err
		}
		answer.Body.Enrolment = &e
		answer.Body.Device = &keyDevice{State: string(factor.Pending)}
	}
	return answer, nil
}

func (s *Server) endKey(ctx context.Context, in *keyPath) (*struct{}, error) {
	return nil, s.Machines.End(ctx, signedIn(ctx), in.ID, by(ctx))
}

func (s *Server) beginKeyDevice(ctx context.Context, in *keyProofIn) (*keyEnrolmentAnswer, error) {
	e, err := s.Machines.BeginDevice(ctx, signedIn(ctx), in.ID, in.password(), by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	shown, err := showEnrolment(e)
	if err != nil {
		return nil, err
	}
	return &keyEnrolmentAnswer{shown}, nil
}

func (s *Server) confirmKeyDevice(ctx context.Context, in *keyCodeIn) (*struct{}, error) {
	return nil, s.Machines.ConfirmDevice(ctx, signedIn(ctx), in.ID, in.Body.Code, by(ctx))
}

func (s *Server) removeKeyDevice(ctx context.Context, in *keyProofIn) (*struct{}, error) {
	return nil, s.Machines.RemoveDevice(ctx, signedIn(ctx), in.ID, in.password(), by(ctx))
}
