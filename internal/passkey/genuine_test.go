package passkey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/passkey"
	"sallyport/internal/passkey/keytest"
)

// issuer signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate: of a maker of authenticators if model is nil, else of one model of theirs (WebAuthn Level 3,
// section 8.2.1). by is nil for a root.
func issue(tb testing.TB, by *issuer, name string, model *[16]byte, until time.Time) *issuer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: domaintest.Start.AddDate(-1, 0, 0), NotAfter: until, BasicConstraintsValid: true,
		Subject: pkix.Name{Country: []string{"AT"}, Organization: []string{"Maker"}, OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: name},
	}
	if model == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		value, err := asn1.Marshal(model[:])
		if err != nil {
			tb.Fatal(err)
		}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: value}}
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		tb.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &issuer{made, key}
}

// vouched is an attestation by the first of a chain.
func vouched(tb testing.TB, chain ...*issuer) func(*keytest.Draft) {
	return func(d *keytest.Draft) {
		d.Format, d.Statement = "packed", func(data []byte) keytest.Map {
			sum := sha256.Sum256(data)
			sig, err := ecdsa.SignASN1(rand.Reader, chain[0].key, sum[:])
			if err != nil {
				tb.Fatal(err)
			}
			var x5c []any
			for _, c := range chain {
				x5c = append(x5c, c.cert.Raw)
			}
			return keytest.Map{{Key: "alg", Value: keytest.ES256}, {Key: "sig", Value: sig}, {Key: "x5c", Value: x5c}}
		}
	}
}

// TestModels: where an account allows certain models, one is added only with certificates from its maker to a root of the
// operator's; who has another one hears that, and nobody adds one once the roots are gone.
func TestModels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		model, other := [16]byte{1}, [16]byte{2}
		ever := time.Now().AddDate(10, 0, 0)
		root, stranger := issue(t, nil, "Root", nil, ever), issue(t, nil, "Root", nil, ever)
		maker := issue(t, root, "Maker", nil, ever)
		good, others, foreign := issue(t, maker, "One", &model, ever), issue(t, maker, "Two", &other, ever), issue(t, stranger, "One", &model, ever)
		over := issue(t, maker, "One", &model, time.Now().Add(-time.Hour))

		party := domaintest.Party
		party.Roots = x509.NewCertPool()
		party.Roots.AddCert(root.cert)
		with, err := passkey.New(party)
		if err != nil {
			t.Fatal(err)
		}
		without := w.Factors.Methods[len(w.Factors.Methods)-1]
		roots := func(on bool) {
			w.Factors.Methods[len(w.Factors.Methods)-1] = without
			if on {
				w.Factors.Methods[len(w.Factors.Methods)-1] = with
			}
			w.Profile.Plans.PasskeyRoots, w.SignIn.Plans.PasskeyRoots = on, on
		}
		roots(true)
		w.SetPolicy(t, "passkey_models=01000000-0000-0000-0000-000000000000")
		b := w.Browse(t, w.Grace)
		f, options, err := w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		if err != nil {
			t.Fatal(err)
		}
		if o := keytest.Read(t, options); o.Attestation != "direct" {
			t.Errorf("an attestation is asked for as %q", o.Attestation)
		}
		add := func(aaguid [16]byte, lie func(*keytest.Draft)) error {
			k := &keytest.Key{AAGUID: aaguid}
			_, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, keytest.Make(t, options, domaintest.Site, k, lie), b.As())
			return err
		}
		self := func(k *keytest.Key) func(*keytest.Draft) {
			return self(keytest.ES256, func(data []byte) []byte { return k.Sign(t, data) })
		}
		mine := &keytest.Key{AAGUID: model}
		for _, c := range []struct {
			name string
			err  error
			want string
			said *errs.Error
		}{
			{"no attestation", add(model, nil), passkey.Unattested, factor.ErrModel},
			{"another maker's", add(model, vouched(t, foreign, stranger)), passkey.Chain, factor.ErrModel},
			{"another maker's, with ours behind it", add(model, vouched(t, foreign, maker, root)), passkey.Chain, factor.ErrModel},
			{"the maker left out", add(model, vouched(t, good)), passkey.Chain, factor.ErrModel},
			{"a model that vouches for one", add(model, vouched(t, issue(t, good, "One", &model, ever), good, maker)), passkey.Chain, factor.ErrModel},
			{"another model", add(other, vouched(t, others, maker)), passkey.OtherModel, factor.ErrModel},
			{"no model", add([16]byte{}, vouched(t, issue(t, maker, "None", &[16]byte{}, ever), maker)), passkey.OtherModel, factor.ErrModel},
			{"another model that says it is the right one", add(model, vouched(t, others, maker)), passkey.Attestation, factor.ErrPasskey},
			{"a certificate that is over", add(model, vouched(t, over, maker)), passkey.Attestation, factor.ErrPasskey},
			{"signed by another than the certificate's", add(model, vouched(t, &issuer{good.cert, others.key}, maker)), passkey.Attestation, factor.ErrPasskey},
			{"vouching for itself", func() error {
				_, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, keytest.Make(t, options, domaintest.Site, mine, self(mine)), b.As())
				return err
			}(), passkey.Unattested, factor.ErrModel},
		} {
			if !errors.Is(c.err, c.said) || why(t, c.err) != c.want {
				t.Errorf("%s: %v, want %v for %s", c.name, c.err, c.said, c.want)
			}
		}

		// The certificates of a real statement under one of a format in which they are not what was signed with.
		for format, want := range map[string]string{"packed": "", "tpm": "", "android-safetynet": passkey.Unattested, "fido-u2f": passkey.Unattested, "compound": passkey.Unattested, "of tomorrow": passkey.Unattested} {
			borrowed := protocol.AttestationObject{Format: format, AttStatement: map[string]any{"x5c": []any{good.cert.Raw, maker.cert.Raw}}}
			borrowed.AuthData.AttData.AAGUID = model[:]
			if got, err := passkey.Genuine(with, borrowed, []string{"01000000-0000-0000-0000-000000000000"}, w.Clock.Now()); got != want {
				t.Errorf("certificates in a statement of format %s: %q (%v), want %q", format, got, err, want)
			}
		}

		roots(false)
		err = add(model, vouched(t, good, maker))
		wantError(t, "confirmed without roots", err, account.ErrNoRoots)
		_, _, err = w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		wantError(t, "begun without roots", err, account.ErrNoRoots)
		w.Profile.Plans.PasskeyRoots = true // as if only the method had lost them
		if err := add(model, vouched(t, good, maker)); !errors.Is(err, factor.ErrModel) || why(t, err) != passkey.Chain {
			t.Errorf("with a method without roots: %v", err)
		}
		roots(true)
		wantError(t, "the right one", add(model, vouched(t, good, maker)), nil)

		w.SetPolicy(t, "passkey_models=")
		k := &keytest.Key{}
		enrolled(t, w, w.Alan, k)
		w.SetPolicy(t, "passkey_models=01000000-0000-0000-0000-000000000000")
		at := aloneDoor(t, w)
		options, ceremony := at.ask()
		wantError(t, "one of another model that was there before", at.show(k.Answer(t, options, domaintest.Site, nil), ceremony), nil)
	})
}
