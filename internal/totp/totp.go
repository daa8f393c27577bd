// Package totp is the second factor of authenticator apps (RFC 6238).
//
// A code counts within the account's clock tolerance around the device's remembered
// clock difference, and only if its time step is newer than every step that was
// accepted before. A code further off, but within three minutes, is reported as
// near and is accepted only with its successor (K10). The difference is learnt from
// such a pair alone, so the window of an ordinary device never widens by use.
package totp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// reach is how far a device's clock may be off at most to be helped (P9).
const reach = 3 * time.Minute

// Method compares codes of authenticator apps. It implements factor.Method.
type Method struct{}

// Kind is factor.TOTP.
func (Method) Kind() factor.Kind { return factor.TOTP }

// AMR is "otp" (RFC 8176 section 2).
func (Method) AMR() string { return "otp" }

// Clean accepts six or eight digits in whatever way they were typed or pasted.
func (Method) Clean(typed string) (string, error) {
	for _, digits := range []int{6, 8} {
		if code, err := otp.ParseCode(typed, digits); err == nil {
			return code, nil
		}
	}
	return "", factor.ErrMalformed
}

// Match compares the code with every candidate's steps, all of them whatever was found.
func (Method) Match(_ context.Context, code string, candidates []factor.Candidate, now time.Time, tolerance time.Duration) (factor.Finding, error) {
	var found factor.Finding
	for _, c := range candidates {
		key, err := decode(c.Secret)
		if err != nil {
			return factor.Finding{}, fmt.Errorf("factor %s: %w", c.ID, err)
		}
		here := key.Step(now)
		allowed, wide := int64(tolerance/key.Period), int64(reach/key.Period)
		from, to := max(here+c.Drift-allowed, here-wide), min(here+c.Drift+allowed, here+wide)
		if step, ok := key.Find(code, from, to); ok {
			if step > c.LastStep {
				found.Right = &factor.Match{Factor: c.Factor, Step: step, Drift: c.Drift}
			} else {
				found.Used = true
			}
			continue
		}
		if step, ok := key.Find(code, max(here-wide, c.LastStep+1), here+wide); ok {
			found.Near = &factor.Match{Factor: c.Factor, Step: step, Drift: step - here}
		}
	}
	return found, nil
}

// stored is how a key is kept inside the sealed secret.
type stored struct {
	Secret    []byte `json:"secret"`
	Algorithm string `json:"algorithm,omitempty"` // SHA1 if absent
	Digits    int    `json:"digits,omitempty"`    // 6 if absent
	Period    int    `json:"period,omitempty"`    // seconds; 30 if absent
}

func encode(k otp.Key) ([]byte, error) {
	s := stored{Secret: k.Secret, Digits: k.Digits, Period: int(k.Period / time.Second)}
	if k.Algorithm != otp.SHA1 {
		s.Algorithm = k.Algorithm.String()
	}
	return json.Marshal(s)
}

func decode(raw []byte) (otp.Key, error) {
	s := stored{Algorithm: otp.SHA1.String(), Digits: otp.DefaultDigits, Period: int(otp.DefaultPeriod / time.Second)}
	if err := json.Unmarshal(raw, &s); err != nil {
		return otp.Key{}, err
	}
	k := otp.Key{Secret: s.Secret, Digits: s.Digits, Period: time.Duration(s.Period) * time.Second}
	for _, a := range []otp.Algorithm{otp.SHA1, otp.SHA256, otp.SHA512} {
		if a.String() == s.Algorithm {
			k.Algorithm = a
			return k, nil
		}
	}
	return otp.Key{}, fmt.Errorf("unknown algorithm %q", s.Algorithm)
}

// Enrolment is a new authenticator app that waits for its first code. It is the only
// value that ever holds the secret in clear; it is shown once and stored nowhere.
type Enrolment struct {
	Factor  factor.Factor
	Key     string // Base32 in groups of four, for typing
	URI     string // otpauth://, for the QR code and for an app on the same device
	Issuer  string
	Account string // the name the app shows beside the code
}

// Begin draws a new secret and stores it sealed, as a pending factor. The issuer is
// the account's name, or the one it has chosen, so that each account has an entry of its own in the app (P11).
func Begin(ctx context.Context, s *factor.Service, proof reauth.Proof, a account.Account, u user.User, name string) (Enrolment, error) {
	key := otp.Key{Secret: otp.NewSecret(), Digits: otp.DefaultDigits, Period: otp.DefaultPeriod}
	raw, err := encode(key)
	if err != nil {
		return Enrolment{}, err
	}
	f, err := s.Begin(ctx, proof, u, factor.New{Kind: factor.TOTP, Name: name, Secret: raw}, a.Policy.MaxDevicesPerKind)
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Factor: f, Key: otp.FormatSecret(key.Secret), URI: key.URI(a.Issuer(), u.Email), Issuer: a.Issuer(), Account: u.Email}, nil
}

// BeginMachine is Begin for the device of an API key of u's, which needs no phone. It returns the statement that stores it.
func BeginMachine(s *factor.Service, proof reauth.Proof, a account.Account, u user.User, keyID, name string) (Enrolment, db.Stmt, error) {
	key := otp.Key{Secret: otp.NewSecret(), Digits: otp.DefaultDigits, Period: otp.DefaultPeriod}
	raw, err := encode(key)
	if err != nil {
		return Enrolment{}, db.Stmt{}, err
	}
	f, stmt, err := s.BeginMachine(proof, u, keyID, name, raw)
	if err != nil {
		return Enrolment{}, db.Stmt{}, err
	}
	return Enrolment{Factor: f, Key: otp.FormatSecret(key.Secret), URI: key.URI(a.Issuer(), name), Issuer: a.Issuer(), Account: name}, stmt, nil
}

// Import stores a key that exists already, brought from another product by the operator,
// as a confirmed device: the person goes on with the app they have. SHA-256, SHA-512 and eight digits are read too.
func Import(ctx context.Context, s *factor.Service, a account.Account, u user.User, name, uri string, by audit.Actor) (factor.Factor, error) {
	key, _, _, err := otp.ParseURI(uri)
	if err != nil {
		return factor.Factor{}, err
	}
	raw, err := encode(key)
	if err != nil {
		return factor.Factor{}, err
	}
	return s.Import(ctx, u, factor.TOTP, name, raw, a.Policy.MaxDevicesPerKind, by)
}
