package api_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/user"
)

// TestChecksInTheDocuments runs what docs/checks.md prints, as it is printed but for the code.
func TestChecksInTheDocuments(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
			t.Fatal("no curl here to run the guide with")
		}
		t.Skip("no curl here to run the guide with")
	}
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.DoorOrigins = []string{"https://app.example.com"} })
	guide, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	printed := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(guide), -1)
	if len(printed) != 3 {
		t.Fatalf("%d scripts are printed", len(printed))
	}
	key := newKey(t, s, s.Alan, false, "Shop", "checks")
	run := func(script, id string) (answer map[string]any) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
		cmd.Env = append(os.Environ(), "SALLYPORT="+s.URL, "TOKEN="+key.value, "ID="+id)
		out, err := cmd.CombinedOutput()
		if err == nil {
			err = json.Unmarshal(out, &answer)
		}
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		return answer
	}
	ask, result, verify := printed[0][1], printed[1][1], printed[2][1]
	run(ask, "")
	kay, err := user.ByExternal(t.Context(), s.DB, s.Acme.ID, "customer-4711")
	if err != nil {
		t.Fatal(err)
	}
	phone, _ := s.Enrol(t, kay)
	made := run(ask, "")
	id, _ := made["id"].(string)
	if url, _ := made["url"].(string); made["state"] != "second_factor" || !strings.Contains(url, "/check?token=") {
		t.Errorf("asked: %v", made)
	}
	if got := run(strings.Replace(verify, "123456", phone.Code(s.Clock.Now()), 1), id); got["state"] != "passed" {
		t.Errorf("verified: %v", got)
	}
	if got := run(result, id); got["reference"] != "login-83f1" || got["assertion"] == nil {
		t.Errorf("result: %v", got)
	}
	if got := run(result, id); got["code"] != "check_taken" {
		t.Errorf("the result a second time: %v", got)
	}
}
