// Package apikey keeps the keys with which programs call the API for a person, and what they are exchanged for.
//
// A key is shown once; its row holds the hash of its secret. It acts in the name of the person who made it, within its scopes,
// and only as long as that person could: whoever is locked, suspended with the account or removed has no key that counts, on
// any server, within a second. An access token is what a key and a code of the key's own device were exchanged for; it dies
// with its key, with its person's epoch, and after fifteen minutes. Whether a key alone is enough is decided by package machine.
package apikey

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// Scope is what a key may be used for.
type Scope string

// The scopes.
const (
	Read     Scope = "read"     // to read the person's own things
	Factors  Scope = "factors"  // to change the person's devices, backup codes, browsers and sessions
	Admin    Scope = "admin"    // to do what an administrator does
	Checks   Scope = "checks"   // to ask whether people of the account show their second factor
	Operator Scope = "operator" // to do what the operator does; given by the command line only
)

// Scopes lists those that somebody may give to a key of their own. Only administrators have a use for the last two.
func Scopes(administrator bool) []Scope {
	if administrator {
		return []Scope{Read, Factors, Admin, Checks}
	}
	return []Scope{Read, Factors}
}

// What a credential begins with, so that each kind is told from the others before anything is looked up, and found in texts where
// it does not belong.
const (
	KeyPrefix   = "sak_"
	TokenPrefix = "sat_"
)

// The prefixes of ids.
const (
	keyID   = "key"
	tokenID = "tok"
)

// TokenFor is how long an access token works.
const TokenFor = 15 * time.Minute

// Limits of what one person has.
const (
	Most         = 20 // keys
	mostNetworks = 20 // of one key
)

// Errors about keys.
var (
	ErrKey       = errs.New(errs.Unauthenticated, "invalid_key", "This API key doesn’t count: it is mistyped, was removed, or its person can’t sign in any more.")
	ErrExpired   = errs.New(errs.Unauthenticated, "key_expired", "The end date of this API key has passed. Make a new key.")
	ErrToken     = errs.New(errs.Unauthenticated, "invalid_token", "This access token doesn’t count: it is older than fifteen minutes, or its key or sign-ins were ended. Get a new one.")
	ErrNotFound  = errs.New(errs.NotFound, "api_key_not_found", "There is no such API key. It may have been removed already.")
	ErrName      = errs.New(errs.Invalid, "api_key_name", "Give the key a name of 1 to 40 characters, such as the program that uses it.").In("name")
	ErrNameTaken = errs.New(errs.Conflict, "api_key_name_taken", "You have a key of this name already. Choose another name.").In("name")
	ErrScopes    = errs.New(errs.Invalid, "api_key_scopes", "Choose at least one thing that the key may be used for, of those you may do yourself.").In("scopes")
	ErrExpiry    = errs.New(errs.Invalid, "api_key_expiry", "The end date must be in the future, and no more than ten years away.").In("expires_at")
	ErrNetworks  = errs.New(errs.Invalid, "api_key_networks", "Write addresses like 192.0.2.7 or 2001:db8::/32, separated by blanks, at most 20.").In("networks")
	ErrLimit     = errs.New(errs.Conflict, "api_key_limit", "You have 20 API keys, which is the most. Remove one that is not used any more.")
)

// Key is one API key, without its secret.
type Key struct {
	AccountID, UserID string
	ID                string // names it in lists and in the record; the hash of its secret, so no secret itself
	Name              string
	Scopes            []Scope
	Networks          []netip.Prefix // from where it may be used; empty for anywhere
	PublicKey         string         // that its calls are signed with: PKIX in base64; empty for none
	Device            bool           // it has a confirmed device of its own
	CreatedAt         time.Time
	ExpiresAt         time.Time // zero for never
	LastUsedAt        time.Time // to within a minute; zero for never
	LastAddress       string
}

// HasSecondFactor reports whether the key has a second factor of its own.
func (k Key) HasSecondFactor() bool { return k.Device || k.PublicKey != "" }

// Expired reports whether the key's end date has passed at now.
func (k Key) Expired(now time.Time) bool { return !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) }

