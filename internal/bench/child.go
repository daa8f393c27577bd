package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sallyport/internal/db"
	"sallyport/internal/seal"
	"sallyport/internal/session"
)

func stageFile(dir string) string { return filepath.Join(dir, "stage.db") }
func stageKey(dir string) string  { return filepath.Join(dir, "stage.key") }

// stageDSN is the database of the stage in dir: its own file, or the one that folder noted.
func stageDSN(dir string) string {
	if dsn, err := os.ReadFile(filepath.Join(dir, "stage.dsn")); err == nil {
		return string(dsn)
	}
	return "sqlite:" + stageFile(dir)
}

// folder makes a folder with a stage in it, for a process of its own to open. dsn is empty for a file in the folder.
func (b *bench) folder(ctx context.Context, name, dsn string, people int) (dir string, s *stage, err error) {
	dir = b.path(name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	if err := seal.NewKeyFile(stageKey(dir)); err != nil {
		return "", nil, err
	}
	if dsn != "" {
		if err := os.WriteFile(filepath.Join(dir, "stage.dsn"), []byte(dsn), 0o600); err != nil {
			return "", nil, err
		}
	}
	s, err = build(ctx, stageDSN(dir), stageKey(dir), people)
	return dir, s, err
}

// child is a server process.
type child struct {
	cmd  *exec.Cmd
	stop io.Closer // its standard input
	addr string
	cpu  meter
}

// startServer runs serve in a process of its own.
func (b *bench) startServer(ctx context.Context, dir string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	profile := ""
	if b.profile != "" {
		profile = b.profile + "." + filepath.Base(dir)
	}
	cmd := exec.CommandContext(ctx, self, "serve", dir, profile)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w", err), in.Close(), cmd.Wait())
	}
	return &child{cmd: cmd, stop: in, addr: strings.TrimSpace(line), cpu: cpuOf(cmd.Process.Pid)}, nil
}

func (c *child) end() error { return errors.Join(c.stop.Close(), c.cmd.Wait()) }

// cookies signs n people in, by writing what a sign-in writes.
func (s *stage) cookies(ctx context.Context, n int) ([]string, error) {
	all := make([]string, n)
	stmts := make([]db.Stmt, n)
	for i := range n {
		u := s.people[i%len(s.people)].user
		all[i], _, stmts[i] = session.Issue(s.now(), s.acme, u, u.Epoch, session.AAL2, []string{"pwd", "otp", "mfa"}, visitor.As(u.ID))
	}
	return all, s.write(ctx, stmts)
}
