package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// workshop is a folder for what all tests of one run share; TestMain makes and removes it.
var workshop string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sallyport-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	workshop = dir
	return chrometest.Main(m)
}

// binary builds the program under test, as it is shipped, at the first call.
var binary = sync.OnceValues(func() (string, error) {
	file := filepath.Join(workshop, "sallyport")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "sallyport/cmd/sallyport")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program under test: %w\n%s", err, out)
	}
	return file, nil
})

// keptDemo is the data of a demo that was started once.
var keptDemo = sync.OnceValues(func() (string, error) {
	program, err := binary()
	if err != nil {
		return "", err
	}
	return chrometest.KeepDemo(program, workshop)
})

// browser is a person's window, with what the walks of this package do in it.
type browser struct{ *chrometest.Browser }

// openBrowser opens a window in front of the server at base.
func openBrowser(t *testing.T, base string, withoutScript bool, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	return &browser{chrometest.Open(t, base, withoutScript, flags...)}
}

// eval asks the page.
func eval[T any](b *browser, script string) T {
	b.T.Helper()
	return chrometest.Eval[T](b.Browser, script)
}
