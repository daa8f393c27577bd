package profile_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mailtoken"
	"sallyport/internal/reauth"
	"sallyport/internal/throttle"
)

// TestMistypedAddress: the stranger whose mailbox it is has the token and not the password, and gets nothing. Guesses are charged
// to the person's one counter and leave the token good for its owner; a wrong token is said first, and costs no attempt.
func TestMistypedAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		wantError(t, "asking", askEmail(w, b, fresh, domaintest.Proofs), nil)
		token := w.MailedToken(t, fresh)
		confirm := func(token, password string) error {
			_, _, err := w.Profile.ConfirmEmail(t.Context(), nil, token, password, domaintest.By)
			return err
		}
		charged := func() (failures int64) {
			t.Helper()
			key := reauth.PasswordKey(w.Ada.AccountID, w.Ada.ID)
			err := d.Get(t.Context(), `SELECT failures FROM throttles WHERE account_id = $1 AND subject = $2`, []any{key.AccountID, key.Subject}, &failures)
			if err != nil && !errors.Is(err, db.ErrNotFound) {
				t.Fatal(err)
			}
			return failures
		}
		wantError(t, "without a password", confirm(token, ""), reauth.ErrProofNeeded)
		for _, password := range []string{"wrong", "", domaintest.Password} {
			wantError(t, "a wrong token", confirm("not it", password), mailtoken.ErrToken)
			wantError(t, "a token with a slip", confirm(token[1:]+"0", password), mailtoken.ErrToken)
		}
		if n := charged(); n != 0 {
			t.Errorf("%d are charged before any password was looked at", n)
		}
		tries := int64(0)
		for err := error(nil); !errors.Is(err, throttle.ErrBlocked); tries++ {
			if err = confirm(token, "wrong"); tries > 20 || !errors.Is(err, reauth.ErrWrongPassword) && !errors.Is(err, throttle.ErrBlocked) {
				t.Fatalf("guess %d: %v", tries, err)
			}
		}
		if n := charged(); n != tries-1 {
			t.Errorf("%d of %d guesses are charged", n, tries-1)
		}
		wantError(t, "the right one during the wait", confirm(token, domaintest.Password), throttle.ErrBlocked)
		if got := addressOf(t, w, w.Ada); got != w.Ada.Email {
			t.Fatalf("the address is %s", got)
		}
		w.Open(t, b.Cookie) // nothing has happened: the session stands
		w.Clock.Advance(15 * time.Minute)
		wantError(t, "its owner", confirm(token, domaintest.Password), nil)
		if got := addressOf(t, w, w.Ada); got != fresh {
			t.Errorf("the address is %s", got)
		}
	})
}
