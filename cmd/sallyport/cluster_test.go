package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"sallyport/internal/porttest"
)

// cluster is a PostgreSQL server of the test's own, which it may stop and start again.
type cluster struct {
	dsn  string
	bin  string
	dir  string
	port string
	attr *syscall.SysProcAttr
}

// newCluster makes and starts one; without the binaries, or as root without the user
// postgres, the test is skipped.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		without(t, "no PostgreSQL binaries here to start and stop a server of")
	}
	dir, err := os.MkdirTemp("", "sallyport-cluster-") // t.TempDir's parents are closed to the user postgres
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	c := &cluster{bin: filepath.Dir(found[len(found)-1]), dir: dir, attr: &syscall.SysProcAttr{}}
	if os.Getuid() == 0 {
		c.attr.Credential = postgres(t)
		if err := os.Chown(dir, int(c.attr.Credential.Uid), int(c.attr.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	at := porttest.Free(t)
	c.port = strconv.Itoa(int(at.Port()))
	c.dsn = (&url.URL{Scheme: "postgres", User: url.User("postgres"), Host: at.String(), Path: "/postgres"}).String()
	c.run(t, "initdb", "-D", c.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	c.start(t)
	t.Cleanup(func() { _ = c.command("pg_ctl", "-D", c.dir+"/data", "-m", "immediate", "stop").Run() }) // stopped already, perhaps
	return c
}

func postgres(t *testing.T) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		without(t, "PostgreSQL does not run as root, and there is no user postgres")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = c.dir, c.attr
	return cmd
}

func (c *cluster) run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := c.command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (c *cluster) start(t *testing.T) {
	t.Helper()
	options := fmt.Sprintf("-p %s -h 127.0.0.1 -k %s", c.port, c.dir)
	c.run(t, "pg_ctl", "-D", c.dir+"/data", "-w", "-l", c.dir+"/log", "-o", options, "start")
}

// stop ends it at once, as a machine does that fails: connections break.
func (c *cluster) stop(t *testing.T) {
	t.Helper()
	c.run(t, "pg_ctl", "-D", c.dir+"/data", "-w", "-m", "immediate", "stop")
}

// without ends a test that lacks a part: it is skipped, but where all engines are demanded, as in CI, it fails.
func without(t *testing.T, part string) {
	t.Helper()
	if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
		t.Fatal(part)
	}
	t.Skip(part)
}
