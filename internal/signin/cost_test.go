package signin_test

import (
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
)

// TestStatementsPerSignIn holds the budget of issue 2: at most eight statements and two
// commits for password, code, session and record.
func TestStatementsPerSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		w.SignInWith(t, w.Ada, phone) // whatever is done once is done
		w.Clock.Advance(step)
		spent := func(what string, statements, commits int64, do func()) {
			t.Helper()
			before := d.Stats()
			do()
			after := d.Stats()
			if s, c := after.Statements-before.Statements, after.Commits-before.Commits; s > statements || c > commits {
				t.Errorf("%s: %d statements and %d commits, at most %d and %d", what, s, c, statements, commits)
			}
		}
		enter := func(code string) func() {
			return func() {
				done, err := w.SignIn.Password(t.Context(), credentials(w.Ada.Email), domaintest.By)
				if err == nil {
					_, err = verify(w, done.Cookie, code)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		spent("with an app", 8, 2, enter(phone.Code(w.Clock.Now())))
		spent("with a backup code, which the policy must allow and of which its owner is told", 12, 2, enter(codes[0]))
		spent("with the password alone", 8, 1, func() {
			if _, err := w.SignIn.Password(t.Context(), credentials(w.Grace.Email), domaintest.By); err != nil {
				t.Fatal(err)
			}
		})
		w.Clock.Advance(step)
		_, cookie := w.Trust(t, w.Ada, phone, firefox)
		spent("in a trusted browser", 7, 1, func() {
			done, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, firefox)
			if err != nil || done.State != signin.SignedIn {
				t.Fatalf("%s, %v", done.State, err)
			}
		})
		w.Clock.Advance(step)
		spent("with an app, and the box ticked", 14, 2, func() { // two of them are reads of this test, one a notice
			if _, cookie := w.Trust(t, w.Ada, phone, firefox); cookie == "" {
				t.Fatal("not trusted")
			}
		})
		w.AddAddress(t, w.Alan, factor.SMS, "+436641234567")
		spent("with a code that is sent", 27, 3, func() { // three of them are reads of this test; a third commit sends it
			done, err := w.SignIn.Password(t.Context(), credentials(w.Alan.Email), domaintest.By)
			if err != nil {
				t.Fatal(err)
			}
			p, err := w.SignIn.Pending(t.Context(), done.Cookie)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = verify(w, done.Cookie, w.SentCode(t, w.Alan, p.Request())); err != nil {
				t.Fatal(err)
			}
		})
		b := w.Browse(t, w.Ada)
		spent("a session seen again", 0, 0, func() { w.Open(t, b.Cookie) })
	})
}
