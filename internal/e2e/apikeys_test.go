package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// TestAPIKey: a key is made in the pages, and curl calls with it as a script would: the key alone is worth nothing, with a code of
// its own authenticator it counts, once, and removed it is worth nothing again (A9, A10).
func TestAPIKey(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.press("Set up now")
	b.addDevice("My Phone", d.passwords[ada])
	b.press("I have saved them")

	b.open("/settings/api-keys")
	b.sees("API keys", "You have no API keys.")
	b.inspect("api-keys-none")
	b.press("Make a key")
	b.press("Make a key") // without a name
	b.refuses("Make an API key", "Name")
	b.fill("Name", "Nightly report")
	b.inspect("new-api-key")
	b.press("Make a key")
	b.sees("Your new API key", "It is not shown again.")
	key := eval[string](b, `document.getElementById("value").innerText`)
	program := scan(t, b.picture())
	b.inspect("made-api-key")
	b.fill("Authentication code", program.code(t))
	b.press("Verify")
	b.sees("Nightly report", "Set up", "Never")
	b.inspect("api-key")

	call := func(code string) string {
		args := []string{"--silent", "--header", "Authorization: Bearer " + key}
		if code != "" {
			args = append(args, "--header", "Sallyport-OTP: "+code)
		}
		out, err := exec.Command("curl", append(args, d.url+"/v1/me")...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl: %v\n%s", err, out)
		}
		return string(out)
	}
	expect := func(what, got, want string) {
		t.Helper()
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	expect("the key alone", call(""), `"code":"second_factor_required"`)
	code := program.code(t)
	expect("with a code", call(code), `"email":"`+ada+`"`)
	expect("with the same code", call(code), `"code":"used_code"`)

	b.open("/docs")
	b.sees("API reference", "Getting started")
	// The reference weighs more than a page may, and most of it is more of the same: axe-core would look at it for minutes.
	eval[int](b, `[...document.querySelectorAll("main > *")].slice(60).map(e => e.remove()).length`)
	for _, barrier := range b.barriers("docs") {
		t.Error(barrier)
	}
	b.open("/settings/api-keys")
	b.sees("API keys", "Nightly report", "With a second factor", "last used")
	b.press("Remove the key Nightly report")
	b.press("Remove")
	b.sees("API keys", "You have no API keys.")
	expect("removed", call(program.code(t)), `"code":"invalid_key"`)
}
