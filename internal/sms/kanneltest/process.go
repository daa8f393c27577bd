package kanneltest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// limit is how long anything may take that a healthy machine does in a second or two.
const limit = time.Minute

// missing skips the test for want of a component, or fails it where all are demanded.
func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
		tb.Fatalf("SALLYPORT_TEST_ENGINES=all, but %s; scripts/install-test-tools.sh installs it", what)
	}
	tb.Skipf("%s; scripts/install-test-tools.sh installs it", what)
}

// process is a program whose output is kept by lines.
type process struct {
	stdin io.WriteCloser

	mu      sync.Mutex
	lines   []string
	ended   bool
	changed chan struct{} // closed when there are more lines, or it ended
}

// supervise runs a program until standard input ends, which is when the test does, even by
// SIGKILL; then it ends the program by its process id.
const supervise = `
"$@" </dev/null &
pid=$!
exec >/dev/null 2>&1 # so that the output ends with the program
while read -r _; do :; done
kill -KILL $pid 2>/dev/null
wait $pid
`

// start runs the program, which ends with the test at the latest. Without keepInput it gets a
// supervisor; a program that reads commands has to end itself when they do.
func start(tb testing.TB, keepInput bool, name string, args ...string) *process {
	tb.Helper()
	argv := append([]string{name}, args...)
	if !keepInput {
		argv = append([]string{"/bin/sh", "-c", supervise, "supervise"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is the test's to handle
	stdin, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	_ = in.Close() // the child has its own
	p := &process{stdin: stdin, changed: make(chan struct{})}
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			p.add(s.Text(), false)
		}
		p.add("", true)
	}()
	tb.Cleanup(func() {
		_ = stdin.Close() // it may have ended already
		_ = cmd.Wait()    // killed, by design
		_ = out.Close()
		if tb.Failed() {
			tb.Logf("the end of %s's output:\n%s", filepath.Base(name), p.tail())
		}
	})
	return p
}

func (p *process) add(line string, end bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if end {
		p.ended = true
	} else {
		p.lines = append(p.lines, line)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *process) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-40):], "\n")
}

// await returns when done says so of the lines so far, false if that does not happen.
func (p *process) await(within time.Duration, done func(lines []string) bool) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		p.mu.Lock()
		lines, ended, changed := p.lines, p.ended, p.changed
		p.mu.Unlock()
		if done(lines) {
			return true
		}
		if ended {
			return false
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// awaitPort returns when something listens on the port.
func (p *process) awaitPort(port string) error {
	until := time.Now().Add(limit)
	for {
		c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", port), time.Second)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(until) {
			return fmt.Errorf("nothing listens: %w\n%s", err, p.tail())
		}
		if p.await(50*time.Millisecond, func([]string) bool { return false }); p.over() {
			return fmt.Errorf("it ended:\n%s", p.tail())
		}
	}
}

func (p *process) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
