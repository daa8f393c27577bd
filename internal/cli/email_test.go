package cli_test

import (
	"strings"
	"testing"

	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestSetEmail: the operator gives somebody another address; what can't be one, or is somebody else's, changes nothing.
func TestSetEmail(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	s := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	for _, bad := range [][]string{
		{"acme", w.Ada.Email, "lovelace"}, {"acme", w.Ada.Email, "a\r\nBcc: b@acme.test"}, {"acme", w.Ada.Email, "GRACE@acme.test"}, {"acme", "nobody@acme.test", "x@acme.test"}, {"acme", w.Ada.Email},
	} {
		if code, out, said := s.run(t, append([]string{"user", "set-email"}, bad...)...); code == 0 {
			t.Errorf("%q: %s%s", bad, out, said)
		}
	}
	if out := s.does(t, "user", "set-email", "acme", w.Ada.Email, "Ada@ACME.test"); !strings.Contains(out, "nothing was changed") {
		t.Error(out)
	}
	if out := s.does(t, "user", "set-email", "acme", w.Ada.Email, "Lovelace@ACME.test"); !strings.Contains(out, "signs in as lovelace@acme.test") {
		t.Error(out)
	}
	if out := s.does(t, "user", "show", "acme", "lovelace@acme.test"); !strings.Contains(out, "user.email_changed") || !strings.Contains(out, "Ada") {
		t.Error(out)
	}
}
