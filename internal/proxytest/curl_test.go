package proxytest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sallyport/client"
	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
)

// TestCurl calls a program behind the door with an API key and a code, by the script that the example prints.
func TestCurl(t *testing.T) {
	needs(t, "/usr/bin/curl")
	needs(t, "/usr/bin/oathtool")
	t.Parallel()
	e := start(t, "curl")
	w := e.walker(t)
	w.signIn(w.open(e.server+"/sign-in"), apptest.Grace)
	person, err := client.New(e.server, client.Session(w.sites[e.server].Cookies[httpx.SessionCookie]))
	if err != nil {
		t.Fatal(err)
	}
	made, err := person.CreateAPIKey(t.Context(), client.NewAPIKey{Name: "curl", Scopes: []string{"read"}, Device: true, Password: e.passwords[apptest.Grace]})
	if err != nil {
		t.Fatal(err)
	}
	phone := domaintest.Scan(t, made.ID, made.Enrolment.URI)
	if err := person.ConfirmAPIKeyDevice(t.Context(), made.ID, phone.Code(time.Now().Add(-30*time.Second))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"key": made.Key, "secret": made.Enrolment.Secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	call := func() ([]byte, error) {
		curl := exec.Command(filepath.Join(root(t), "examples", "curl", "call.sh"), e.site+"/whoami")
		curl.Dir = dir
		return curl.CombinedOutput()
	}
	out, err := call()
	said := map[string][]string{}
	if err != nil || json.Unmarshal(out, &said) != nil || len(said["Remote-Email"]) != 1 || said["Remote-Email"][0] != apptest.Grace {
		t.Fatalf("%v\n%s", err, out)
	}
	if said["Authorization"] != nil || said["Sallyport-Otp"] != nil {
		t.Errorf("the program has the credentials: %v", said)
	}
	if out, err := call(); err == nil { // the same half minute, but for the rare turn of it
		if code := phone.Code(time.Now()); code == phone.Code(time.Now().Add(-2*time.Second)) {
			t.Errorf("a code counted twice: %s", out)
		}
	}
}
