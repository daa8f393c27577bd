package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"sallyport/internal/porttest"
)

// Cluster is a temporary PostgreSQL server on loopback with the durability settings a real one has.
type Cluster struct {
	dsn  string
	hold io.Closer // while it is open the server lives
	done chan error
}

// DSN is the address of its superuser, who needs no password.
func (c *Cluster) DSN() string { return c.dsn }

// Stop ends the server, removes its files and waits for that.
func (c *Cluster) Stop() error {
	if err := c.hold.Close(); err != nil {
		return err
	}
	return <-c.done
}

// supervise starts the server and lives until its standard input ends, which is when Stop is called or
// the test process dies, even by SIGKILL; then it stops the server and removes the files.
const supervise = `
"$1" -D "$2/data" -k "$2" -p "$3" -h 127.0.0.1 -c max_connections=300 -c logging_collector=off &
pid=$!
while read -r _; do :; done
kill -INT $pid
wait $pid
rm -rf "$2"
`

// StartCluster makes and starts one from the installed binaries. PostgreSQL refuses to run as root, so
// root becomes the user postgres for it.
func StartCluster(ctx context.Context) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sallyport-pg-")
	if err != nil {
		return nil, err
	}
	c, err := startIn(ctx, bin, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

func startIn(ctx context.Context, bin, dir string) (*Cluster, error) {
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal must not hit the server before the tests are done
	if os.Getuid() == 0 {
		uid, gid, err := postgresUser()
		if err != nil {
			return nil, err
		}
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"),
		"-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	ports, err := porttest.Pick(1)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own copy
	sh := exec.Command("/bin/sh", "-c", supervise, "supervise", filepath.Join(bin, "postgres"), dir, strconv.Itoa(int(ports[0].Port())))
	sh.Dir, sh.SysProcAttr, sh.Stdout, sh.Stderr = dir, attr, log, log
	hold, err := sh.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := sh.Start(); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: ports[0].String(), Path: "/postgres"}
	c := &Cluster{dsn: u.String(), hold: hold, done: make(chan error, 1)}
	go func() { c.done <- sh.Wait() }()
	if err := c.awaitReady(ctx); err != nil {
		text, _ := os.ReadFile(log.Name()) // only to explain
		return nil, errors.Join(fmt.Errorf("the server did not start: %w\n%s", err, text), c.Stop())
	}
	return c, nil
}

// awaitReady returns when the server answers.
func (c *Cluster) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := sqlAt(ctx, c.dsn, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case e := <-c.done:
			c.done <- e
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return err
		}
	}
}

// findBinaries looks where Debian keeps them, newest version first, then along PATH.
func findBinaries() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, d := range dirs {
		if _, err := os.Stat(filepath.Join(d, "initdb")); err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(d, "postgres")); err == nil {
			return d, nil
		}
	}
	return "", errors.New("no initdb in /usr/lib/postgresql or PATH")
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for what is no number
	return n
}

func postgresUser() (uid, gid int, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err = strconv.Atoi(u.Uid)
	if err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// ownCluster is the one that a test process starts for itself at its first need.
type ownCluster struct {
	once sync.Once
	c    *Cluster
	err  error
}

func (o *ownCluster) address() (string, error) {
	o.once.Do(func() { o.c, o.err = StartCluster(context.Background()) })
	if o.err != nil {
		return "", o.err
	}
	return o.c.DSN(), nil
}
