package acceptance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sallyport/internal/chrometest"
	"sallyport/internal/db"
)

// document is written from the run.
const document = "../../docs/requirements.md"

// outcome is what a row's test came to, by engine.
type outcome struct {
	test    string
	results map[string]string
}

var run = struct {
	mu   sync.Mutex
	rows map[string]*outcome // by id
}{rows: map[string]*outcome{}}

// record keeps what came of a row's test.
func record(engine string, t *testing.T) {
	result := "passed"
	switch {
	case t.Failed():
		result = "failed"
	case t.Skipped():
		result = "skipped"
	}
	top, _, _ := strings.Cut(t.Name(), "/")
	name := filepath.Base(t.Name())
	id, _, _ := strings.Cut(name, "_")
	run.mu.Lock()
	defer run.mu.Unlock()
	o := run.rows[id]
	if o == nil {
		o = &outcome{test: top + "/…/" + name, results: map[string]string{}}
		run.rows[id] = o
	}
	o.results[engine] = result
}

// render is the document as the run gives it, and what is missing in it.
func render() (text string, missing []string) {
	var b strings.Builder
	b.WriteString("# The demand, row by row\n\n<!-- Written by `make requirements`. Don't edit it. -->\n\n" +
		"Sallyport does what five products promise on their help pages. Each row below is one promise in short words; its test sets the policy by REST and walks the row, on SQLite through the pages in Chromium, on PostgreSQL by sending the pages' forms. The texts of C16 and C17 go through Kannel, the mails of X5 and X6 through Exim.\n" +
		"`make test` fails if a row has no test that passed on both engines, or if this file says anything else than the run.\n")
	passed, all := 0, 0
	var tables strings.Builder
	for _, s := range systems {
		fmt.Fprintf(&tables, "\n## %s\n\n| Row | Demand | Test | SQLite | PostgreSQL |\n| --- | --- | --- | --- | --- |\n", s.name)
		for i, id := range s.rows() {
			all++
			test, on := "none", map[string]string{}
			if o := run.rows[id]; o != nil {
				test, on = "`"+o.test+"`", o.results
			}
			for _, engine := range []string{db.SQLite, db.Postgres} {
				if on[engine] != "passed" {
					missing = append(missing, fmt.Sprintf("%s (%s): on %s %s", id, s.demands[i], engine, orNone(on[engine])))
				}
			}
			if on[db.SQLite] == "passed" && on[db.Postgres] == "passed" {
				passed++
			}
			fmt.Fprintf(&tables, "| %s | %s | %s | %s | %s |\n", id, s.demands[i], test, orNone(on[db.SQLite]), orNone(on[db.Postgres]))
		}
	}
	fmt.Fprintf(&b, "\n%d of %d rows hold.\n", passed, all)
	return b.String() + tables.String(), missing
}

func orNone(result string) string {
	if result == "" {
		return "no test"
	}
	return result
}

// TestMain holds a run of everything to the table and the document. A run of some tests, or on one engine, says nothing about them.
func TestMain(m *testing.M) {
	code := chrometest.Main(m)
	write := os.Getenv("SALLYPORT_REQUIREMENTS") == "write"
	partial := flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" || os.Getenv("SALLYPORT_TEST_ENGINES") != "all"
	if code == 0 && (!partial || write) {
		code = judge(write)
	}
	os.Exit(code)
}

func judge(write bool) int {
	text, missing := render()
	if write {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	for _, m := range missing {
		fmt.Fprintln(os.Stderr, "no test passed for", m)
	}
	committed, err := os.ReadFile(document)
	if err != nil || string(committed) != text {
		fmt.Fprintln(os.Stderr, "docs/requirements.md is not what this run gives; make requirements writes it.", err)
		return 1
	}
	return min(len(missing), 1)
}
