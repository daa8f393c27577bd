// Package passkey is the second factor, and the sign-in by itself, with WebAuthn credentials: passkeys and security keys.
//
// What an authenticator answers is checked by the library, step for step as WebAuthn Level 3 says (sections 7.1 and
// 7.2). This package adds what the specification leaves to the relying party: which algorithms, an origin that is equal to the
// letter, a key that can be used, the size of what is read; and it names why an answer was refused. That an answer counts
// once, for what it was asked for and in its time, is package factor's business; it holds the challenge.
//
// Trust: nothing that a browser says about itself. That the user was verified is believed to the authenticator, whose
// signature covers it.
package passkey

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"sallyport/internal/factor"
)

// maxAnswer bounds an answer, in bytes: a credential id may have 1023, an attestation a few certificates.
const maxAnswer = 32 << 10

// Party is the relying party whose passkeys these are (WebAuthn Level 3, section 4).
type Party struct {
	ID      string   // the host of the public address, without port
	Name    string   // what the authenticator shows, where the account has no name of its own
	Origins []string // where its passkeys may be used: the public address, and related origins

	Roots *x509.CertPool // whose authenticators' models are believed; nil for nobody's
}

// Method judges what authenticators answer. It implements factor.Asker. Make it with New.
type Method struct {
	web     *webauthn.WebAuthn
	origins []string
	roots   *x509.CertPool
}

// New makes a Method, or says what is wrong with the party.
func New(p Party) (*Method, error) {
	asked := webauthn.TimeoutConfig{Timeout: factor.AskedFor, TimeoutUVD: factor.AskedFor} // told to browsers; we go by our own clock
	web, err := webauthn.New(&webauthn.Config{
		RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		Timeouts:              webauthn.TimeoutsConfig{Login: asked, Registration: asked},
		// Password managers answer for extensions nobody asked for. None has an effect here.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err == nil {
		err = protocol.ValidateRPID(p.ID) // the library takes none too
	}
	if err != nil {
		return nil, fmt.Errorf("passkeys for %q: %w", p.ID, err)
	}
	return &Method{web, slices.Clone(p.Origins), p.Roots}, nil
}

// Kind is factor.Passkey.
func (*Method) Kind() factor.Kind { return factor.Passkey }

// AMR is what is true of every passkey; what is true of one that was used, the match tells.
func (*Method) AMR() string { return "swk" }

// Clean accepts the JSON of a PublicKeyCredential and looks at its size only.
func (*Method) Clean(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if !strings.HasPrefix(typed, "{") || len(typed) > maxAnswer || !utf8.ValidString(typed) {
		return "", factor.ErrPasskey.Because(errors.New("no PublicKeyCredential"))
	}
	return typed, nil
}

// algorithms are what every authenticator has one of (WebAuthn Level 3, section 5.4).
func algorithms() []protocol.CredentialParameter {
	var all []protocol.CredentialParameter
	for _, a := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: a})
	}
	return all
}

// owner is a person as the library wants one.
type owner struct {
	handle      []byte
	name, shown string
	keys        []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return o.handle }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.shown }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// handle names a person to authenticators. It has 61 of the 64 bytes that it may have, and holds nothing
// personal (WebAuthn Level 3, section 14.6.1).
func handle(accountID, userID string) []byte { return []byte(accountID + "." + userID) }

// ownerOf opens the records of a person's passkeys.
func ownerOf(keys []factor.Candidate) (owner, error) {
	var o owner
	for _, k := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Secret, &c); err != nil {
			return owner{}, fmt.Errorf("factor %s: %w", k.ID, err)
		}
		o.handle, o.keys = handle(k.AccountID, k.UserID), append(o.keys, c)
	}
	return o, nil
}

// Enrol asks for a new passkey, on none of the authenticators that have one of the person's.
func (m *Method) Enrol(e factor.Enrolling) (options json.RawMessage, asked []byte, err error) {
	o, err := ownerOf(e.Has)
	if err != nil {
		return nil, nil, err
	}
	o.handle, o.name, o.shown = handle(e.User.AccountID, e.User.ID), e.User.Email, e.User.Name
	creation, session, err := m.web.BeginRegistration(o,
		webauthn.WithCredentialParameters(algorithms()),
		webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementPreferred),
		func(c *protocol.PublicKeyCredentialCreationOptions) error {
			c.AuthenticatorSelection.UserVerification = protocol.VerificationPreferred
			c.RelyingParty.Name = e.Issuer
			if e.Attest {
				c.Attestation = protocol.PreferDirectAttestation
			}
			return nil
		})
	if err != nil {
		return nil, nil, err
	}
	return both(creation.Response, session)
}

// Ask asks for one of the person's passkeys; with none, for whoever's it is, who must then be verified by the authenticator.
func (m *Method) Ask(keys []factor.Candidate) (options json.RawMessage, asked []byte, err error) {
	if len(keys) == 0 {
		assertion, session, err := m.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return nil, nil, err
		}
		return both(assertion.Response, session)
	}
	o, err := ownerOf(keys)
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := m.web.BeginLogin(o, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return nil, nil, err
	}
	// It is judged against the passkeys that the person has when it comes, so what was asked need not name them: ids may be long and many.
	session.AllowedCredentialIDs = nil
	return both(assertion.Response, session)
}

