package factor_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

const step = 30 * time.Second

// TestStaleRowsDecideNothing: somebody read the rows, and before the verdict was written
// something else happened. The rows in the database decide (D1, D2).
func TestStaleRowsDecideNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		consume := func(u user.User, rows []factor.Stored, code string) error {
			_, err := w.Factors.Consume(t.Context(), factor.Try{
				AccountID: u.AccountID, UserID: u.ID, Factors: rows, Code: code, Tolerance: step, By: domaintest.By,
			}, func(factor.Match) []db.Stmt { return nil })
			return err
		}
		now := func(u user.User) []factor.Stored {
			rows, err := factor.Load(t.Context(), d, u.AccountID, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		cases := []struct {
			name string
			do   func(u user.User, p domaintest.Phone, codes []string) error
			want error
		}{
			{"the code was used", func(u user.User, p domaintest.Phone, _ []string) error {
				rows := now(u)
				_ = consume(u, rows, p.Code(w.Clock.Now()))
				return consume(u, rows, p.Code(w.Clock.Now()))
			}, factor.ErrUsedCode},
			{"a later code was used", func(u user.User, p domaintest.Phone, _ []string) error {
				rows := now(u)
				_ = consume(u, rows, p.Code(w.Clock.Now().Add(step)))
				return consume(u, rows, p.Code(w.Clock.Now()))
			}, factor.ErrUsedCode},
			{"the backup code was used", func(u user.User, _ domaintest.Phone, codes []string) error {
				rows := now(u)
				_ = consume(u, rows, codes[0])
				return consume(u, rows, codes[0])
			}, factor.ErrUsedCode},
			{"a wait began", func(u user.User, p domaintest.Phone, _ []string) error {
				rows := now(u)
				for range 5 {
					_ = consume(u, rows, p.Wrong(w.Clock.Now()))
				}
				return consume(u, rows, p.Code(w.Clock.Now()))
			}, throttle.ErrBlocked},
			{"the device was removed", func(u user.User, p domaintest.Phone, _ []string) error {
				rows := now(u)
				b := w.SignInWith(t, u, p)
				w.Clock.Advance(step)
				if _, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, p.FactorID, domaintest.Proofs, b.As()); err != nil {
					t.Fatal(err)
				}
				return consume(u, rows, p.Code(w.Clock.Now()))
			}, factor.ErrNotFound},
			{"the first of two codes is no longer the last one tried", func(u user.User, p domaintest.Phone, _ []string) error {
				p.Off = 4 * step
				_ = consume(u, now(u), p.Code(w.Clock.Now()))
				rows := now(u)
				_ = consume(u, rows, p.Wrong(w.Clock.Now()))
				return consume(u, rows, p.Code(w.Clock.Now().Add(step)))
			}, factor.ErrWrongCode},
		}
		for i, c := range cases {
			u := w.AddUser(t, w.Acme, string(rune('a'+i))+"@acme.test", "", user.Member)
			p, codes := w.Enrol(t, u)
			w.Clock.Advance(time.Hour)
			if err := c.do(u, p, codes); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
	})
}

// TestFailedUseIsChargedNotBurnt: what the code was shown for fails; the code is still good.
func TestFailedUseIsChargedNotBurnt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p, codes := w.Enrol(t, w.Ada)
		refused := errs.New(errs.Conflict, "else", "Something else failed.")
		for _, code := range []string{p.Code(w.Clock.Now()), codes[0]} {
			for _, more := range [][]db.Stmt{{db.Must(refused, `UPDATE users SET name = '' WHERE user_id = 'nobody'`)}, nil} {
				rows, err := factor.Load(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.Factors.Consume(t.Context(), factor.Try{
					AccountID: w.Ada.AccountID, UserID: w.Ada.ID, Factors: rows, Code: code, Tolerance: step, By: domaintest.By,
				}, func(factor.Match) []db.Stmt { return more })
				if len(more) > 0 && !errors.Is(err, refused) || len(more) == 0 && err != nil {
					t.Errorf("%s with %d statements more: %v", code, len(more), err)
				}
			}
		}
	})
}
