package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/chrometest"
	"sallyport/internal/porttest"
)

// TestFirstStart sets up a server as an operator does: a key, a start, and the one-time link
// that the first start prints instead of having a default user.
func TestFirstStart(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	dir := t.TempDir()
	listen := porttest.Free(t).String()
	env := []string{
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"),
		"SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_LISTEN=" + listen,
	}
	command(t, env, "", "key", "new")
	var link string
	start(t, env, []string{"serve"}, func(line string) bool {
		if u := address.FindString(line); strings.Contains(u, "/set-up") {
			link = u
		}
		return link != ""
	})
	base, path, found := strings.Cut(link, "/set-up")
	if !found {
		t.Fatalf("the link is %s", link)
	}
	b := openBrowser(t, base, false)
	b.Open("/set-up" + path)
	b.Sees("Set up the first organisation")
	b.Inspect("set-up")
	b.Fill("Organisation", "Example Works")
	b.Fill("Your name", "Mary Example")
	b.Fill("E-mail", "mary@example.test")
	b.Fill("Password", "password")
	b.Press("Set up")
	b.Refuses("Set up the first organisation")
	b.Inspect("set-up-common-password")
	const password = "a lamp under a bushel"
	b.Fill("Password", password)
	b.Press("Set up")
	b.Sees("Sign in", "The organisation is set up.")
	b.signIn("mary@example.test", password)
	b.Sees("Make your account safer")

	b.Open("/set-up" + path)
	b.Sees("This set-up link no longer works")
	b.Inspect("set-up-over")
}
