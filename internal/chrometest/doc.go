// Package chrometest drives a real Chromium as a person does: it types into fields by their labels,
// presses buttons by their names and reads what can be read. zbarimg reads the QR code off a screenshot
// as a phone's camera would, and oathtool makes the codes as an authenticator app would. None of these
// shares a line with the product, so agreement between them means something.
//
// It knows of the product only the labels of the pages that every walk comes by. The
// packages e2e and acceptance say what is to be seen there.
//
// Chromium, oathtool, zbarimg and axe-core must be there (scripts/install-test-tools.sh). Where one
// is missing the tests skip and say so; with SALLYPORT_TEST_ENGINES=all that is a failure.
// SALLYPORT_E2E_SHOTS=DIR keeps a picture of every page.
package chrometest

import (
	"os"
	"os/exec"
	"testing"
)

// axeFile is the accessibility checker, put there by scripts/install-test-tools.sh, seen from a package of internal/.
const axeFile = "../../tools/axe/node_modules/axe-core/axe.min.js"

// Tools skips the test where something it uses is missing, or fails it where nothing may be.
func Tools(t *testing.T) {
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
