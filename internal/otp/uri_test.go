package otp

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sallyport/internal/errs"

	"pgregory.net/rapid"
)

const rfcBase32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func TestURI(t *testing.T) {
	for _, tc := range []struct {
		name            string
		key             Key
		issuer, account string
		want            string
	}{
		{"plain", Key{}, "Acme", "ada@acme.test", "otpauth://totp/Acme:ada@acme.test?secret=" + rfcBase32 + "&issuer=Acme"},
		{"defaults written out", Key{Digits: 6, Period: 30 * time.Second}, "Acme", "ada", "otpauth://totp/Acme:ada?secret=" + rfcBase32 + "&issuer=Acme"},
		{"blanks", Key{}, "Acme Ltd", "Ada L", "otpauth://totp/Acme%20Ltd:Ada%20L?secret=" + rfcBase32 + "&issuer=Acme%20Ltd"},
		{"signs", Key{}, "A&B=C?", "ada+x@acme.test/#", "otpauth://totp/A%26B%3DC%3F:ada%2Bx@acme.test%2F%23?secret=" + rfcBase32 + "&issuer=A%26B%3DC%3F"},
		{"per cent", Key{}, "100%40", "a", "otpauth://totp/100%2540:a?secret=" + rfcBase32 + "&issuer=100%2540"},
		{"colons", Key{}, "Acme: Berlin", "x:y", "otpauth://totp/Acme%20Berlin:x%20y?secret=" + rfcBase32 + "&issuer=Acme%20Berlin"},
		{"line break", Key{}, "Ac\nme\u202e", "a", "otpauth://totp/Ac%20me:a?secret=" + rfcBase32 + "&issuer=Ac%20me"},
		{"Unicode", Key{}, "Größe", "阿", "otpauth://totp/Gr%C3%B6%C3%9Fe:%E9%98%BF?secret=" + rfcBase32 + "&issuer=Gr%C3%B6%C3%9Fe"},
		{"no issuer", Key{}, "", "ada", "otpauth://totp/ada?secret=" + rfcBase32},
		{"all parameters", Key{Algorithm: SHA512, Digits: 8, Period: time.Minute}, "A", "b", "otpauth://totp/A:b?secret=" + rfcBase32 + "&issuer=A&algorithm=SHA512&digits=8&period=60"},
	} {
		tc.key.Secret = rfcSecret(20)
		if got := tc.key.URI(tc.issuer, tc.account); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestParseURI(t *testing.T) {
	for _, tc := range []struct {
		in              string
		issuer, account string
		algorithm       Algorithm
		digits          int
		period          time.Duration
	}{
		{"otpauth://totp/Acme:ada@acme.test?secret=" + rfcBase32 + "&issuer=Acme", "Acme", "ada@acme.test", SHA1, 6, 30 * time.Second},
		{"otpauth://totp/Acme%3A%20ada?issuer=Acme&secret=" + rfcBase32, "Acme", "ada", SHA1, 6, 30 * time.Second},
		{"OTPAUTH://TOTP/ada?secret=" + strings.ToLower(rfcBase32), "", "ada", SHA1, 6, 30 * time.Second},
		{"otpauth://totp/Old:ada?secret=" + rfcBase32 + "&issuer=New", "New", "ada", SHA1, 6, 30 * time.Second},
		{"otpauth://totp/ada?secret=" + rfcBase32 + "&issuer=Acme+Ltd", "Acme Ltd", "ada", SHA1, 6, 30 * time.Second},
		{"otpauth://totp/A:b?secret=" + rfcBase32 + "&algorithm=sha256&digits=8&period=60", "A", "b", SHA256, 8, time.Minute},
		{"otpauth://totp/A:b?secret=" + rfcBase32 + "&algorithm=SHA-512", "A", "b", SHA512, 6, 30 * time.Second},
		{"otpauth://totp/A:b?secret=" + rfcBase32 + "&image=https%3A%2F%2Fx.test%2Fi.png", "A", "b", SHA1, 6, 30 * time.Second},
		{" otpauth://totp/A:b?secret=" + rfcBase32 + "\n", "A", "b", SHA1, 6, 30 * time.Second},
		{"otpauth://totp/?secret=" + rfcBase32, "", "", SHA1, 6, 30 * time.Second},
	} {
		key, issuer, account, err := ParseURI(tc.in)
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
			continue
		}
		if issuer != tc.issuer || account != tc.account || key.Algorithm != tc.algorithm || key.Digits != tc.digits ||
			key.Period != tc.period || !bytes.Equal(key.Secret, rfcSecret(20)) {
			t.Errorf("%s: %+v, %q, %q", tc.in, key, issuer, account)
		}
	}
}

func TestParseURIRefuses(t *testing.T) {
	good := "otpauth://totp/A:b?secret=" + rfcBase32
	if _, _, _, err := ParseURI(good); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"empty":              "",
		"a secret only":      rfcBase32,
		"counter based":      strings.Replace(good, "totp", "hotp", 1) + "&counter=1",
		"other scheme":       strings.Replace(good, "otpauth", "https", 1),
		"migration":          "otpauth-migration://offline?data=AAAA",
		"user in the host":   "otpauth://x@totp/A:b?secret=" + rfcBase32,
		"no secret":          "otpauth://totp/A:b",
		"empty secret":       "otpauth://totp/A:b?secret=",
		"short secret":       "otpauth://totp/A:b?secret=GEZDGNBV",
		"two secrets":        good + "&secret=" + rfcBase32,
		"two issuers":        good + "&issuer=A&issuer=B",
		"MD5":                good + "&algorithm=MD5",
		"7 digits":           good + "&digits=7",
		"signed digits":      good + "&digits=%2B6",
		"no period":          good + "&period=0",
		"negative period":    good + "&period=-30",
		"short period":       good + "&period=14",
		"long period":        good + "&period=301",
		"overflowing period": good + "&period=18446744073709551646",
		"words for a period": good + "&period=30s",
		"broken escape":      good + "&issuer=%zz",
		"semicolon":          good + ";digits=8",
		"endless":            good + "&x=" + strings.Repeat("x", 3000),
	} {
		key, issuer, account, err := ParseURI(in)
		code := errs.From(err)
		if err == nil || code.Kind != errs.Invalid || key.Secret != nil || issuer != "" || account != "" {
			t.Errorf("%s: %+v, %q, %q, %v", name, key, issuer, account, err)
		}
	}
}

