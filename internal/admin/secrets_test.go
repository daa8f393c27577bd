package admin_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
)

// columns reads from the migrations which columns hold text or bytes, so that a new one is searched too.
func columns(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob("../db/migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	table := regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	column := regexp.MustCompile(`(?m)^\s+(\w+)\s+(?:text|bytea)\b`)
	all := map[string][]string{}
	for _, name := range names {
		sql, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range table.FindAllStringSubmatch(string(sql), -1) {
			for _, c := range column.FindAllStringSubmatch(m[2], -1) {
				all[m[1]] = append(all[m[1]], c[1])
			}
		}
	}
	if !slices.Contains(all["factors"], "secret") || !slices.Contains(all["audit_events"], "detail") {
		t.Fatalf("the migrations were not understood: %v", all)
	}
	return all
}

// stored is every text and every byte string of the database.
func stored(t *testing.T, d *db.DB) map[string][][]byte {
	t.Helper()
	found := map[string][][]byte{}
	for table, names := range columns(t) {
		for _, name := range names {
			err := d.Each(t.Context(), `SELECT `+name+` FROM `+table, nil, func(scan func(...any) error) error {
				var value []byte
				err := scan(&value)
				found[table+"."+name] = append(found[table+"."+name], bytes.Clone(value))
				return err
			})
			if err != nil {
				t.Fatalf("%s.%s: %v", table, name, err)
			}
		}
	}
	return found
}

// encodings are the forms in which a secret might lie about.
func encodings(secret []byte) [][]byte {
	return [][]byte{
		secret,
		[]byte(hex.EncodeToString(secret)),
		[]byte(strings.TrimRight(base32.StdEncoding.EncodeToString(secret), "=")),
		[]byte(base64.RawStdEncoding.EncodeToString(secret)),
		[]byte(base64.RawURLEncoding.EncodeToString(secret)),
	}
}

// TestNoSecretInAnyColumn is B45, B62 and B92: after a busy day no seed, password, code or
// cookie lies in the database, in whatever encoding.
func TestNoSecretInAnyColumn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, b, codes := w.AddPhone(t, w.SignInPlain(t, w.Ada), "My Phone")
		waiting := w.BeginPhone(t, b, "Waiting")
		used, wrong := phone.Code(w.Clock.Now()), phone.Wrong(w.Clock.Now())
		half := w.Password(t, w.Ada)
		for _, code := range []string{wrong, used, used, codes[0]} {
			step := w.Password(t, w.Ada)
			_, _ = w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: code}, domaintest.By)
		}
		const guess, slip = "the guess of a stranger", "typed into the wrong field"
		for _, c := range []signin.Credentials{{Email: "ada@acme.test", Password: guess}, {Email: slip, Password: guess}} {
			_, _ = w.SignIn.Password(t.Context(), c, domaintest.By)
		}
		if err := w.Admin.ResetTwoFactor(t.Context(), w.Grace, "lost phone", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		ada := w.Browse(t, w.Ada)
		if err := w.Admin.SetMailServer(t.Context(), prove(t, w, w.Ada), ada.Signed, acmeMail, ada.As()); err != nil {
			t.Fatal(err)
		}
		secrets := map[string][]byte{
			"mail server's password": []byte(acmeMail.Password),
			"password":               []byte(domaintest.Password), "a stranger's password": []byte(guess), "a password in the wrong field": []byte(slip),
			"seed": phone.Key.Secret, "seed that waits": waiting.Key.Secret,
			"session": []byte(b.Cookie[strings.LastIndex(b.Cookie, ".")+1:]), "pending": []byte(half.Cookie[strings.LastIndex(half.Cookie, ".")+1:]),
		}
		for i, code := range codes {
			secrets["backup code "+string(rune('0'+i))] = []byte(code)
			secrets["bare backup code "+string(rune('0'+i))] = []byte(strings.ReplaceAll(code, "-", ""))
			secrets["secret part of backup code "+string(rune('0'+i))] = []byte(strings.ReplaceAll(code, "-", "")[2:])
		}
		all := stored(t, d)
		values := 0
		for place, rows := range all {
			for _, row := range rows {
				values++
				for name, secret := range secrets {
					for i, form := range encodings(secret) {
						if bytes.Contains(bytes.ToLower(row), bytes.ToLower(form)) {
							t.Errorf("%s in %s, encoding %d", name, place, i)
						}
					}
				}
			}
		}
		if values < 100 || len(all["factors.secret"]) == 0 {
			t.Errorf("searched only %d values in %v", values, slices.Sorted(maps.Keys(all)))
		}
		// Six digits are too short to search for everywhere; the record of events is where they might be.
		for _, detail := range all["audit_events.detail"] {
			for _, code := range []string{used, wrong} {
				if bytes.Contains(detail, []byte(code)) {
					t.Errorf("code in %s", detail)
				}
			}
		}
	})
}

