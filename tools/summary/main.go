// Command summary turns the stream of `go test -json` into what a person wants to read: one
// line a package, the whole output of what failed, the reason of what was skipped, and a last
// line that counts.
//
// It decides too: it exits 1 when anything failed, when a package did not build, or when not
// one test ran, so that a broken pipeline can't pass for a green one.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of test2json (`go doc test2json`). Build output has ImportPath, not Package.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// tally is what a run came to. Subtests count as tests; their parents do not count again.
type tally struct {
	passed, failed, skipped int
	broken                  int // packages that failed without a failing test: build errors, panics, time-outs
}

func (t tally) ok() bool { return t.failed == 0 && t.broken == 0 && t.passed > 0 }

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed+t.broken, t.skipped)
}

func main() {
	counts := flag.String("counts", "", "also write the last line to this file")
	flag.Parse()
	t, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
	fmt.Println(t)
	if *counts != "" {
		if err := os.WriteFile(*counts, []byte(t.String()+"\n"), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(1)
		}
	}
	if !t.ok() {
		os.Exit(1)
	}
}

// read follows the stream in to its end and reports to out as packages finish.
// A line that is not JSON is not an error: a program under test may have written to stdout.
func read(in io.Reader, out io.Writer) (tally, error) {
	var (
		t        tally
		output   = map[string]*strings.Builder{} // by package and test, thrown away when it passed
		parents  = map[string]bool{}
		failures = map[string]int{} // failing tests by package
	)
	buffer := func(key string) *strings.Builder {
		if output[key] == nil {
			output[key] = new(strings.Builder)
		}
		return output[key]
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(out, "%s\n", strings.TrimRight(string(line), "\n"))
			} else {
				t.add(e, out, buffer, parents, failures)
				if finished(e) {
					delete(output, e.Package+" "+e.Test)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

// finished says whether e is the last word on its test or package.
func finished(e event) bool { return e.Action == "pass" || e.Action == "fail" || e.Action == "skip" }

func (t *tally) add(e event, out io.Writer, buffer func(string) *strings.Builder, parents map[string]bool, failures map[string]int) {
	key := e.Package + " " + e.Test
	switch {
	case e.Action == "build-output":
		fmt.Fprint(out, e.Output)
	case e.Action == "output":
		buffer(key).WriteString(e.Output)
	case !finished(e):
	case e.Test == "":
		t.pkg(e, out, buffer(key).String(), failures[e.Package])
	default:
		if cut := strings.LastIndex(e.Test, "/"); cut > 0 {
			parents[e.Package+" "+e.Test[:cut]] = true
		}
		if e.Action == "fail" {
			failures[e.Package]++
			fmt.Fprintf(out, "FAIL  %s %s\n%s", e.Package, e.Test, buffer(key))
		}
		// A parent ends after its subtests, so here it is known to be one.
		if parents[key] && e.Action != "fail" {
			return
		}
		switch e.Action {
		case "pass":
			t.passed++
		case "fail":
			t.failed++
		case "skip":
			t.skipped++
			fmt.Fprintf(out, "skip  %s %s: %s\n", e.Package, e.Test, reason(buffer(key).String()))
		}
	}
}

func (t *tally) pkg(e event, out io.Writer, text string, failures int) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(out, "ok    %s  %.1f s\n", e.Package, e.Elapsed)
	case "fail":
		fmt.Fprintf(out, "FAIL  %s  %.1f s\n", e.Package, e.Elapsed)
		if failures == 0 {
			t.broken++
			fmt.Fprint(out, text)
		}
	}
}

// reason is the line a skipped test gave, without the file and line number before it.
func reason(output string) string {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") || line == "" {
			continue
		}
		if _, after, found := strings.Cut(line, ".go:"); found {
			if _, said, found := strings.Cut(after, ": "); found {
				return said
			}
		}
		return line
	}
	return "no reason given"
}
