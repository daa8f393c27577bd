package user

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCanonicalEmail(t *testing.T) {
	for typed, want := range map[string]string{
		"ada@acme.test": "ada@acme.test", " ADA@Acme.Test\t": "ada@acme.test", "a+b@acme.test": "a+b@acme.test", "o'neil@acme.test": "o'neil@acme.test",
		"a@b": "a@b", "a@xn--bcher-kva.example": "a@xn--bcher-kva.example", strings.Repeat("l", 64) + "@acme.test": strings.Repeat("l", 64) + "@acme.test",
	} {
		if got, err := CanonicalEmail(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "ada", "@acme.test", "ada@", "ada@@acme.test", "a@b@c", "Ada <ada@acme.test>", `"ada"@acme.test`, "ada@acme.test, alan@acme.test",
		"ada@[127.0.0.1]", "ada@acme.test.", "ada@-acme.test", "ada@acme.test-", "ada @acme.test", "ada@acme..test", ".ada@acme.test", "ada(comment)@acme.test",
		"ädä@acme.test", "ada@äcme.test", "аda@acme.test", "ada@acme.test\x00", "a\x00@acme.test", "a\r\nb@acme.test", "\xff@acme.test", "ada@acme\u200b.test",
		"ada@acme.te\u017ft", "ada@\u212aacme.test", strings.Repeat("l", 65) + "@acme.test", "a@" + strings.Repeat("d.", 130) + "test",
	} {
		if got, err := CanonicalEmail(bad); err == nil {
			t.Errorf("%q is accepted as %q", bad, got)
		}
	}
}

// FuzzCanonicalEmail: the canonical form is its own canonical form, the same for every case of letters, and safe to print.
func FuzzCanonicalEmail(f *testing.F) {
	for _, s := range []string{"ada@acme.test", " A@B.C ", "", "a@b@c", "\xff@x", "a\u2028@b", "\u00a0a@b\u00a0", "a@b.", "İ@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := CanonicalEmail(typed)
		if err != nil {
			if got != "" {
				t.Errorf("%q is refused, yet gives %q", typed, got)
			}
			return
		}
		for _, variant := range []string{got, strings.ToUpper(got), "\n" + got + " "} {
			if again, err := CanonicalEmail(variant); err != nil || again != got {
				t.Errorf("%q gives %q, but %q gives %q, %v", typed, got, variant, again, err)
			}
		}
		if strings.Count(got, "@") != 1 || len(got) > 254 || got != strings.ToLower(got) || strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%q gives %q", typed, got)
		}
	})
}

// FuzzCheckName: a name that passes shows what it is.
func FuzzCheckName(f *testing.F) {
	for _, s := range []string{"Ada", "", "\u202eadA", "a\x00", strings.Repeat("ü", 80), "\xff", "a\u2066b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := CheckName(name)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 80 || strings.ContainsAny(got, "\x00\r\n\u202e\u2066\u200b") {
			t.Errorf("%q passes as %q", name, got)
		}
	})
}

func TestRoles(t *testing.T) {
	for _, r := range []Role{Owner, Admin, Member} {
		if got, err := ParseRole(string(r)); err != nil || got != r {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	for _, bad := range []string{"", "Owner", "root", "owner "} {
		if got, err := ParseRole(bad); err == nil {
			t.Errorf("%q is accepted as %s", bad, got)
		}
	}
}
