package passkey_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// public puts another public key in place of the right one.
func public(cose []byte) func(*keytest.Draft) { return func(d *keytest.Draft) { d.Public = cose } }

// stated puts a statement of a format under the attestation.
func stated(format string, statement keytest.Map) func(*keytest.Draft) {
	return func(d *keytest.Draft) {
		d.Format, d.Statement = format, func([]byte) keytest.Map { return statement }
	}
}

// self is an attestation by the key itself, as alg says, signed by sign (WebAuthn Level 3, section 8.2).
func self(alg int64, sign func(data []byte) []byte) func(*keytest.Draft) {
	return func(d *keytest.Draft) {
		d.Format, d.Statement = "packed", func(data []byte) keytest.Map {
			return keytest.Map{{Key: "alg", Value: alg}, {Key: "sig", Value: sign(data)}}
		}
	}
}

// misstatements are registrations of an ES256 key, each wrong in one place.
func misstatements(tb testing.TB, k *keytest.Key) []lie {
	stranger := &keytest.Key{}
	keytest.Make(tb, []byte(`{"challenge":"AA","rp":{"id":"x"},"user":{"id":"AA"}}`), "", stranger, nil)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		tb.Fatal(err)
	}
	slow := rsa.PublicKey{N: new(big.Int).Lsh(weak.N, 5000), E: weak.E}
	off := keytest.Encode(keytest.Map{{Key: 1, Value: 2}, {Key: 3, Value: -7}, {Key: -1, Value: 1}, {Key: -2, Value: bytes.Repeat([]byte{1}, 32)}, {Key: -3, Value: bytes.Repeat([]byte{2}, 32)}})
	id := bytes.Repeat([]byte{9}, 32)
	named := func(n int) func(*keytest.Draft) {
		return func(d *keytest.Draft) {
			d.AttestID = bytes.Repeat([]byte{5}, n)
			d.ID, d.RawID = d.AttestID, d.AttestID
		}
	}
	return []lie{
		{"of an assertion", client("type", "webauthn.get"), passkey.Type},
		{"another challenge", client("challenge", base64.RawURLEncoding.EncodeToString(id)), passkey.Challenge},
		{"no challenge", client("challenge", ""), passkey.Challenge},
		{"another site", client("origin", "https://evil.test"), passkey.Origin},
		{"a site below ours", client("origin", "https://a.login.acme.test"), passkey.Origin},
		{"our site with a path", client("origin", "https://login.acme.test/a"), passkey.Origin},
		{"our site unencrypted", client("origin", "http://login.acme.test"), passkey.Origin},
		{"in a frame", client("crossOrigin", true), passkey.CrossOrigin},
		{"in no frame, and yet below a site", client("topOrigin", "https://evil.test"), passkey.CrossOrigin},
		{"another party", func(d *keytest.Draft) { d.Party = "evil.test" }, passkey.OtherParty},
		{"not touched", flags(keytest.UP), passkey.Presence},
		{"backed up, and can't be", flags(keytest.BS), passkey.Backup},
		{"an algorithm nobody asked for", public(keytest.Cose(keytest.ES384, &p384.PublicKey)), passkey.Algorithm},
		{"an algorithm of no kind", public(keytest.Cose(0, &p384.PublicKey)), passkey.Algorithm},
		{"a key of another curve", public(keytest.Cose(keytest.ES256, &p384.PublicKey)), passkey.Key},
		{"a key of another kind", public(keytest.Cose(keytest.EdDSA, &p384.PublicKey)), passkey.Key},
		{"a point off the curve", public(off), passkey.Key},
		{"a weak RSA key", public(keytest.Cose(keytest.RS256, &weak.PublicKey)), passkey.Key},
		{"a slow RSA key", public(keytest.Cose(keytest.RS256, &slow)), passkey.Key},
		{"an RSA key of exponent one", public(keytest.Cose(keytest.RS256, &rsa.PublicKey{N: new2048(tb), E: 1})), passkey.Key},
		{"a key that is a text", public(keytest.Encode("key")), passkey.Malformed},
		{"no key", public(nil), passkey.Malformed},
		{"the id is not rawId", func(d *keytest.Draft) { d.RawID = id }, passkey.Malformed},
		{"another id than was attested", func(d *keytest.Draft) { d.ID, d.RawID = id, id }, passkey.ID},
		{"an id of 1,024 bytes", named(1024), passkey.Malformed},
		{"an id of 15 bytes", named(15), passkey.ID},
		{"no id", named(0), passkey.Malformed},
		{"an id longer than the data", func(d *keytest.Draft) { d.IDLength = 1000 }, passkey.Malformed},
		{"of a password", func(d *keytest.Draft) { d.Type = "password" }, passkey.Malformed},
		{"no attested data", flags(keytest.AT), passkey.Malformed},
		{"more after the data", func(d *keytest.Draft) { d.Tail = []byte{0} }, passkey.Malformed},
		{"extensions that are missing", flags(keytest.ED), passkey.Malformed},
		{"the object cut", func(d *keytest.Draft) { d.Cut = 1 }, passkey.Malformed},
		{"the object cut in half", func(d *keytest.Draft) { d.Cut = 100 }, passkey.Malformed},
		{"more after the object", func(d *keytest.Draft) { d.More = []byte{0} }, passkey.Malformed},
		{"a format nobody knows", stated("sallyport", keytest.Map{}), passkey.Attestation},
		{"no format", stated("", keytest.Map{}), passkey.Attestation},
		{"none, and yet a statement", stated("none", keytest.Map{{Key: "alg", Value: -7}}), passkey.Attestation},
		{"packed without a statement", stated("packed", keytest.Map{}), passkey.Attestation},
		{"packed by another key", self(keytest.ES256, func(data []byte) []byte { return stranger.Sign(tb, data) }), passkey.Attestation},
		{"packed for another algorithm", self(keytest.RS256, func(data []byte) []byte { return k.Sign(tb, data) }), passkey.Attestation},
		{"packed with a certificate that is none", stated("packed", keytest.Map{
			{Key: "alg", Value: -7}, {Key: "sig", Value: []byte{1}}, {Key: "x5c", Value: []any{[]byte{1, 2, 3}}},
		}), passkey.Attestation},
		{"fido-u2f without a statement", stated("fido-u2f", keytest.Map{}), passkey.Attestation},
		{"tpm without a statement", stated("tpm", keytest.Map{}), passkey.Attestation},
		{"android-key without a statement", stated("android-key", keytest.Map{}), passkey.Attestation},
		{"apple without a statement", stated("apple", keytest.Map{}), passkey.Attestation},
		{"a number for an id", answer("id", 7), passkey.Malformed},
		{"a map for an answer", answer("response", map[string]any{}), passkey.Malformed},
		{"a number for the object", answer("attestationObject", 7), passkey.Malformed},
		{"no client data", answer("clientDataJSON", ""), passkey.Malformed},
		{"a map for a transport", answer("transports", []any{map[string]any{}}), passkey.Malformed},
	}
}

