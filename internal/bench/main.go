// Command bench measures Sallyport on the machine it runs on and prints each figure
// beside its aim, most of them as a ratio of two things measured by turns in the same
// minute: a slow or busy machine then changes both sides alike.
//
// What it measures is the product's own code with real rows, sealed secrets and fsyncs.
// Only the preparation is short: thousands of people share one password hash, and their
// devices and half-finished sign-ins are written straight into the tables, because a
// real enrolment would cost a password hash each. docs/performance.md explains the figures.
//
// It trusts its own machine: it listens on loopback only, and everything it makes lies
// in a temporary folder, and in a database of its own on the PostgreSQL server that
// SALLYPORT_TEST_POSTGRES names; both are gone when it ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	dir     string // temporary
	rounds  int
	only    *regexp.Regexp
	profile string // file for a CPU profile; server processes add their group
	report  report
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == "serve" {
		return profiled(args[2], func() error { return serve(ctx, args[1]) })
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "how often the two sides of a ratio take turns")
	only := flags.String("only", "", "measure only the groups whose name matches this regular expression")
	profile := flags.String("cpuprofile", "", "write a CPU profile to a file, and each server process's to that name with its group")
	if err := flags.Parse(args); err != nil {
		return err
	}
	filter, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sallyport-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	b := &bench{dir: dir, rounds: max(1, *rounds), only: filter, profile: *profile}
	return profiled(*profile, func() error { return b.all(ctx) })
}

// profiled runs work and writes a CPU profile of it, if a file is named.
func profiled(file string, work func() error) error {
	if file == "" {
		return work()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = work()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

// all measures every group and prints the table. A group that fails ends the run: half a table misleads.
func (b *bench) all(ctx context.Context) error {
	fmt.Printf("%d processors, %s, load before: %s\n\n", runtime.NumCPU(), runtime.Version(), load())
	groups := []struct {
		name string
		run  func(context.Context) error
	}{
		{"sqlite", b.sqlite},
		{"postgres", b.postgres},
		{"session", b.sessions},
		{"sign-in", b.signIns},
		{"api", b.calls},
		{"door", b.door},
		{"people", b.people},
		{"process", b.process},
	}
	for _, g := range groups {
		if !b.only.MatchString(g.name) {
			continue
		}
		if err := g.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	fmt.Printf("\nload after: %s\n", load())
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }
