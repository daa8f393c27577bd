package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// printed gives the programs of a language in a page, to the letter.
func printed(t *testing.T, page, language string) (programs []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		program, _, _ := strings.Cut(block, "\n```\n")
		programs = append(programs, program+"\n")
	}
	return programs
}

// TestProgramsInTheDocuments runs what docs/client.md prints against a running server, as it is printed.
func TestProgramsInTheDocuments(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Clock.Set(time.Now())
	s.Enrol(t, s.Ada)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// prepare makes an API key with all that belongs to it, and gives the variables that name the key, its private key and its secret.
	prepare := func(name string) (key, signing, device string) {
		t.Helper()
		p := s.Program(t, s.Ada, name, "read", "admin")
		return "SALLYPORT_API_KEY_FILE=" + p.Key, "SALLYPORT_SIGNING_KEY_FILE=" + p.Signing, "SALLYPORT_API_SECRET_FILE=" + p.Secret
	}
	run := func(settings []string, dir string, args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env, cmd.Dir = append(command(ctx, nil).Env, settings...), dir
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v\n%s%s", args, err, out.String(), said.String())
		}
		return out.String()
	}

	shell := printed(t, "docs/client.md", "sh")
	program := printed(t, "docs/client.md", "go")
	if len(shell) != 2 || len(program) != 1 {
		t.Fatalf("%d scripts and %d programs are printed", len(shell), len(program))
	}
	if _, err := exec.LookPath("curl"); err != nil {
		without(t, "no curl here to run the scripts with")
	}
	if n := strings.Count(shell[0], "\n"); n > 10 {
		t.Errorf("the script has %d lines", n)
	}
	server := "SALLYPORT_SERVER=" + s.App.Config.PublicURL.String()
	key, signing, device := prepare("one")
	said := run([]string{server, key, signing}, dir, "sh", file("script.sh", shell[0]))
	if !strings.Contains(said, apptest.Grace) || strings.Contains(said, `"email":"`+apptest.Ada) || !strings.Contains(said, `"support":"help@example.com"`) {
		t.Errorf("the script says %s", said)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	run(nil, root, "go", "build", "-o", filepath.Join(dir, "program"), file("program.go", program[0]))
	s.Clock.Set(time.Now())
	for _, way := range []string{signing, device} {
		if said := run([]string{server, key, way}, dir, filepath.Join(dir, "program")); said != apptest.Alan+"\n"+apptest.Grace+"\n" {
			t.Errorf("the program says, with %s: %q", way, said)
		}
	}
	key, _, device = prepare("two")
	if said := run([]string{server, key, device}, dir, "sh", "-euc", shell[1]); !strings.Contains(said, apptest.Ada) {
		t.Errorf("the second script says %s", said)
	}
}
