// Package backupcode makes and compares the ten single-use codes that open the door
// when a phone is lost (product.md section 3).
//
// A code is sixteen characters out of twenty-four that cannot be mistaken for one
// another. The first two find its row, the other fourteen are the secret: 64 bits.
// They are stored by a password hash with a salt of its own (ASVS 6.5.2), and the
// selector keeps an attempt at one slow hash.
package backupcode

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/password"
)

const (
	// alphabet leaves out what looks like something else: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
	alphabet       = "ACDEFGHJKMNPQRTVWXY34679"
	selectorLength = 2
	secretLength   = 14 // 14 × log2 24 = 64.19 bits
	length         = selectorLength + secretLength
)

// Count is how many codes a set has (X10, X11).
const Count = 10

var errShape = errs.New(errs.Invalid, "malformed_backup_code", "A backup code has sixteen letters and digits, such as ACDE-FGHJ-KMNP-QRTV. Enter one that you have not used.").In("code")

// New draws ten codes and returns them as shown, in groups of four, and as stored.
func New(ctx context.Context, h *password.Hasher) (shown []string, stored []factor.Code, err error) {
	taken := map[string]bool{}
	for len(shown) < Count {
		one, kept, err := More(ctx, h, func(selector string) bool { return taken[selector] })
		if err != nil {
			return nil, nil, err
		}
		taken[kept.Selector] = true
		shown, stored = append(shown, one), append(stored, kept)
	}
	return shown, stored, nil
}

// More draws one code for a set in which these selectors are taken: a set holds far fewer than there are.
func More(ctx context.Context, h *password.Hasher, taken func(selector string) bool) (shown string, stored factor.Code, err error) {
	code := draw()
	for taken(code[:selectorLength]) {
		code = draw()
	}
	hash, err := h.Hash(ctx, code[selectorLength:])
	return strings.Join([]string{code[:4], code[4:8], code[8:12], code[12:]}, "-"), factor.Code{Selector: code[:selectorLength], Hash: hash}, err
}

func draw() string {
	var b strings.Builder
	for range length {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // crypto/rand never fails: the runtime stops the program instead
		}
		b.WriteByte(alphabet[i.Int64()])
	}
	return b.String()
}

// Method compares backup codes. It implements factor.Method.
type Method struct{ Hasher *password.Hasher }

// Kind is factor.BackupCode.
func (Method) Kind() factor.Kind { return factor.BackupCode }

// AMR is "otp": RFC 8176 has no value of its own for look-up secrets.
func (Method) AMR() string { return "otp" }

// Clean ignores case, blanks and hyphens.
func (Method) Clean(typed string) (string, error) {
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == ' ', r == '-', r == '\t', r == '\u00a0', r == '\u2010', r == '\u2011', r == '\u2013':
		case r < 0x80 && strings.IndexByte(alphabet, byte(r)) >= 0:
			b.WriteRune(r)
		default:
			return "", errShape
		}
		if b.Len() > length {
			return "", errShape
		}
	}
	if b.Len() != length {
		return "", errShape
	}
	return b.String(), nil
}

// Match compares the code with the one that its selector finds.
func (m Method) Match(ctx context.Context, code string, candidates []factor.Candidate, _ time.Time, _ time.Duration) (factor.Finding, error) {
	for _, c := range candidates {
		for _, stored := range c.Codes {
			if stored.Selector != code[:selectorLength] {
				continue
			}
			ok, _, err := m.Hasher.Verify(ctx, stored.Hash, code[selectorLength:])
			if err != nil {
				return factor.Finding{}, err
			}
			if ok && stored.Used {
				return factor.Finding{Used: true}, nil
			}
			if ok {
				return factor.Finding{Right: &factor.Match{
					Factor: c.Factor, Selector: stored.Selector, Issued: stored.Issued, Left: unused(c.Codes, stored.Selector),
				}}, nil
			}
		}
	}
	return factor.Finding{}, nil
}

// unused counts the person's own codes that are left when the one with this selector is used.
func unused(codes []factor.Code, selector string) (n int) {
	for _, c := range codes {
		if !c.Used && !c.Issued && c.Selector != selector {
			n++
		}
	}
	return n
}