// From reports whether the key may be used from an address.
func (k Key) From(addr netip.Addr) bool {
	addr = addr.Unmap()
	return len(k.Networks) == 0 || slices.ContainsFunc(k.Networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Credential is what a call came with, found to count, with the person and account as they are now.
type Credential struct {
	Key     Key
	User    user.User
	Account account.Account
	Token   *Token // what the key was exchanged for; nil if the key itself came
}

// Token is an access token, without its secret.
type Token struct {
	ID        string
	Scopes    []Scope
	Epoch     int64
	IssuedAt  time.Time // when the second factor was proved
	ExpiresAt time.Time
}

// Scopes is what the credential may be used for.
func (c *Credential) Scopes() []Scope {
	if c.Token != nil {
		return c.Token.Scopes
	}
	return c.Key.Scopes
}

// dead says why a credential does not count at now, or nil.
func (c *Credential) dead(now time.Time) error {
	not := ErrKey
	if c.Token != nil {
		not = ErrToken
	}
	t := c.Token
	switch {
	case !c.User.LockedAt.IsZero() || !c.User.InvitedAt.IsZero() || !c.Account.SuspendedAt.IsZero():
		return not
	case t != nil && (t.Epoch != c.User.Epoch || !now.Before(t.ExpiresAt) || db.FromTheFuture(t.IssuedAt, now)):
		return not
	case c.Key.Expired(now):
		return ErrExpired
	}
	return nil
}

// IsKey reports whether a bearer credential is meant to be an API key or an access token, and not a session's.
func IsKey(value string) bool {
	return strings.HasPrefix(value, KeyPrefix) || strings.HasPrefix(value, TokenPrefix)
}

// parse reads what a credential says. It proves nothing until the row is found.
func parse(value string) (b token.Bearer, isToken, ok bool) {
	if rest, is := strings.CutPrefix(value, TokenPrefix); is {
		b, ok = token.Parse(rest, tokenID)
		return b, true, ok
	}
	rest, is := strings.CutPrefix(value, KeyPrefix)
	if !is {
		return b, false, false
	}
	b, ok = token.Parse(rest, keyID)
	return b, false, ok
}

// New is what a key is made from.
type New struct {
	Name      string
	Scopes    []Scope
	ExpiresAt time.Time
	Networks  []netip.Prefix
	PublicKey string // in its canonical form
}

// check brings what was entered into the form that is stored, or says what is wrong with it.
func (n *New) check(may []Scope, now time.Time) error {
	n.Name = strings.Join(strings.Fields(n.Name), " ")
	if n.Name == "" || !texts.Printable(n.Name, 40) {
		return ErrName
	}
	var scopes []Scope
	for _, s := range may { // in the one order, each once
		if slices.Contains(n.Scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 || slices.ContainsFunc(n.Scopes, func(s Scope) bool { return !slices.Contains(may, s) }) {
		return ErrScopes
	}
	n.Scopes = scopes
	if !n.ExpiresAt.IsZero() && (!n.ExpiresAt.After(now) || n.ExpiresAt.After(now.AddDate(10, 0, 0))) {
		return ErrExpiry
	}
	if len(n.Networks) > mostNetworks {
		return ErrNetworks
	}
	return nil
}

// ParseNetworks reads addresses and prefixes that are separated by blanks, lines or commas. An IPv4 address in its IPv6 form is
// taken as what it is.
func ParseNetworks(typed string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, one := range strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		p, err := parsePrefix(one)
		if err != nil {
			return nil, ErrNetworks.Because(err)
		}
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if len(all) > mostNetworks {
		return nil, ErrNetworks
	}
	return all, nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, ErrNetworks
		}
		p = netip.PrefixFrom(addr, addr.BitLen())
	}
	if addr := p.Addr(); addr.Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, ErrNetworks
		}
		p = netip.PrefixFrom(addr.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// JoinNetworks writes prefixes as ParseNetworks reads them.
func JoinNetworks(all []netip.Prefix) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
		if p.IsSingleIP() {
			texts[i] = p.Addr().String()
		}
	}
	return strings.Join(texts, " ")
}

// ParseScopes reads scopes that are separated by blanks; what is none is read too, and held by no key.
func ParseScopes(s string) []Scope {
	var all []Scope
	for _, f := range strings.Fields(s) {
		all = append(all, Scope(f))
	}
	return all
}

// JoinScopes writes scopes as ParseScopes reads them.
func JoinScopes(all []Scope) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, " ")
}
