package main

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sallyport/internal/db/dbtest"
	"sallyport/internal/porttest"
)

// TestMain lets the test binary be the program too: tests run it as "sallyport".
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sallyport": main})
}

// TestScripts plays the sessions of an operator under testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel() // the rotation mostly waits
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			at := porttest.Free(t).String()
			env.Setenv("SALLYPORT_LISTEN", at)
			env.Setenv("LISTEN", at)
			env.Setenv("NEXT_MONTH", time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"postgres": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Setenv("SALLYPORT_DATABASE", dbtest.EmptyPostgres(t))
			},
			"waitfor": waitFor,
		},
		RequireExplicitExec: true,
	})
}

// waitFor waits until an address answers well: waitfor URL.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get(args[0])
		if err != nil {
			continue
		}
		ts.Check(answer.Body.Close())
		if answer.StatusCode == http.StatusOK {
			return
		}
	}
	ts.Fatalf("%s does not answer", args[0])
}
