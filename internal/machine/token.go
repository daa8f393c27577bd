package machine

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"slices"
	"strings"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/errs"
)

// ErrGrantScope refuses a token with more than the key has.
var ErrGrantScope = errs.New(errs.Invalid, "token_scope", "An access token has scopes of its key only. Leave “scope” out for all of them.").In("scope")

// Grant is what a program asks an access token with (RFC 6749 §4.4).
type Grant struct {
	Key   string // the key's value
	KeyID string // that it says the key has; empty if it says nothing
	Code  string // of the key's device
	Scope string // separated by blanks; empty for all that the key has
	From  netip.Addr
	By    audit.Actor
}

// Token exchanges a key and a code of its device for an access token. The code is used up.
//
// Errors: those of apikey.Service.Check, apikey.ErrKey for what is no key, ErrNetwork, ErrGrantScope, ErrSecondFactor without a code or a
// device, and those of factor.Service.Consume.
func (s *Service) Token(ctx context.Context, g Grant) (value string, t apikey.Token, err error) {
	if !strings.HasPrefix(g.Key, apikey.KeyPrefix) {
		return "", t, apikey.ErrKey
	}
	cred, err := s.Keys.Check(ctx, g.Key)
	if err != nil {
		return "", t, err
	}
	if g.KeyID != "" && subtle.ConstantTimeCompare([]byte(g.KeyID), []byte(cred.Key.ID)) != 1 {
		return "", t, apikey.ErrKey
	}
	by := actor(cred, g.By)
	if !cred.Key.From(g.From) {
		return "", t, s.refuse(ctx, cred, by, ErrNetwork)
	}
	scopes := cred.Key.Scopes
	if g.Scope != "" {
		scopes = apikey.ParseScopes(g.Scope)
		if len(scopes) == 0 || slices.ContainsFunc(scopes, func(one apikey.Scope) bool { return !slices.Contains(cred.Key.Scopes, one) }) {
			return "", t, ErrGrantScope
		}
		slices.Sort(scopes)
		scopes = slices.Compact(scopes)
	}
	if g.Code == "" {
		return "", t, needed(cred)
	}
	now := s.Now()
	value, t, stmts := apikey.IssueToken(now, cred, scopes)
	stmts = append(stmts, audit.Record(now, audit.Event{
		AccountID: cred.Key.AccountID, Action: audit.KeyTokenIssued, Actor: by, Target: cred.Key.ID,
		Detail: map[string]string{"user": cred.User.ID, "name": cred.Key.Name, "scopes": apikey.JoinScopes(scopes)},
	}))
	if err := s.prove(ctx, cred, g.Code, by, stmts...); err != nil {
		return "", t, err
	}
	return value, t, s.Keys.Touch(ctx, cred.Key, g.From)
}
