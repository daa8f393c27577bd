package otp

import (
	"encoding/base32"
	"strings"
	"unicode/utf8"

	"sallyport/internal/errs"
)

// ErrMalformedSecret means that a text is not a usable Base32 key.
var ErrMalformedSecret = errs.New(errs.Invalid, "malformed_secret",
	"This is not a valid key. A key has letters from A to Z and digits from 2 to 7, at least 16 of them.")

// The size of secrets that may be brought along from elsewhere, in bytes. RFC 4226
// section 4 R6 demands 128 bits, yet large services have handed out 80 for years;
// refusing them would only send people back to no second factor. Our own secrets
// always have SecretBytes.
const (
	minSecretBytes = 10
	maxSecretBytes = 128
)

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// FormatSecret writes a secret as people type it into an app by hand: Base32
// (RFC 4648 section 6) without padding, in groups of four divided by blanks.
func FormatSecret(secret []byte) string {
	text := base32NoPadding.EncodeToString(secret)
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ParseSecret reads a Base32 secret in any usual dress: lower case, grouped, padded.
// It must hold 80 to 1024 bits, otherwise the error is ErrMalformedSecret. Bits left
// over after the last whole byte are dropped, as the apps do.
func ParseSecret(s string) ([]byte, error) {
	if len(s) > 4*maxSecretBytes || !utf8.ValidString(s) {
		return nil, ErrMalformedSecret
	}
	text := strings.Map(func(r rune) rune {
		switch {
		case ignorable(r):
			return -1
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		default:
			return r
		}
	}, s)
	text = strings.TrimRight(text, "=")
	switch len(text) % 8 {
	case 1, 3, 6: // no number of whole bytes ends like this: a letter is missing
		return nil, ErrMalformedSecret
	}
	secret, err := base32NoPadding.DecodeString(text)
	if err != nil {
		return nil, ErrMalformedSecret
	}
	if len(secret) < minSecretBytes || len(secret) > maxSecretBytes {
		return nil, ErrMalformedSecret
	}
	return secret, nil
}
