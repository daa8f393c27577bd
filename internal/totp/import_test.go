package totp_test

import (
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/domaintest"
	"sallyport/internal/totp"
)

// importPhone brings a key from elsewhere, as the operator does.
func importPhone(tb testing.TB, w *domaintest.World, b domaintest.Browser, name, uri string) domaintest.Phone {
	tb.Helper()
	f, err := totp.Import(tb.Context(), w.Factors, w.Acme, b.Signed.User, name, uri, audit.Operator())
	if err != nil {
		tb.Fatal(err)
	}
	return domaintest.Scan(tb, f.ID, uri)
}