func new2048(tb testing.TB) *big.Int {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	return k.N
}

// TestWrongAttestations: each is refused for its own reason, no passkey comes of any, and after them all the right one does.
func TestWrongAttestations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		taken := &keytest.Key{}
		enrolled(t, w, w.Alan, taken)
		b := w.Browse(t, w.Grace)
		f, options, err := w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		if err != nil {
			t.Fatal(err)
		}
		confirm := func(answer string) error {
			_, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, answer, b.As())
			return err
		}
		key := &keytest.Key{}
		for _, c := range append(misstatements(t, key), lie{"the id of another's passkey", func(d *keytest.Draft) {
			d.AttestID = taken.ID
			d.ID, d.RawID = taken.ID, taken.ID
		}, "credential_taken"}) {
			t.Run(c.name, func(t *testing.T) {
				refusedAs(t, w, confirm(keytest.Make(t, options, domaintest.Site, key, c.lie)), c.want, true)
			})
		}
		for name, bad := range map[string]string{
			"huge": `{"id":"` + strings.Repeat("A", 40<<10) + `"}`, "no JSON": "{", "a list": "[]", "empty": "", "a code": "123456", "nested": strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
			"an assertion": taken.Answer(t, []byte(`{"challenge":"AA","rpId":"x"}`), domaintest.Site, nil),
		} {
			if err := confirm(bad); err == nil {
				t.Errorf("%s: was taken", name)
			}
		}
		if all, err := factor.List(t.Context(), w.DB, w.Acme.ID, w.Grace.ID, w.Clock.Now()); err != nil || len(all) != 1 || all[0] != f {
			t.Errorf("after the wrong ones there are %+v (%v), want the pending %+v", all, err, f)
		}
		right := keytest.Make(t, options, domaintest.Site, key, nil)
		wantError(t, "the right one, after the wrong ones", confirm(right), nil)
		wantError(t, "the same again", confirm(right), factor.ErrNotFound)
		b = w.Browse(t, w.Grace)
		if f, _, err = w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Millisecond)
		refusedAs(t, w, confirm(right), passkey.Challenge, true) // in the next enrolment (B13)
	})
}

