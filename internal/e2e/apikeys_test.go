package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"sallyport/internal/chrometest"
)

// TestAPIKey: a key is made in the pages, and curl calls with it as a script would: the key alone is worth nothing, with a code of
// its own authenticator it counts, once, and removed it is worth nothing again (A9, A10).
func TestAPIKey(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.Press("Set up now")
	b.addDevice("My Phone", d.passwords[ada])
	b.Press("I have saved them")

	b.Open("/settings/api-keys")
	b.Sees("API keys", "You have no API keys.")
	b.Inspect("api-keys-none")
	b.Press("Make a key")
	b.Press("Make a key") // without a name
	b.Refuses("Make an API key", "Name")
	b.Fill("Name", "Nightly report")
	b.Inspect("new-api-key")
	b.Press("Make a key")
	b.Sees("Your new API key", "It is not shown again.")
	key := eval[string](b, `document.getElementById("value").innerText`)
	program := chrometest.Scan(t, b.Picture())
	b.Inspect("made-api-key")
	b.Fill("Authentication code", program.Code(t))
	b.Press("Verify")
	b.Sees("Nightly report", "Set up", "Never")
	b.Inspect("api-key")

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
	code := program.Code(t)
	expect("with a code", call(code), `"email":"`+ada+`"`)
	expect("with the same code", call(code), `"code":"used_code"`)

	b.Open("/docs")
	b.Sees("API reference", "Getting started")
	// The reference weighs more than a page may, and most of it is more of the same: axe-core would look at it for minutes.
	eval[int](b, `[...document.querySelectorAll("main > *")].slice(60).map(e => e.remove()).length`)
	for _, barrier := range b.Barriers("docs") {
		t.Error(barrier)
	}
	b.Open("/settings/api-keys")
	b.Sees("API keys", "Nightly report", "With a second factor", "last used")
	b.Press("Remove the key Nightly report")
	b.Press("Remove")
	b.Sees("API keys", "You have no API keys.")
	expect("removed", call(program.Code(t)), `"code":"invalid_key"`)
}
