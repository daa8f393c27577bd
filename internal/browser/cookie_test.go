package browser

import (
	"strings"
	"testing"
	"unicode/utf8"

	"sallyport/internal/token"
)

// FuzzCookie: whatever is sent, what is taken for a cookie has the four parts of one, and an id that both databases can look for.
func FuzzCookie(f *testing.F) {
	secret, _ := token.Issue("acc_1", "usr_1", prefix)
	whole, _ := turned(secret)
	for _, seed := range []string{"", ".", "...", "a.b.c.d", secret, whole, whole + ".", "." + whole, whole + whole, whole[:len(whole)-5], whole[:len(whole)-1] + "\x00", strings.Repeat(".", 251)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		b, front, turn, ok := parse(cookie)
		if id := ID(cookie); ok != (id != "") {
			t.Fatalf("%q: taken for a cookie %v, and named %q", cookie, ok, id)
		}
		if !ok {
			return
		}
		last := cookie[len(cookie)-44:]
		if strings.Count(cookie, ".") != 3 || front+last != cookie || last[0] != '.' || len(turn) != 32 {
			t.Fatalf("%q is taken for a cookie", cookie)
		}
		if key := b.AccountID + b.UserID + b.ID; !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			t.Fatalf("%q stands for a row of which no database can have the key %q", cookie, key)
		}
	})
}

// TestNamesOfCookies: people have names of their own, and not even both ids run together make the same.
func TestNamesOfCookies(t *testing.T) {
	seen := map[string]bool{}
	for _, who := range [][2]string{{"acc_1", "usr_1"}, {"acc_1", "usr_2"}, {"acc_2", "usr_1"}, {"acc_1u", "sr_1"}} {
		name := Name(who[0], who[1])
		if len(name) != 8 || seen[name] || strings.Trim(name, "0123456789abcdef") != "" {
			t.Errorf("%v has the name %q", who, name)
		}
		seen[name] = true
	}
}