// TestWhoMayRegister: nobody without a proof, nobody for another, nobody late, and not more than the account allows (B77).
func TestWhoMayRegister(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ctx := t.Context()
		_, _, err := w.Factors.BeginPasskey(ctx, reauth.Proof{}, w.Grace, w.Acme, "ses_1", "")
		wantError(t, "without a proof", err, reauth.ErrProofNeeded)
		proof, _ := reauth.Recent(w.Alan, w.Clock.Now(), w.Clock.Now())
		_, _, err = w.Factors.BeginPasskey(ctx, proof, w.Grace, w.Acme, "ses_1", "")
		wantError(t, "with another's proof", err, reauth.ErrProofNeeded)
		b := w.Browse(t, w.Grace)
		f, options, err := w.Profile.AddPasskey(ctx, b.Signed, "", domaintest.Proofs, b.As())
		if err != nil {
			t.Fatal(err)
		}
		again, err := w.Factors.PasskeyOptions(ctx, w.Grace, b.Signed.ID, f.ID)
		if err != nil || !bytes.Equal(again, options) {
			t.Errorf("shown again, the browser is asked %s (%v), before %s", again, err, options)
		}
		_, err = w.Factors.PasskeyOptions(ctx, w.Alan, b.Signed.ID, f.ID)
		wantError(t, "another's options", err, factor.ErrNotFound)
		key := &keytest.Key{}
		right := keytest.Make(t, options, domaintest.Site, key, nil)
		// A session that was stolen meanwhile has not shown the password, so it neither learns what is asked nor answers it.
		stolen := w.Browse(t, w.Grace)
		_, err = w.Factors.PasskeyOptions(ctx, w.Grace, stolen.Signed.ID, f.ID)
		wantError(t, "asked in another session", err, factor.ErrNotFound)
		_, _, err = w.Profile.ConfirmDevice(ctx, stolen.Signed, f.ID, right, stolen.As())
		wantError(t, "confirmed in another session", err, factor.ErrNotFound)
		alan := w.Browse(t, w.Alan)
		_, _, err = w.Profile.ConfirmDevice(ctx, alan.Signed, f.ID, right, alan.As())
		wantError(t, "confirmed by another", err, factor.ErrNotFound)
		mine, _, err := w.Profile.AddPasskey(ctx, alan.Signed, "", domaintest.Proofs, alan.As())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = w.Profile.ConfirmDevice(ctx, alan.Signed, mine.ID, right, alan.As())
		refusedAs(t, w, err, passkey.Challenge, true)
		beta, err := account.Create(ctx, w.DB, w.Clock.Now(), "beta", "Beta", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		other := w.AddUser(t, beta, "grace@acme.test", "Grace", user.Member)
		_, err = w.Factors.PasskeyOptions(ctx, other, b.Signed.ID, f.ID)
		wantError(t, "in another account", err, factor.ErrNotFound)
		w.Clock.Advance(factor.PendingFor)
		_, _, err = w.Profile.ConfirmDevice(ctx, b.Signed, f.ID, right, b.As())
		wantError(t, "late", err, factor.ErrExpired)
		_, err = w.Factors.PasskeyOptions(ctx, w.Grace, b.Signed.ID, f.ID)
		wantError(t, "options, late", err, factor.ErrNotFound)

		w.SetPolicy(t, "max_devices_per_kind=2")
		names := []string{}
		for range 2 {
			id := enrolled(t, w, w.Grace, &keytest.Key{AAGUID: [16]byte{0xba, 0xda, 0x55, 0x66, 0xa7, 0xaa, 0x40, 0x1f, 0xbd, 0x96, 0x45, 0x61, 0x9a, 0x55, 0x12, 0x0d}})
			names = append(names, w.Stored(t, w.Grace, id).Name)
		}
		if names[0] != "1Password" || names[1] != "1Password 2" {
			t.Errorf("two passkeys of one model are called %q", names)
		}
		b = w.Browse(t, w.Grace)
		_, _, err = w.Profile.AddPasskey(ctx, b.Signed, "", domaintest.Proofs, b.As())
		wantError(t, "a third", err, factor.ErrLimit)
		_, _, err = w.Profile.AddPasskey(ctx, b.Signed, "1password", domaintest.Proofs, b.As())
		wantError(t, "of a taken name", err, factor.ErrNameTaken)
	})
}

// TestAsked: what a browser is asked.
func TestAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		b := w.Browse(t, w.Grace)
		_, options, err := w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		if err != nil {
			t.Fatal(err)
		}
		id := base64.RawURLEncoding.EncodeToString(key.ID)
		o := keytest.Read(t, options)
		if o.RP.ID != domaintest.Party.ID || o.RP.Name != "Acme" || o.User.Name != w.Grace.Email || o.User.DisplayName != "Grace" ||
			len(o.Exclude) != 1 || o.Exclude[0].ID != id || o.Selection.UV != "preferred" || o.Selection.ResidentKey != "preferred" || o.Attestation != "none" ||
			len(o.Parameters) != 3 || len(o.Challenge) != 43 {
			t.Errorf("a new passkey is asked %s", options)
		}
		if handle, _ := base64.RawURLEncoding.DecodeString(o.User.ID); string(handle) != w.Acme.ID+"."+w.Grace.ID || len(handle) > 64 {
			t.Errorf("the user handle is %q", handle)
		}
		asked, _ := secondDoor(t, w, w.Grace).ask()
		if o := keytest.Read(t, asked); o.RPID != domaintest.Party.ID || len(o.Allow) != 1 || o.Allow[0].ID != id || o.UV != "preferred" || o.Timeout != int(5*time.Minute/time.Millisecond) {
			t.Errorf("after the password, a passkey is asked %s", asked)
		}
		asked, _ = aloneDoor(t, w).ask()
		if o := keytest.Read(t, asked); len(o.Allow) != 0 || o.UV != "required" || len(o.Challenge) != 43 {
			t.Errorf("alone, a passkey is asked %s", asked)
		}
	})
}
