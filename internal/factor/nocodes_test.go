package factor_test

import (
	"errors"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestNoBackupCodes: where the account gives none, those that people have are neither offered nor taken, and no new
// ones are made; nothing is lost, for they count again when it gives some. What an administrator gave out has its own switch (K13).
func TestNoBackupCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		_, alans := w.Enrol(t, w.Alan)
		if _, err := d.Exec(t.Context(), `UPDATE factor_codes SET issued_by = 'usr_admin' WHERE user_id = $1 AND selector = $2`, []any{w.Alan.ID, alans[3][:2]}...); err != nil {
			t.Fatal(err)
		}
		verify := func(u user.User, code string) error {
			t.Helper()
			_, err := w.SignIn.Verify(t.Context(), w.Password(t, u).Cookie, signin.Attempt{Code: code}, domaintest.By)
			return err
		}
		offered := func() bool {
			t.Helper()
			p, err := w.SignIn.Pending(t.Context(), w.Password(t, w.Ada).Cookie)
			if err != nil {
				t.Fatal(err)
			}
			return p.HasBackupCodes()
		}
		if err := verify(w.Ada, codes[0]); err != nil || !offered() {
			t.Fatalf("while they are given: %v, offered %v", err, offered())
		}
		w.SetPolicy(t, "backup_codes=off")
		if err := verify(w.Ada, codes[1]); !errors.Is(err, factor.ErrWrongCode) || offered() {
			t.Errorf("while none are given: %v, offered %v", err, offered())
		}
		if err := verify(w.Alan, alans[3]); err != nil {
			t.Errorf("an administrator's: %v", err)
		}
		if err := verify(w.Alan, alans[4]); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("one's own beside it: %v", err)
		}
		b := w.SignInWith(t, w.Ada, phone)
		w.Clock.Advance(step)
		if _, _, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, w.Ada), b.As()); !errors.Is(err, factor.ErrNoCodes) {
			t.Errorf("new ones: %v", err)
		}
		if _, none := w.Enrol(t, w.Grace); none != nil || w.CodeSet(t, w.Grace) != "" {
			t.Errorf("with a first device come %d", len(none))
		}
		w.SetPolicy(t, "backup_codes=on")
		if err := verify(w.Ada, codes[1]); err != nil || !offered() {
			t.Errorf("given again: %v, offered %v", err, offered())
		}
	})
}
