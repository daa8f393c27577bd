package house

import "testing"

// TestPlantedViolations shows each rule over the code failing on the mistake that it is for,
// and passing on the look-alike next to it.
func TestPlantedViolations(t *testing.T) {
	cases := []struct {
		name, place, file, body string
		rule                    func(file) []string
		found                   int
	}{
		{"SQL in a handler", "web", "devices.go", "const q = `SELECT id FROM factors`", sqlOutside, 1},
		{"SQL in small letters", "factor", "rename.go", "const q = `update factors set name = $1`", sqlOutside, 1},
		{"SQL over several lines", "factor", "rename.go", "const q = `\n\tINSERT INTO factors\n\tVALUES ($1)`", sqlOutside, 1},
		{"SQL in its store", "factor", "store.go", "const q = `SELECT id FROM factors`", sqlOutside, 0},
		{"a route", "api", "session.go", "const s = `DELETE /v1/session`", sqlOutside, 0},
		{"English", "web", "texts.go", "const s = `Select a device from the list`\nconst u = `Update your password`", sqlOutside, 0},
		{"SQL in a second table's store", "factor", "store_sent.go", "const q = `SELECT id FROM sent_codes`", sqlOutside, 0},
		{"SQL made by Sprintf in a store", "factor", "store.go", "var q = fmt.Sprintf(`SELECT %s FROM factors`, c)", sqlOutside, 1},

		{"secret ==", "totp", "totp.go", "var ok = k.Secret == other", secretCompared, 1},
		{"hash !=, sliced", "session", "session.go", "var bad = row.tokenHash[:4] != given", secretCompared, 1},
		{"bytes.Equal", "session", "session.go", "var ok = bytes.Equal(hash, given)", secretCompared, 1},
		{"converted", "user", "user.go", "var ok = string(password) == given", secretCompared, 1},
		{"a code where codes are judged", "otp", "otp.go", "var ok = code == want", secretCompared, 1},
		{"the kind of a factor", "factor", "factor.go", "var ok = f.Kind == factor.BackupCode", secretCompared, 0},
		{"a selector", "backupcode", "backupcode.go", "var ok = stored.Selector == code[:8]", secretCompared, 0},
		{"an error's code elsewhere", "web", "web.go", "var ok = err.Code == other.Code", secretCompared, 0},
		{"empty, nil, length", "user", "user.go", `var ok = password == "" || hash == nil || len(secret) == 20`, secretCompared, 0},
		{"declared public", "db", "migrate.go", "var ok = row.hash == want // public: the checksum of a file in the binary", secretCompared, 0},
		{"constant time", "totp", "totp.go", "var ok = subtle.ConstantTimeCompare(secret, other) == 1", secretCompared, 0},

		{"quick hashes in the product", "app", "app.go", "var h = password.New(password.Config{}).Quick()", cheapHashing, 1},
		{"quick hashes in a test's ground", "domaintest", "domaintest.go", "var h = password.New(password.Config{}).Quick()", cheapHashing, 0},

		{"clock in the domain", "session", "session.go", "func f() { _ = time.Now() }", readsClock, 1},
		{"sleep in a flow", "signin", "signin.go", "func f() { time.Sleep(1) }", readsClock, 1},
		{"the clock as a value", "session", "session.go", "var now = time.Now", readsClock, 0},
		{"clock at the top", "app", "app.go", "func f() { _ = time.Now() }", readsClock, 0},

		{"no comment", "session", "session.go", "type Session struct{}\nfunc End() {}", undocumented, 2},
		{"comments", "session", "session.go", "// Session is one.\ntype Session struct{}\n// End ends it.\nfunc End() {}", undocumented, 0},
		{"unexported receiver", "session", "session.go", "func (s store) End() {}", undocumented, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := source(t, c.place, c.file, "package p\n"+c.body+"\n")
			if got := c.rule(f); len(got) != c.found {
				t.Errorf("found %d: %v, want %d", len(got), got, c.found)
			}
		})
	}
}
