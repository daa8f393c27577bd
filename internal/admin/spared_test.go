package admin_test

import (
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/reauth"
)

// TestTrustedBrowserDoesNoAdministratorsWork: password and a trusted browser's cookie name no mail server, which would read everybody's tokens, and
// change no texts, until the second factor is proved in the session (B66).
func TestTrustedBrowserDoesNoAdministratorsWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.Clock.Advance(30 * time.Second)
		_, cookie := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Firefox))
		w.Clock.Advance(time.Hour)
		step, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, domaintest.From(domaintest.Firefox))
		if err != nil {
			t.Fatal(err)
		}
		b := w.Open(t, step.Cookie)
		proof, err := w.Reauth.Password(t.Context(), w.Ada, domaintest.Password, b.As())
		if err != nil {
			t.Fatal(err)
		}
		server := mail.Server{Host: "mail.evil.test", Port: 587, Security: mail.StartTLS, From: "a@evil.test"}
		wantError(t, "a mail server", w.Admin.SetMailServer(t.Context(), proof, b.Signed, server, b.As()), reauth.ErrFactorNeeded)
		wantError(t, "none any more", w.Admin.RemoveMailServer(t.Context(), proof, b.Signed, b.As()), reauth.ErrFactorNeeded)
		if err := w.Profile.ProveFactor(t.Context(), b.Signed, phone.Code(w.Clock.Now()), "", b.As()); err != nil {
			t.Fatal(err)
		}
		b = w.Open(t, step.Cookie)
		wantError(t, "a mail server after a code", w.Admin.SetMailServer(t.Context(), proof, b.Signed, server, b.As()), nil)
	})
}
