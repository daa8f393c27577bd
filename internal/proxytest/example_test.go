package proxytest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/chrometest"
	"sallyport/internal/porttest"
)

// ways are the examples that stand in front of a program, with what each needs here besides Go.
var ways = []struct{ name, needs string }{
	{"nginx", "/usr/sbin/nginx"}, {"caddy", "/usr/bin/caddy"}, {"haproxy", "/usr/sbin/haproxy"}, {"middleware", ""}, {"traefik", optional},
}

// optional stands for Traefik, which Debian does not have: it is tried where somebody has brought one, in PATH or named by TRAEFIK.
const optional = "traefik"

// root is the folder of the repository.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// needs skips the test where something is missing, or fails it where nothing may be.
func needs(t *testing.T, file string) {
	t.Helper()
	switch file {
	case "":
		return
	case optional:
		named := os.Getenv("TRAEFIK")
		if _, err := exec.LookPath(cmp.Or(named, file)); err != nil && named != "" {
			t.Fatal(err)
		} else if err != nil {
			t.Skip("no Traefik here, and Debian has none; TRAEFIK can name one")
		}
		return
	}
	if _, err := os.Stat(file); err == nil {
		return
	}
	if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
		t.Fatalf("missing: %s; scripts/install-test-tools.sh installs it", file)
	}
	t.Skipf("missing: %s; scripts/install-test-tools.sh installs it", file)
}

// example is one that runs.
type example struct {
	site, server string            // the program's, and Sallyport's, as browsers name them
	proxy        string            // host and port of the program's site
	passwords    map[string]string // by e-mail
	script       *exec.Cmd
}

var person = regexp.MustCompile(`^\s*([^\s@]+@\S+)\s+(?:owner|admin|member)\s+(\S+)\s*$`)

// workshop is a folder for what all tests of one run share; TestMain makes and removes it.
var workshop string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if workshop, err = os.MkdirTemp("", "sallyport-proxytest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(workshop) //nolint:errcheck // in the system's folder for what is temporary
	return chrometest.Main(m)
}

// built makes the programs, so that examples that start side by side find them, and the data of a demo that was started once.
var built = sync.OnceValues(func() (demo string, err error) {
	root := filepath.Join("..", "..")
	for _, command := range [][]string{{"make", "--silent", "build"}, {"go", "build", "-trimpath", "-o", "bin/", "./examples/assertion", "./examples/dashboard", "./examples/middleware"}} {
		build := exec.Command(command[0], command[1:]...)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w\n%s", command, err, out)
		}
	}
	return chrometest.KeepDemo(filepath.Join(root, "bin", "sallyport"), workshop)
})

// start runs an example's command until the test ends.
func start(t *testing.T, name string, env ...string) *example {
	t.Helper()
	ports := free(t, 3)
	return begin(t, name, "app", ports[1], []string{ports[0], ports[2], ports[1]}, env...)
}

// pair runs two examples with one Sallyport, which is the first one's. The second lets administrators in only.
func pair(t *testing.T, one, two string) (app, wiki *example) {
	t.Helper()
	ports := free(t, 5)
	app = begin(t, one, "app", ports[2], ports[:3], "DOORS=http://wiki.localhost:"+ports[3])
	wiki = begin(t, two, "wiki", ports[2], ports[3:], "JOIN=1", "ASK=roles=admin")
	wiki.passwords = app.passwords
	return app, wiki
}

// begin runs an example in front of a Sallyport with that port. Of the example's own ports the site's is the first, the program's the second;
// when it ends, nothing may listen on any of them.
func begin(t *testing.T, name, called, server string, own []string, env ...string) *example {
	t.Helper()
	demo, err := built()
	if err != nil {
		t.Fatal(err)
	}
	if name != "curl" { // which starts as a person's first one does
		env = append(env, "DEMO_DATA="+chrometest.CopyDemo(t, demo))
	}
	e := &example{
		site: "http://" + called + ".localhost:" + own[0], server: "http://localhost:" + server, proxy: "127.0.0.1:" + own[0],
		passwords: map[string]string{}, script: exec.Command(filepath.Join(root(t), "examples", name, "run.sh")),
	}
	e.script.Dir = t.TempDir()
	e.script.Env = append(os.Environ(), append(env, "NAME="+called, "PORT="+own[0], "SALLYPORT="+server, "PROGRAM="+own[1])...)
	e.script.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, in := io.Pipe()
	e.script.Stdout, e.script.Stderr = in, in
	if err := e.script.Start(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var said strings.Builder
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			mu.Lock()
			fmt.Fprintln(&said, lines.Text())
			mu.Unlock()
			if m := person.FindStringSubmatch(lines.Text()); m != nil {
				e.passwords[m[1]] = m[2]
			}
			if strings.HasPrefix(lines.Text(), "Stop all of it") {
				close(up)
			}
		}
	}()
	go func() { ended <- e.script.Wait(); _ = in.Close() }()
	t.Cleanup(func() {
		_ = e.script.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("the example does not stop")
		}
		for _, port := range own {
			if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
				_ = c.Close()
				t.Errorf("something listens on port %s still", port)
			}
		}
		if t.Failed() {
			mu.Lock()
			defer mu.Unlock()
			t.Logf("the example said:\n%s", said.String())
		}
	})
	select {
	case <-up:
	case err := <-ended:
		ended <- err
		t.Fatalf("the example ended: %v", err)
	case <-time.After(5 * time.Minute): // it builds what it runs
		t.Fatal("the example does not start")
	}
	return e
}

// free gives ports that nothing listens on.
func free(t *testing.T, n int) (ports []string) {
	t.Helper()
	all, err := porttest.Pick(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range all {
		ports = append(ports, strconv.Itoa(int(at.Port())))
	}
	return ports
}

// serverDies kills Sallyport, by its process id among the script's children.
func (e *example) serverDies(t *testing.T) {
	t.Helper()
	pid := strconv.Itoa(e.script.Process.Pid)
	children, err := os.ReadFile(filepath.Join("/proc", pid, "task", pid, "children"))
	if err != nil {
		t.Fatal(err)
	}
	for child := range strings.FieldsSeq(string(children)) {
		line, err := os.ReadFile(filepath.Join("/proc", child, "cmdline"))
		if err != nil || !strings.HasPrefix(string(line), "bin/sallyport\x00") {
			continue
		}
		id, err := strconv.Atoi(child)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(id, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for {
			c, err := net.Dial("tcp", strings.TrimPrefix(strings.Replace(e.server, "localhost", "127.0.0.1", 1), "http://"))
			if err != nil {
				return
			}
			_ = c.Close()
			time.Sleep(10 * time.Millisecond)
		}
	}
	t.Fatal("the example runs no Sallyport")
}
