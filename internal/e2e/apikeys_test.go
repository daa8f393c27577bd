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
	if kept := eval[int](b, oneOfEachKind); kept == 0 {
		t.Error("the reference shows no call")
	}
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

// oneOfEachKind takes from the reference the calls that have no part of a new kind, and the ends of its lists. It says how many calls are left.
const oneOfEachKind = `(() => {
	const seen = new Set();
	for (const call of document.querySelectorAll("main section")) {
		const parts = [...call.querySelectorAll("h4, pre, details")].map(e => e.tagName + (e.tagName === "H4" ? e.textContent[0] : ""));
		if (parts.every(p => seen.has(p))) call.remove();
		parts.forEach(p => seen.add(p));
	}
	document.querySelectorAll("main dl > :nth-child(n+4)").forEach(e => e.remove());
	return document.querySelectorAll("main section").length;
})()`
