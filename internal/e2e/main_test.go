package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// axeFile is the accessibility checker, put there by scripts/install-test-tools.sh.
const axeFile = "../../tools/axe/node_modules/axe-core/axe.min.js"

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
	return m.Run()
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

// tools skips the test where something it uses is missing, or fails it where nothing may be.
func tools(t *testing.T) {
	t.Helper()
	missing := ""
	for _, name := range []string{"chromium", "oathtool", "zbarimg"} {
		if _, err := exec.LookPath(name); err != nil {
			missing += " " + name
		}
	}
	if _, err := os.Stat(axeFile); err != nil {
		missing += " axe-core"
	}
	switch {
	case missing == "":
	case os.Getenv("SALLYPORT_TEST_ENGINES") == "all":
		t.Fatalf("missing:%s; scripts/install-test-tools.sh installs them", missing)
	default:
		t.Skipf("missing:%s; scripts/install-test-tools.sh installs them", missing)
	}
}