// TestURIRoundTrip also reads the link as an app does, with a general URL parser.
func TestURIRoundTrip(t *testing.T) {
	name := rapid.StringN(0, 40, 120)
	rapid.Check(t, func(t *rapid.T) {
		key := drawKey(t)
		issuer, account := name.Draw(t, "issuer"), name.Draw(t, "account")
		text := key.URI(issuer, account)
		if strings.ContainsAny(text, "+ \n") || len(text) > 2000 {
			t.Fatalf("link %q", text)
		}
		u, err := url.Parse(text)
		if err != nil || u.Query().Get("secret") != base32NoPadding.EncodeToString(key.Secret) {
			t.Fatalf("link %q: %v", text, err)
		}
		got, gotIssuer, gotAccount, err := ParseURI(text)
		if err != nil || gotIssuer != labelText(issuer) || gotAccount != labelText(account) ||
			!bytes.Equal(got.Secret, key.Secret) || got.Algorithm != key.Algorithm || got.Digits != key.Digits || got.Period != key.Period {
			t.Fatalf("%q gave %+v, %q, %q, %v", text, got, gotIssuer, gotAccount, err)
		}
	})
}

// TestOurSecretsAreLongEnough is B67: what the link says, not what the code meant.
func TestOurSecretsAreLongEnough(t *testing.T) {
	key, _, _, err := ParseURI(Key{Secret: NewSecret()}.URI("Acme", "ada"))
	if err != nil || len(key.Secret)*8 < 160 {
		t.Fatalf("%d bits, %v", len(key.Secret)*8, err)
	}
}

func FuzzParseURI(f *testing.F) {
	f.Add("otpauth://totp/Acme:ada@acme.test?secret=" + rfcBase32 + "&issuer=Acme&algorithm=SHA256&digits=8&period=60")
	f.Add("otpauth://totp/%3A?secret=" + rfcBase32)
	f.Add("otpauth://hotp/A:b?secret=" + rfcBase32 + "&counter=1")
	f.Fuzz(func(t *testing.T, s string) {
		key, issuer, account, err := ParseURI(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(issuer+account) || strings.ContainsAny(issuer, ":\n\x00") {
			t.Fatalf("%q gave the names %q and %q", s, issuer, account)
		}
		text := key.URI(issuer, account)
		if len(text) > maxURIBytes {
			return // escaping made it longer than we read
		}
		again, issuer2, account2, err := ParseURI(text)
		if err != nil || issuer2 != issuer || account2 != account || !bytes.Equal(again.Secret, key.Secret) ||
			again.Algorithm != key.Algorithm || again.Digits != key.Digits || again.Period != key.Period {
			t.Fatalf("%q: %+v %q %q came back as %+v %q %q, %v", s, key, issuer, account, again, issuer2, account2, err)
		}
	})
}
