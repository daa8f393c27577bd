package totp_test

import (
	"testing"

	"sallyport/internal/domaintest"
	"sallyport/internal/totp"
)

// importPhone brings a key from elsewhere, with the password as its proof.
func importPhone(tb testing.TB, w *domaintest.World, b domaintest.Browser, uri string) domaintest.Phone {
	tb.Helper()
	u := b.Signed.User
	proof, err := w.Reauth.Password(tb.Context(), u, domaintest.Password, b.As())
	if err != nil {
		tb.Fatal(err)
	}
	e, err := totp.Import(tb.Context(), w.Factors, proof, w.Acme, u, "Imported", uri)
	if err != nil {
		tb.Fatal(err)
	}
	return domaintest.Scan(tb, e.Factor.ID, e.URI)
}
