package passkey

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"

	"sallyport/internal/factor"
)

// Why an answer was refused, as the audit log says it. The person hears one and the same of all.
const (
	Malformed    = "malformed"     // no PublicKeyCredential, or one that contradicts itself
	Type         = "type"          // of another ceremony
	Challenge    = "challenge"     // not the one that was asked
	Origin       = "origin"        // made on another site
	CrossOrigin  = "cross_origin"  // made in a frame of another site
	OtherParty   = "rp_id"         // for another relying party
	Presence     = "user_presence" // nobody touched it
	Verification = "user_verification"
	Backup       = "backup_flags"    // synced, and yet can't be
	Eligible     = "backup_eligible" // can be synced, and could not before
	SignCount    = factor.SignCount  // not above the last: there may be a copy
	Signature    = "signature"       // not by the key
	Unknown      = "unknown"         // none of the person's passkeys
	Handle       = "user_handle"     // names another person
	Session      = "user_session"    // asked of another person
	Algorithm    = "algorithm"       // not asked for
	Key          = "key"             // no key that can be used
	ID           = "credential_id"   // too short, too long, or not the one that was attested
	Attestation  = "attestation"     // of an unknown format, or wrong
	Unattested   = "not_attested"    // it shows no model, or vouches for itself
	Chain        = "chain"           // its model is vouched for by nobody whom the operator names
	OtherModel   = "model"           // not one that the account allows
	Extension    = "extension"       // an output that breaks its own rules
)

var (
	errOrigin = errors.New("the origin is not one of ours to the letter")
	errKey    = errors.New("the RSA key has not 2048 to 4096 bits, or an unusual exponent")
	errID     = errors.New("the credential id has fewer than 16 bytes")
	errCount  = errors.New("the signature counter did not rise")
)

// minID is the least length of a credential id: at least 100 bits of entropy (WebAuthn Level 3, section 4).
const minID = 16

func refused(why string, cause error, f factor.Factor) factor.Finding {
	return factor.Finding{Refusal: &factor.Refusal{Why: why, Cause: detailed{cause}, Factor: f}}
}

// detailed is an error of the library with all that it says; the log reads it.
type detailed struct{ err error }

func (d detailed) Unwrap() error { return d.err }

func (d detailed) Error() string {
	var e *protocol.Error
	if errors.As(d.err, &e) && e.DevInfo != "" {
		return e.Details + ": " + e.DevInfo
	}
	return d.err.Error()
}

// said are the reasons by what the library says. It has no codes; the tests hold every row, so that a new version
// that says something else is noticed.
var said = []struct{ words, why string }{
	{"ceremony type", Type},
	{"validating challenge", Challenge},
	{"cross origin flag", CrossOrigin},
	{"topOrigin", CrossOrigin},
	{"top origin", CrossOrigin},
	{"validating origin", Origin},
	{"RP Hash", OtherParty},
	{"User presence", Presence},
	{"User verification", Verification},
	{"Backup Eligible flag inconsistency", Eligible},
	{"Backup State Flag", Backup},
	{"not owned by the user", Unknown},
	{"does not own all", Unknown},
	{"Unable to find the credential", Unknown},
	{"User handle and User ID", Handle},
	{"blank User Handle", Handle},
	{"ID mismatch", Session},
	{"algorithm not supported", Algorithm},
	{"attested credential id", ID},
	{"assertion signature", Signature},
	{"assertion public key", Key},
	{"extension", Extension},
}

// reason names what the library found.
func reason(err error) string {
	text := detailed{err}.Error()
	for _, s := range said {
		if strings.Contains(text, s.words) {
			return s.why
		}
	}
	var e *protocol.Error
	if errors.As(err, &e) && slices.Contains([]string{protocol.ErrInvalidAttestation.Type, protocol.ErrAttestationCertificate.Type}, e.Type) {
		return Attestation
	}
	return Malformed
}
