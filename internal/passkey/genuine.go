package passkey

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
)

// attested are the formats in which the maker of the authenticator vouches for it with certificates (WebAuthn Level 3,
// section 8). The library has checked the statement with the first of them; whose it is, it leaves to us.
var attested = []protocol.AttestationFormat{
	protocol.AttestationFormatPacked, protocol.AttestationFormatTPM, protocol.AttestationFormatAndroidKey, protocol.AttestationFormatApple,
}

// genuine says why an authenticator is not shown to be of one of the models: nobody vouches for it but itself, the chain of
// certificates ends at none of the operator's roots, or it is another model (section 7.1, steps 22 to 24).
func (m *Method) genuine(a protocol.AttestationObject, models []string, now time.Time) (why string, err error) {
	x5c, ok := a.AttStatement["x5c"].([]any)
	if !slices.Contains(attested, protocol.AttestationFormat(a.Format)) || !ok || len(x5c) == 0 {
		return Unattested, fmt.Errorf("the attestation of format %.20q has no certificate", a.Format)
	}
	if m.roots == nil {
		return Chain, errors.New("there are no roots")
	}
	var leaf *x509.Certificate
	between := x509.NewCertPool()
	for i, raw := range x5c {
		der, _ := raw.([]byte)
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return Chain, err
		}
		if i == 0 {
			leaf = cert
		} else {
			between.AddCert(cert)
		}
	}
	options := x509.VerifyOptions{
		Roots: m.roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // X.509 has no name for what such certificates are for
	}
	if _, err := leaf.Verify(options); err != nil {
		return Chain, err
	}
	if model := aaguidText(a.AuthData.AttData.AAGUID); !slices.Contains(models, model) {
		return OtherModel, fmt.Errorf("the model %s is not allowed", model)
	}
	return "", nil
}
