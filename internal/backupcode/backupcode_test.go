package backupcode_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/backupcode"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/password"
	"sallyport/internal/user"
)

// alphabet is what a code may hold: nothing that looks like something else.
const alphabet = "ACDEFGHJKMNPQRTVWXY34679"

// TestSet looks at a real set: ten codes, their form, strength and how they are stored.
func TestSet(t *testing.T) {
	h := password.New(password.Config{})
	shown, stored, err := backupcode.New(t.Context(), h)
	if err != nil || len(shown) != backupcode.Count || len(stored) != backupcode.Count {
		t.Fatalf("%d shown, %d stored, %v", len(shown), len(stored), err)
	}
	if bits := 14 * math.Log2(float64(len(alphabet))); bits < 64 {
		t.Errorf("the secret part has %.1f bits, want at least 64 (NIST SP 800-63B-4)", bits)
	}
	for i, code := range shown {
		plain := strings.ReplaceAll(code, "-", "")
		if len(code) != 19 || len(plain) != 16 || strings.Trim(plain, alphabet) != "" {
			t.Errorf("code %q", code)
		}
		if !strings.HasPrefix(stored[i].Hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(stored[i].Hash, plain[2:]) {
			t.Errorf("stored as %q", stored[i].Hash)
		}
		// The selector finds the row and is no part of what is hashed.
		ok, _, err := h.Verify(t.Context(), stored[i].Hash, plain[2:])
		if stored[i].Selector != plain[:2] || !ok || err != nil {
			t.Errorf("code %q has selector %q, verifies %v, %v", code, stored[i].Selector, ok, err)
		}
	}
	selectors := map[string]bool{}
	for _, s := range stored {
		selectors[s.Selector] = true
	}
	if len(selectors) != backupcode.Count {
		t.Errorf("%d selectors for %d codes: an attempt must find one row", len(selectors), backupcode.Count)
	}
}

// FuzzClean: what is accepted has one form, and that form is its own.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"ACDE-FGHJ-KMNP-QRTV", "acde fghj-kmnp–qrtv", "ACDEFGHJKMNPQRTV", "", "ACDE-FGHJ-KMNP-QRT0", "ÄCDE", strings.Repeat("A", 1000), "\u212aCDEFGHJKMNPQRTV"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := backupcode.Method{}.Clean(typed)
		if err != nil {
			if code != "" {
				t.Errorf("%q is refused, yet gives %q", typed, code)
			}
			return
		}
		if len(code) != 16 || strings.Trim(code, alphabet) != "" {
			t.Errorf("%q gives %q", typed, code)
		}
		if again, err := (backupcode.Method{}).Clean(strings.ToLower(code)); err != nil || again != code {
			t.Errorf("%q gives %q, which gives %q, %v", typed, code, again, err)
		}
	})
}

// TestCodesWorkOnceInAnyForm is B08, with the forms people type.
func TestCodesWorkOnceInAnyForm(t *testing.T) {
	forms := []func(string) string{
		func(s string) string { return s },
		strings.ToLower,
		func(s string) string { return strings.ReplaceAll(s, "-", "") },
		func(s string) string { return " " + strings.ReplaceAll(s, "-", " ") + "\t" },
		func(s string) string { return strings.ToLower(s[:4]) + " " + s[5:9] + "-" + s[10:] },
		func(s string) string { return strings.ReplaceAll(s, "-", "\u2011") },
		func(s string) string { return strings.ReplaceAll(s, "-", "\u00a0") },
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Factors.NewCodes = func(ctx context.Context) ([]string, []factor.Code, error) { return backupcode.New(ctx, w.Hasher) }
		phone, codes := w.Enrol(t, w.Ada)
		use := func(u user.User, code string) error {
			_, err := w.Factors.Prove(t.Context(), u, code, "", 0, domaintest.By)
			return err
		}
		for i, form := range forms {
			if err := use(w.Ada, form(codes[i])); err != nil {
				t.Errorf("%q: %v", form(codes[i]), err)
			}
			for _, again := range []string{form(codes[i]), codes[i]} {
				if err := use(w.Ada, again); !errors.Is(err, factor.ErrUsedCode) {
					t.Errorf("%q again: %v, want used_code", again, err)
				}
			}
		}
		left := func() int {
			set, err := factor.BackupCodes(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			return set.Left
		}
		if n := left(); n != 10-len(forms) {
			t.Errorf("%d left, want %d", n, 10-len(forms))
		}
		if err := use(w.Alan, codes[9]); !errors.Is(err, factor.ErrNotFound) {
			t.Errorf("Ada's code by Alan: %v", err)
		}

		// They are a way round a blocked phone, and are blocked by nobody else's failures.
		for range 6 {
			_ = use(w.Ada, phone.Wrong(w.Clock.Now()))
		}
		if err := use(w.Ada, codes[8]); err != nil {
			t.Errorf("while the app is blocked: %v", err)
		}

		b := w.Browse(t, w.Ada)
		_, fresh, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, b.Signed.User), b.As())
		if err != nil || len(fresh) != 10 || left() != 10 {
			t.Fatalf("%d new codes, %d left, %v", len(fresh), left(), err)
		}
		if err := use(w.Ada, codes[9]); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("an old one after new ones: %v", err)
		}
		if err := use(w.Ada, fresh[0]); err != nil {
			t.Errorf("a new one: %v", err)
		}
		if slices.ContainsFunc(fresh, func(c string) bool { return slices.Contains(codes, c) }) {
			t.Error("a code was drawn twice")
		}
	})
}

// TestParallelUse: one code, at one moment, many times: once.
func TestParallelUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		_, codes := w.Enrol(t, w.Ada)
		for _, code := range codes {
			w.Clock.Advance(time.Hour)
			var mu sync.Mutex
			var wg sync.WaitGroup
			used := 0
			for range 8 {
				wg.Go(func() {
					if _, err := w.Factors.Prove(t.Context(), w.Ada, code, "", 0, domaintest.By); err == nil {
						mu.Lock()
						defer mu.Unlock()
						used++
					}
				})
			}
			wg.Wait()
			if used != 1 {
				t.Errorf("%s was used %d times", code, used)
			}
		}
	})
}
