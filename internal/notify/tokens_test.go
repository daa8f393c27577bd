package notify_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// TestDeadTokensAreNeverSent: one that whatever ended the person's sessions has ended too stays here; the one that keeps the second factor on is mailed.
func TestDeadTokensAreNeverSent(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, _ factor.Stored) {
		write := func(sql string) error { return w.DB.Run(t.Context(), db.Write(sql, w.Ada.ID)) }
		raise := func() error {
			return write(`UPDATE users SET epoch = epoch + 1, two_factor_ends_at = 1 WHERE user_id = $1`)
		}
		for _, c := range []struct {
			name    string
			kind    outbox.Kind
			purpose mailtoken.Purpose
			do      func() error
			want    string
		}{
			{"alive", outbox.ResetToken, mailtoken.Reset, func() error { return nil }, "sent"},
			{"used", outbox.ResetToken, mailtoken.Reset, func() error { return write(`DELETE FROM mail_tokens WHERE user_id = $1`) }, "dropped/token_over"},
			{"sessions ended, a password", outbox.ResetToken, mailtoken.Reset, raise, "dropped/token_over"},
			{"sessions ended, an address", outbox.EmailToken, mailtoken.Email, raise, "dropped/token_over"},
			{"sessions ended, the way out", outbox.DisableToken, mailtoken.Disable, raise, "dropped/token_over"},
			{"sessions ended, the way back", outbox.DisableCancel, mailtoken.Keep, raise, "sent"},
		} {
			w.Clock.Advance(time.Second)
			now, before := w.Clock.Now(), g.count()
			u, err := user.Get(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			ends := now.Add(time.Hour)
			secret, issue := mailtoken.Issue(now, u, u.Epoch, c.purpose, "", "", ends)
			queue, err := outbox.SendToken(now, w.Ring, outbox.Message{
				AccountID: u.AccountID, UserID: u.ID, Channel: outbox.Mail, Kind: c.kind, Secret: []byte(secret), ExpiresAt: ends,
			}, domaintest.By)
			if err := errors.Join(err, w.DB.Run(t.Context(), issue, queue), c.do()); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			w.Deliver(t)
			if s := last(t, w); s != c.want || (g.count() > before) != (c.want == "sent") {
				t.Errorf("%s: %s, %d left the house; want %s", c.name, s, g.count()-before, c.want)
			}
		}
	})
}
