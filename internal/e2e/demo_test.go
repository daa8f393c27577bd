package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// demo is a running `sallyport demo` with a fresh sample account.
type demo struct {
	url       string            // without a slash at the end
	passwords map[string]string // by e-mail
}

var (
	address = regexp.MustCompile(`https?://[^\s"]+`)
	person  = regexp.MustCompile(`^\s*([^\s@]+@\S+)\s+(?:owner|admin|member)\s+(\S+)\s*$`)
)

// startDemo runs the built binary on a free port of the loopback and reads what it prints:
// its address, and one line a user with e-mail, role and password. It is stopped at the end
// of the test, which fails if it does not end in order.
func startDemo(t *testing.T) *demo {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "demo", "--listen", "127.0.0.1:0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log syncBuffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}

	d := &demo{passwords: map[string]string{}}
	ready := make(chan struct{})
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			line := lines.Text()
			log.Write([]byte(line + "\n"))
			if ready == nil {
				continue
			}
			if m := person.FindStringSubmatch(line); m != nil {
				d.passwords[m[1]] = m[2]
			} else if u := address.FindString(line); u != "" && d.url == "" {
				d.url = strings.TrimRight(u, "/")
			}
			if d.url != "" && len(d.passwords) == 3 {
				close(ready)
				ready = nil
			}
		}
		io.Copy(io.Discard, stdout)
	}()
	started := ready
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		hung := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		<-drained
		err := cmd.Wait()
		if !hung.Stop() {
			t.Error("the server did not end within ten seconds of SIGTERM")
		} else if err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", log.String())
		}
	})
	select {
	case <-started:
	case <-drained:
		t.Fatal("the server ended at once")
	case <-time.After(20 * time.Second):
		t.Fatal("the server printed no address and three users within twenty seconds")
	}
	return d
}

// syncBuffer collects what two streams say.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
