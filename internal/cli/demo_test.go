package cli_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/cli"
)

// watched is a standard output that ends the command once a text was written to it.
type watched struct {
	bytes.Buffer
	until string
	end   context.CancelFunc
}

func (w *watched) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(w.String(), w.until) {
			w.end()
		}
	}()
	return w.Buffer.Write(p)
}

// start runs a server's command until it has said so much.
func start(t *testing.T, until string, environ []string, args ...string) (code int, stdout string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &watched{until: until, end: cancel}
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	code = cli.Run(ctx, cli.Console{Args: args, Environ: environ, Stdin: said, Stdout: out, Stderr: said})
	if text, _ := os.ReadFile(said.Name()); code != 0 {
		t.Logf("%s", text)
	}
	return code, out.String()
}

// TestDemoFollowsNoLink: the passwords go into a new file of their own, whatever lies in
// the folder already.
func TestDemoFollowsNoLink(t *testing.T) {
	dir, target := t.TempDir(), filepath.Join(t.TempDir(), "elsewhere")
	list := filepath.Join(dir, "demo-users.txt")
	if err := os.Symlink(target, list); err != nil {
		t.Fatal(err)
	}
	code, out := start(t, "Stop it with", nil, "demo", "--data", dir, "--listen", "127.0.0.1:0")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the passwords went through the link")
	}
	info, err := os.Lstat(list)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if text, _ := os.ReadFile(list); !bytes.Contains([]byte(out), text) || len(text) == 0 {
		t.Errorf("the file says %q", text)
	}
}

// TestAddressIsTaken: each command says how another address is chosen there.
func TestAddressIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	code, _, said := shell{}.run(t, "demo", "--listen", l.Addr().String())
	if code != 1 || !strings.Contains(said, "make demo LISTEN=127.0.0.1:8081") {
		t.Errorf("demo: exit code %d, %s", code, said)
	}
}

// TestPortChosenByTheSystem: the address that is printed, and that requests must name, has the port in use.
func TestPortChosenByTheSystem(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	shell{}.does(t, "key", "new", key)
	environ := []string{"SALLYPORT_LISTEN=127.0.0.1:0", "SALLYPORT_KEY_FILE=" + key, "SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "s.db")}
	code, out := start(t, "works once", environ, "serve")
	if code != 0 || !regexp.MustCompile(`answers at http://localhost:[1-9]\d+\n`).MatchString(out) || strings.Contains(out, ":0/") {
		t.Errorf("exit code %d: %s", code, out)
	}
	code, out = start(t, "works once", append(environ, "SALLYPORT_PUBLIC_URL=https://login.example.com"), "serve")
	if code != 0 || !strings.Contains(out, "answers at https://login.example.com\n") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// TestDemoLeavesNothingBehindABrokenPipe: "demo | head" removes its folder too.
func TestDemoLeavesNothingBehindABrokenPipe(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cli.Run(ctx, cli.Console{Args: []string{"demo", "--listen", "127.0.0.1:0"}, Stdin: said, Stdout: brokenPipe{w}, Stderr: said})
	if ctx.Err() != nil {
		t.Error("the demo went on for a minute with nobody to read it")
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "sallyport-demo-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// brokenPipe sends the signal that the system sends for a broken standard output: for
// other files the runtime only returns the error.
type brokenPipe struct{ io.Writer }

func (b brokenPipe) Write(p []byte) (int, error) {
	n, err := b.Writer.Write(p)
	if self, e := os.FindProcess(os.Getpid()); err != nil && e == nil {
		_ = self.Signal(syscall.SIGPIPE)
	}
	return n, err
}

// TestDemoDoor: a site that browsers could not be sent back to is refused before anything starts.
func TestDemoDoor(t *testing.T) {
	for _, site := range []string{"ftp://app.localhost", "http://app.example.com", "app.localhost:8081", "https://app.example.com/x"} {
		shell{}.refuses(t, "demo --listen 127.0.0.1:0 --door "+site, 1, "which is no site. Write the program’s site, for example http://app.localhost:8081")
	}
}
