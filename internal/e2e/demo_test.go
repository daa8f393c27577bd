package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/chrometest"
)

// demo is a running `sallyport demo` with a fresh sample account.
type demo struct {
	url       string            // without a slash at the end
	passwords map[string]string // by e-mail
	token     string            // the last one from a mail that was used
}

var (
	address = regexp.MustCompile(`https?://[^\s"]+`)
	person  = regexp.MustCompile(`^\s*([^\s@]+@\S+)\s+(?:owner|admin|member)\s+(\S+)\s*$`)
)

// startDemo runs the demo on a free port of the loopback and reads what it prints: its
// address, and one line a user with e-mail, role and password. Its sample account is a copy of
// one that was made once, unless args name a folder with --data.
func startDemo(t *testing.T, args ...string) *demo {
	t.Helper()
	if !slices.Contains(args, "--data") {
		data, err := keptDemo()
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--data", chrometest.CopyDemo(t, data))
	}
	d := &demo{passwords: map[string]string{}}
	start(t, nil, append([]string{"demo", "--listen", "127.0.0.1:0"}, args...), func(line string) bool {
		if m := person.FindStringSubmatch(line); m != nil {
			d.passwords[m[1]] = m[2]
		} else if u := address.FindString(line); u != "" && d.url == "" {
			d.url = strings.TrimRight(u, "/")
		}
		return d.url != "" && len(d.passwords) == 3
	})
	return d
}

// start runs the program under test and hands the lines it prints to ready, until that says
// that all is there. The program is told to stop at the end of the test, which fails if it does
// not end in order.
func start(t *testing.T, env, args []string, ready func(line string) bool) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(environment(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said transcript
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		waiting := true
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said.add(lines.Text())
			if waiting && ready(lines.Text()) {
				waiting = false
				close(up)
			}
		}
	}()
	go func() { ended <- cmd.Wait(); in.Close() }()
	stop := func(err error) {
		if err != nil {
			t.Errorf("%v ended with %v", args, err)
		}
		if t.Failed() {
			t.Logf("%v said:\n%s", args, said.String())
		}
	}
	select {
	case <-up:
	case err := <-ended:
		stop(err)
		t.Fatalf("%v ended at once, and said:\n%s", args, said.String())
	case <-time.After(2 * time.Minute):
		cmd.Process.Kill()
		t.Fatalf("%v was not ready within two minutes, and said:\n%s", args, said.String())
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			stop(err)
		case <-time.After(time.Minute):
			cmd.Process.Kill()
			t.Errorf("%v did not end within a minute of SIGTERM", args)
		}
	})
}

// environment is ours without the variables that steer the tests: the program refuses
// settings that it does not know.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SALLYPORT_") })
}

// command runs the program under test to its end, with what a person would type as its input.
func command(t *testing.T, env []string, input string, args ...string) string {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(environment(), env...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// transcript collects what a program says.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (s *transcript) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.WriteString(line + "\n")
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
