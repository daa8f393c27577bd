package otp

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormatSecret(t *testing.T) {
	if got, want := FormatSecret(rfcSecret(20)), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := FormatSecret(nil); got != "" {
		t.Errorf("no secret gives %q", got)
	}
}

func TestParseSecret(t *testing.T) {
	want := rfcSecret(20)
	for _, in := range []string{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		"gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
		"GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
		"gezd-gnbv-gy3t-qojq-gezd-gnbv-gy3t-qojq",
		" GEZDGNBVGY3TQOJQ\u00a0GEZDGNBVGY3TQOJQ\n",
	} {
		if got, err := ParseSecret(in); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v", in, got, err)
		}
	}
	if got, err := ParseSecret("GEZDGNBVGY3TQOJQGE======"); err != nil || len(got) != 11 {
		t.Errorf("padded: %x, %v", got, err)
	}
	for name, in := range map[string]string{
		"empty":             "",
		"72 bits":           FormatSecret(make([]byte, 9)),
		"1032 bits":         FormatSecret(make([]byte, 129)),
		"a letter missing":  "GEZDGNBVGY3TQOJQG",
		"0 for O":           "GEZDGNBVGY3TQ0JQ",
		"1 for I":           "GEZDGNBVGY3TQ1JQ",
		"8":                 "GEZDGNBVGY3TQ8JQ",
		"hexadecimal":       "3132333435363738393031323334353637383930",
		"padding within":    "GEZD====GNBVGY3TQOJQ",
		"a letter with dot": "GEZDGNBVGY3TQOJİ",
		"not UTF-8":         "GEZDGNBVGY3TQOJ\xff",
		"full-width":        "ＧＥＺＤＧＮＢＶＧＹ３ＴＱＯＪＱ",
		"endless":           strings.Repeat("A", 100_000),
	} {
		if got, err := ParseSecret(in); !errors.Is(err, ErrMalformedSecret) || got != nil {
			t.Errorf("%s: %x, %v, want malformed_secret", name, got, err)
		}
	}
	for _, n := range []int{10, 16, 20, 128} {
		if got, err := ParseSecret(FormatSecret(make([]byte, n))); err != nil || len(got) != n {
			t.Errorf("%d bytes: %x, %v", n, got, err)
		}
	}
}

func TestSecretRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), minSecretBytes, maxSecretBytes).Draw(t, "secret")
		text := FormatSecret(secret)
		for _, group := range strings.Split(text, " ") {
			if len(group) > 4 || group == "" {
				t.Fatalf("group %q in %q", group, text)
			}
		}
		if got, err := ParseSecret(text); err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("%x became %q became %x, %v", secret, text, got, err)
		}
	})
}

func FuzzParseSecret(f *testing.F) {
	f.Add("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")
	f.Add("gezdgnbvgy3tqojqge======")
	f.Add("GEZDGNBVGY3TQOJ\xff")
	f.Fuzz(func(t *testing.T, s string) {
		secret, err := ParseSecret(s)
		if err != nil {
			return
		}
		if len(secret) < minSecretBytes || len(secret) > maxSecretBytes {
			t.Fatalf("%q gave %d bytes", s, len(secret))
		}
		if again, err := ParseSecret(FormatSecret(secret)); err != nil || !bytes.Equal(again, secret) {
			t.Fatalf("%q: %x came back as %x, %v", s, secret, again, err)
		}
	})
}
