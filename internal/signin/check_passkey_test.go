package signin_test

import (
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestCheckBindsNoPasskey: where passkeys are required, whoever has a password here adds theirs here, after that password. In a check a
// program's word stands in its place, and the code may be one that an administrator gave out: the two together must not bind what signs
// in here without any password, whether the passkey is owed before the check begins or since.
func TestCheckBindsNoPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Grace)
		w.Enrol(t, w.Alan)
		if err := d.Run(t.Context(), user.Link(w.Clock.Now(), w.Grace, "grace", domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		p := program(t, w, "key_alans", w.Alan)
		ask := func() (string, error) {
			c, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: "grace"}, domaintest.By)
			return c.ID, err
		}
		id, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		alan := w.Browse(t, w.Alan)
		given, err := w.Admin.GiveCode(t.Context(), alan.Signed.SecondFactor(w.Clock.Now()), alan.Signed, w.Grace.ID, "lost phone", alan.As())
		if err != nil {
			t.Fatal(err)
		}
		w.SetPolicy(t, "passkey_required=everyone")
		_, err = ask()
		wantError(t, "a check of somebody who owes a passkey", err, signin.ErrCheckPasskey)
		st := findCheck(t, w, p, id)
		_, err = st.SignIn.Verify(t.Context(), "", signin.Attempt{Code: given.Code}, domaintest.By)
		wantError(t, "the code in a check that began before", err, signin.ErrCheckPasskey)
		if _, f, options, err := st.SignIn.BeginSetUpPasskey(t.Context(), "", "Alan's"); err == nil {
			key := &keytest.Key{}
			if _, _, err := st.SignIn.ConfirmSetUp(t.Context(), "", f.ID, keytest.Make(t, options, domaintest.Site, key, nil), domaintest.By); err == nil {
				step, err := alone(t, w, key, nil)
				t.Errorf("a passkey was bound in a check, and signs in %s as %q: %v", step.User.Name, step.State, err)
			}
		}
		// At the sign-in here the code is good still: it was not used up.
		if step, err := verify(w, w.Password(t, w.Grace).Cookie, given.Code); err != nil || step.State != signin.SetUp {
			t.Errorf("at the sign-in: %q, %v", step.State, err)
		}
		if _, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: "kay", Email: "kay@acme.test"}, domaintest.By); err != nil {
			t.Errorf("of somebody without a password here, whose first device it is: %v", err)
		}
	})
}
