package signin_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestKeepRaces: a token used everywhere at once calls off once.
func TestKeepRaces(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		a.Enrol(t, a.Ada)
		planned(t, a, a.Ada, "disable")
		keep := mailedToken(t, a, a.Ada, "disable_cancel")
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() {
				w := a
				if i%2 == 0 {
					w = b
				}
				results[i] = w.SignIn.KeepOn(t.Context(), keep, domaintest.By)
			})
		}
		wg.Wait()
		if err := errors.Join(results...); err != nil || queued(t, a, a.Ada, "disable_kept") != 1 || recorded(t, a, a.Ada, audit.TwoFactorKept) != 1 {
			t.Errorf("told %d times: %v", queued(t, a, a.Ada, "disable_kept"), err)
		}
	})
}

// TestDueEndTrustsNoOldPassword: whose password is changed while the planned end comes is not let in with the old one.
func TestDueEndTrustsNoOldPassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		s := planned(t, w, w.Ada, "disable")
		w.Clock.Set(s.EndsAt)
		err := w.SignIn.EndIfDue(t.Context(), "acme", w.Ada.Email, func() {
			wantError(t, "set", w.Admin.SetPassword(t.Context(), w.Acme, fresh(t, w), "nine quiet harbour cranes", audit.Operator()), nil)
		})
		wantError(t, "the old password", err, signin.ErrCredentials)
	})
}

// TestKeepBesideACode: calling the end off at the moment of a complete sign-in costs the sign-in nothing, and is told once.
func TestKeepBesideACode(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		for i := range soak(10, 60) {
			u := a.AddUser(t, a.Acme, "k"+strings.Repeat("x", i)+"@acme.test", "", user.Member)
			phone, _ := a.Enrol(t, u)
			planned(t, a, u, "disable")
			keep, cookie := mailedToken(t, a, u, "disable_cancel"), half(t, a, u)
			var wg sync.WaitGroup
			var code, kept error
			wg.Go(func() { _, code = verify(a, cookie, phone.Code(a.Clock.Now())) })
			wg.Go(func() { kept = b.SignIn.KeepOn(t.Context(), keep, domaintest.By) })
			wg.Wait()
			if code != nil || kept != nil || queued(t, a, u, "disable_kept") != 1 {
				t.Errorf("code: %v, keep: %v, told %d times", code, kept, queued(t, a, u, "disable_kept"))
			}
		}
	})
}
