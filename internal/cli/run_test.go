package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sallyport/internal/cli"
)

// shell runs commands the way a terminal would, with these settings.
type shell struct {
	environ []string
}

// run gives the exit code and what was said on both outputs.
func (s shell) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	var out bytes.Buffer
	code = cli.Run(t.Context(), cli.Console{Args: args, Environ: s.environ, Stdin: nothing, Stdout: &out, Stderr: said})
	text, err := os.ReadFile(said.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String(), string(text)
}

// does fails the test unless the command succeeds.
func (s shell) does(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := s.run(t, args...)
	if code != 0 {
		t.Fatalf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}