// TestEveryChangeHasOneRecord: what is acknowledged is in the record once, what is refused is no change.
func TestEveryChangeHasOneRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		seen := map[string]bool{}
		fresh := func() (got []audit.Action) {
			events, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if !seen[e.ID] {
					seen[e.ID] = true
					got = append(got, e.Action)
				}
			}
			slices.Sort(got)
			return got
		}
		expect := func(what string, want ...audit.Action) {
			t.Helper()
			slices.Sort(want)
			if got := fresh(); !slices.Equal(got, want) {
				t.Errorf("%s: recorded %v, want %v", what, got, want)
			}
		}
		ctx := t.Context()
		expect("the beginning", audit.AccountCreated, audit.UserCreated, audit.UserCreated, audit.UserCreated)
		b := w.SignInPlain(t, w.Ada)
		expect("sign-in", audit.SignedIn)
		p := w.BeginPhone(t, b, "Phone")
		expect("an unconfirmed device")
		cookie, codes, err := w.Profile.ConfirmDevice(ctx, b.Signed, p.FactorID, p.Code(w.Clock.Now()), b.As())
		wantError(t, "confirm", err, nil)
		expect("a device", audit.FactorAdded, audit.BackupCodesMade)
		b = w.Open(t, cookie)
		wantError(t, "rename", w.Factors.Rename(ctx, b.Signed.User, p.FactorID, "Other", b.As()), nil)
		expect("rename", audit.FactorRenamed)
		for _, c := range []struct {
			code string
			want []audit.Action
		}{
			{p.Code(w.Clock.Now()), []audit.Action{audit.CodeUsedTwice}},
			{p.Wrong(w.Clock.Now()), []audit.Action{audit.CodeRefused}},
			{"12", nil},
			{codes[0], []audit.Action{audit.SignedIn}},
		} {
			step := w.Password(t, w.Ada)
			_, _ = w.SignIn.Verify(ctx, step.Cookie, signin.Attempt{Code: c.code}, domaintest.By)
			expect("code "+c.code, c.want...)
		}
		_, err = w.SignIn.Password(ctx, signin.Credentials{Account: "acme", Email: w.Ada.Email, Password: "wrong"}, domaintest.By)
		if err == nil {
			t.Error("a wrong password enters")
		}
		expect("wrong password", audit.PasswordRefused)
		cookie, _, err = w.Profile.NewBackupCodes(ctx, b.Signed, domaintest.Proofs, w.CodeSet(t, b.Signed.User), b.As())
		wantError(t, "new codes", err, nil)
		expect("new codes", audit.BackupCodesMade)
		b = w.Open(t, cookie)
		cookie, _, err = w.Profile.RemoveDevice(ctx, b.Signed, p.FactorID, domaintest.Proofs, b.As())
		wantError(t, "remove", err, nil)
		expect("remove", audit.FactorRemoved)
		b = w.Open(t, cookie)
		cookie, err = w.Profile.ChangePassword(ctx, b.Signed, domaintest.Password, "nine quiet harbour cranes", b.As())
		wantError(t, "change", err, nil)
		expect("change", audit.UserPasswordChanged)
		b = w.Open(t, cookie)
		cookie, err = w.Sessions.EndOthers(ctx, b.Signed, b.As())
		wantError(t, "end others", err, nil)
		b = w.Open(t, cookie)
		expect("end others", audit.OtherSessionsEnd)
		if err := w.Sessions.End(ctx, b.Signed, "ses_none", b.As()); err == nil {
			t.Error("ended what is not there")
		}
		expect("ending what is not there")
		wantError(t, "sign out", w.Sessions.SignOut(ctx, b.Signed, b.As()), nil)
		expect("sign out", audit.SignedOut)
		wantError(t, "lock", w.Admin.Lock(ctx, w.Alan, audit.Operator()), nil)
		wantError(t, "unlock", w.Admin.Unlock(ctx, w.Alan, audit.Operator()), nil)
		expect("lock and unlock", audit.UserLocked, audit.UserUnlocked)
		wantError(t, "set", w.Admin.SetPassword(ctx, w.Acme, w.Alan, "nine quiet harbour cranes", audit.Operator()), nil)
		expect("set", audit.UserPasswordChanged)
		wantError(t, "reset", w.Admin.ResetTwoFactor(ctx, w.Alan, "lost", audit.Operator()), nil)
		expect("reset", audit.UserReset)
		w.Clock.Advance(time.Second)
		w.SetPolicy(t, "max_devices_per_kind=3")
		expect("policy", audit.AccountPolicyChanged)
		w.Enrol(t, w.Ada)
		expect("a device again", audit.FactorAdded, audit.BackupCodesMade)
		b = w.Browse(t, w.Ada)
		wantError(t, "mail server", w.Admin.SetMailServer(ctx, prove(t, w, w.Ada), b.Signed, acmeMail, b.As()), nil)
		expect("mail server", audit.MailServerSet)
		wantError(t, "no mail server", w.Admin.RemoveMailServer(ctx, prove(t, w, w.Ada), b.Signed, b.As()), nil)
		expect("no mail server", audit.MailServerRemoved)
	})
}
