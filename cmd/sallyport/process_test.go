package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/porttest"
)

// soak is whether the long counts are wanted.
func soak() bool { return os.Getenv("SALLYPORT_SOAK") != "" }

// process is one running "sallyport serve".
type process struct {
	url   string
	ready time.Duration // from the start to the first "ready"
	cmd   *exec.Cmd
	out   *output
	done  chan error
}

// output collects what a process prints.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// command prepares the program with settings "name=value" over an environment without any.
func command(ctx context.Context, settings []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sallyport", args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "SALLYPORT_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	for _, s := range settings {
		cmd.Env = append(cmd.Env, "SALLYPORT_"+s)
	}
	return cmd
}

// run runs a command to its end and returns what it printed.
func run(t *testing.T, settings []string, args ...string) (string, error) {
	t.Helper()
	out, err := command(t.Context(), settings, args...).CombinedOutput()
	return string(out), err
}

// serve starts a server and waits until it is ready.
func serve(t *testing.T, settings ...string) *process {
	t.Helper()
	p := launch(t, settings...)
	p.awaitReady(t)
	return p
}

// launch starts a server on a free port and does not wait.
func launch(t *testing.T, settings ...string) *process {
	t.Helper()
	address := porttest.Free(t).String()
	p := &process{url: "http://" + address, out: &output{}, done: make(chan error, 1)}
	p.cmd = command(context.WithoutCancel(t.Context()), append([]string{"LISTEN=" + address, "LOG_LEVEL=debug"}, settings...), "serve")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { p.signal(syscall.SIGKILL) })
	return p
}

func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	start := time.Now()
	for time.Since(start) < 2*time.Minute {
		if answer, err := http.Get(p.url + "/readyz"); err == nil {
			_ = answer.Body.Close() // only the status counts
			if answer.StatusCode == http.StatusOK {
				p.ready = time.Since(start)
				return
			}
		}
		select {
		case err := <-p.done:
			p.done <- err
			t.Fatalf("the server ended: %v\n%s", err, p.out)
		case <-time.After(5 * time.Millisecond):
		}
	}
	t.Fatalf("the server does not get ready:\n%s", p.out)
}

// signal sends a signal and waits for the process to end; its exit code, −1 for a killed one.
func (p *process) signal(s syscall.Signal) int {
	_ = p.cmd.Process.Signal(s) // it may have ended already
	err := <-p.done
	p.done <- err
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// client is a browser in front of the process.
func (p *process) client(t *testing.T) *apptest.Client { return apptest.NewClient(t, p.url) }

// eachEngine runs fn as a subtest per engine with the address of a fresh, migrated database.
func eachEngine(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, dbtest.SQLite(t)) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, dbtest.Postgres(t)) })
}