func both(options any, session *webauthn.SessionData) (json.RawMessage, []byte, error) {
	public, err := json.Marshal(options)
	if err != nil {
		return nil, nil, err
	}
	asked, err := json.Marshal(session)
	return public, asked, err
}

// Owner tells whom an answer names, which proves nothing yet; false if it names nobody.
func (*Method) Owner(answer string) (accountID, userID string, ok bool) {
	p, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil || !utf8.Valid(p.Response.UserHandle) || strings.ContainsRune(string(p.Response.UserHandle), 0) {
		return "", "", false
	}
	return strings.Cut(string(p.Response.UserHandle), ".")
}

// Match judges an answer: that of a new passkey if the one candidate is pending, else that of any of the candidates.
func (m *Method) Match(_ context.Context, answer string, candidates []factor.Candidate, now time.Time, _ time.Duration) (factor.Finding, error) {
	var asked webauthn.SessionData
	if err := json.Unmarshal(candidates[0].Asked, &asked); err != nil {
		return factor.Finding{}, err
	}
	if candidates[0].State == factor.Pending {
		return m.created(answer, asked, candidates[0], now), nil
	}
	o, err := ownerOf(candidates)
	if err != nil {
		return factor.Finding{}, err
	}
	return m.asserted(answer, asked, o, candidates), nil
}

// created judges the answer of a new passkey (WebAuthn Level 3, section 7.1).
func (m *Method) created(answer string, asked webauthn.SessionData, c factor.Candidate, now time.Time) factor.Finding {
	p, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return refused(Malformed, err, c.Factor)
	}
	key, err := m.web.CreateCredential(owner{handle: handle(c.AccountID, c.UserID)}, asked, p)
	if err != nil {
		return refused(reason(err), err, c.Factor)
	}
	if !slices.Contains(m.origins, p.Response.CollectedClientData.Origin) {
		return refused(Origin, errOrigin, c.Factor)
	}
	// With no attestation, which is what is asked for, nothing was signed yet: a key that can never verify must not be stored.
	if err := usable(key.PublicKey); err != nil {
		return refused(Key, err, c.Factor)
	}
	if len(key.ID) < minID {
		return refused(ID, errID, c.Factor)
	}
	if len(c.Models) > 0 {
		if why, err := m.genuine(p.Response.AttestationObject, c.Models, now); err != nil {
			found := refused(why, err, c.Factor)
			found.Refusal.Said = factor.ErrModel
			return found
		}
	}
	return m.right(*key, p.Response.AttestationObject.AuthData.Flags, c.Factor, asked)
}

// usable refuses a public key that can't verify anything, and of RSA one that is too weak, or made to be slow: the library
// reads any.
func usable(public []byte) error {
	key, err := webauthncose.ParsePublicKey(public)
	if k, ok := key.(webauthncose.RSAPublicKeyData); ok && err == nil {
		e, err := webauthncose.ParseRSAPublicKeyDataExponent(&k)
		if n := new(big.Int).SetBytes(k.Modulus).BitLen(); err != nil || n < 2048 || n > 4096 || e < 3 || e > 1<<32 {
			return errKey
		}
	}
	return err
}

// asserted judges the answer of a passkey that is known (WebAuthn Level 3, section 7.2).
func (m *Method) asserted(answer string, asked webauthn.SessionData, o owner, candidates []factor.Candidate) factor.Finding {
	p, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return refused(Malformed, err, factor.Factor{})
	}
	var f factor.Factor
	for i, k := range o.keys {
		if slices.Equal(k.ID, p.RawID) { // public: an id is no secret
			f = candidates[i].Factor
		}
	}
	var key *webauthn.Credential
	if len(asked.UserID) == 0 {
		_, key, err = m.web.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return o, nil }, asked, p)
	} else {
		key, err = m.web.ValidateLogin(o, asked, p)
	}
	switch {
	case err != nil:
		return refused(reason(err), err, f)
	case !slices.Contains(m.origins, p.Response.CollectedClientData.Origin):
		return refused(Origin, errOrigin, f)
	case key.Authenticator.CloneWarning:
		return refused(SignCount, errCount, f)
	}
	return m.right(*key, p.Response.AuthenticatorData.Flags, f, asked)
}

// right is the finding that a passkey answered as it must.
func (m *Method) right(key webauthn.Credential, flags protocol.AuthenticatorFlags, f factor.Factor, asked webauthn.SessionData) factor.Finding {
	key.Attestation = webauthn.CredentialAttestation{} // judged, and of no use any more
	record, err := json.Marshal(key)
	if err != nil {
		return refused(Malformed, err, f)
	}
	f.Hint = factor.DeviceBound
	amr := []string{"hwk"} // RFC 8176, section 2
	if key.Flags.BackupEligible {
		f.Hint, amr = factor.Synced, []string{"swk"}
	}
	if flags.HasUserVerified() {
		amr = append(amr, "user")
	}
	return factor.Finding{Right: &factor.Match{Factor: f, Step: int64(key.Authenticator.SignCount), Answer: &factor.Answer{
		Record: record, ID: key.ID, Challenge: asked.Challenge, AMR: amr, Model: Model(key.Authenticator.AAGUID),
	}}}
}
