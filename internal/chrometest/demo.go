package chrometest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// KeepDemo runs the program's demo once, ends it and leaves its data in a folder of its own in dir. Copies of that spare the tests
// what a demo's first start costs most of them more than all that they do in it: the hashes of fourteen passwords.
func KeepDemo(program, dir string) (kept string, err error) {
	kept, err = os.MkdirTemp(dir, "demo-")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(program, "demo", "--listen", "127.0.0.1:0", "--data", kept)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SALLYPORT_") { // the program refuses settings that it does not know
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); _ = in.Close() }()
	var said strings.Builder
	up := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if !up && strings.HasPrefix(lines.Text(), "The data is kept in") {
			up = true
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		}
	}
	err = <-ended
	if err == nil && !up {
		err = errors.New("it did not start")
	}
	if err != nil {
		return "", fmt.Errorf("the demo that the others begin with: %w\n%s", err, said.String())
	}
	return kept, nil
}

// CopyDemo copies the data of a demo that has ended, for one test.
func CopyDemo(t *testing.T, kept string) string {
	t.Helper()
	files, err := os.ReadDir(kept)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(kept, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name()), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
