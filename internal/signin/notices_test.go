package signin_test

import (
	"errors"
	"strings"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/notify"
	"sallyport/internal/outbox"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestEachEventIsToldOnce is ASVS 6.3.7: after each, the inbox holds exactly one message, to the person
// it is about, without a secret; what was refused tells nobody.
func TestEachEventIsToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		var secrets []string
		const changed = "nine quiet harbour cranes"
		cases := []struct {
			kind outbox.Kind
			does string // what the subject says
			do   func(u user.User, b domaintest.Browser, p domaintest.Phone, codes []string) error
		}{
			{outbox.FactorAdded, "was added", func(_ user.User, b domaintest.Browser, _ domaintest.Phone, _ []string) error {
				w.AddPhone(t, b, "Second")
				return nil
			}},
			{outbox.FactorRemoved, "was removed", func(_ user.User, b domaintest.Browser, p domaintest.Phone, _ []string) error {
				_, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, p.FactorID, domaintest.Proofs, b.As())
				return err
			}},
			{outbox.TwoFactorReset, "was reset", func(u user.User, _ domaintest.Browser, _ domaintest.Phone, _ []string) error {
				return w.Admin.ResetTwoFactor(t.Context(), u, "lost phone", audit.Operator())
			}},
			{outbox.FactorLocked, "is locked", func(u user.User, _ domaintest.Browser, p domaintest.Phone, _ []string) error {
				err := d.Run(t.Context(), db.Write(`UPDATE factors SET failures = 99 WHERE factor_id = $1`, p.FactorID))
				return errors.Join(err, only(factor.ErrLocked, try(t, w, u, p.Wrong(w.Clock.Now()))))
			}},
			{outbox.BackupCodesMade, "new backup codes", func(u user.User, b domaintest.Browser, _ domaintest.Phone, _ []string) error {
				_, made, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, u), b.As())
				secrets = append(secrets, made...)
				return err
			}},
			{outbox.BackupCodeUsed, "backup code was used", func(u user.User, _ domaintest.Browser, _ domaintest.Phone, codes []string) error {
				_, err := w.SignIn.Verify(t.Context(), begin(t, w, u), signin.Attempt{Code: codes[0]}, domaintest.By) // and an unknown browser
				return err
			}},
			{outbox.BackupCodeUsed, "backup code was used", func(_ user.User, b domaintest.Browser, _ domaintest.Phone, codes []string) error {
				return w.Profile.ProveFactor(t.Context(), b.Signed, codes[0], "", b.As()) // not at a sign-in
			}},
			{outbox.BackupCodesLow, "Few backup codes", func(u user.User, _ domaintest.Browser, _ domaintest.Phone, codes []string) error {
				err := d.Run(t.Context(), db.Write(`UPDATE factor_codes SET used_at = 1 WHERE user_id = $1 AND selector <> $2 AND selector NOT IN
					(SELECT selector FROM factor_codes WHERE user_id = $1 AND selector <> $2 ORDER BY selector LIMIT 3)`, u.ID, codes[0][:2]))
				return errors.Join(err, try(t, w, u, codes[0]))
			}},
			{outbox.PasswordChanged, "password was changed", func(_ user.User, b domaintest.Browser, _ domaintest.Phone, _ []string) error {
				_, err := w.Profile.ChangePassword(t.Context(), b.Signed, domaintest.Password, changed, b.As())
				return err
			}},
			{outbox.PasswordChanged, "password was changed", func(u user.User, _ domaintest.Browser, _ domaintest.Phone, _ []string) error {
				return w.Admin.SetPassword(t.Context(), w.Acme, u, changed, audit.Operator())
			}},
			{outbox.SignInUnknown, "browser we don’t know", func(u user.User, _ domaintest.Browser, p domaintest.Phone, _ []string) error {
				_, err := w.SignIn.Verify(t.Context(), begin(t, w, u), signin.Attempt{Code: p.Code(w.Clock.Now())}, domaintest.By)
				return err
			}},
			{"", "", func(u user.User, _ domaintest.Browser, p domaintest.Phone, _ []string) error { // a known browser
				return try(t, w, u, p.Code(w.Clock.Now()))
			}},
			{"", "", func(u user.User, b domaintest.Browser, p domaintest.Phone, _ []string) error { // refusals
				_, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, "fac_none", domaintest.Proofs, b.As())
				_, err2 := w.Profile.ChangePassword(t.Context(), b.Signed, domaintest.Password, domaintest.Password, b.As())
				if err == nil || err2 == nil {
					return errors.New("not refused")
				}
				return only(factor.ErrWrongCode, try(t, w, u, p.Wrong(w.Clock.Now())))
			}},
		}
		for i, c := range cases {
			u := w.AddUser(t, w.Acme, string(rune('a'+i))+"@acme.test", "", user.Member)
			phone, codes := w.Enrol(t, u)
			u, _ = user.Get(t.Context(), d, u.AccountID, u.ID)
			b := w.Browse(t, u)
			w.Deliver(t)
			secrets = append(secrets, codes...)
			secrets = append(secrets, domaintest.Password, changed)
			before := len(w.Inbox.Messages())
			if err := c.do(u, b, phone, codes); err != nil {
				t.Fatalf("case %d, %s: %v", i, c.kind, err)
			}
			w.Deliver(t)
			all := w.Inbox.Messages()
			fresh := all[:len(all)-before]
			if c.kind == "" {
				if len(fresh) != 0 {
					t.Errorf("case %d is told: %+v", i, fresh)
				}
				continue
			}
			if len(fresh) != 1 || fresh[0].To != u.Email || !strings.Contains(fresh[0].Subject, c.does) {
				t.Errorf("%s: %+v, want one message to %s that says %q", c.kind, fresh, u.Email, c.does)
			}
			w.Clock.Advance(step)
		}
		noSecrets(t, w.Inbox.Messages(), secrets)
	})
}

// only is nil if err is the one that was wanted.
func only(want, err error) error {
	if errors.Is(err, want) {
		return nil
	}
	return errors.Join(errors.New("not the wanted error"), err)
}

func noSecrets(t *testing.T, all []notify.Received, secrets []string) {
	t.Helper()
	for _, m := range all {
		for _, s := range secrets {
			if strings.Contains(m.Text+m.Subject, s) {
				t.Errorf("%q holds %q", m.Subject, s)
			}
		}
	}
}
