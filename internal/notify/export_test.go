package notify

import (
	"net/url"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// Write writes a message in both forms, as its sender would.
func Write(m outbox.Message, secret string, enrolling bool, u user.User) (mail.Message, string, error) {
	at := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	m.CreatedAt, m.ExpiresAt = at, at.Add(10*time.Minute)
	l := letter{
		message: m, account: account.Account{Name: "Acme"}, user: u, to: u.Email, secret: secret, enrolling: enrolling, product: "Sallyport",
		public: &url.URL{Scheme: "https", Host: "login.acme.test:8443"},
	}
	l.say = texts.In(l.language())
	written, err := l.mail()
	if err != nil {
		return written, "", err
	}
	text, err := l.text()
	return written, text, err
}

// Hands limits, for the test that fills them.
const (
	AtOnce     = atOnce
	PerAccount = perAccount
	SlowAfter  = slowAfter
)
