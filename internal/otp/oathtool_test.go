package otp

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAgreesWithOathtool compares with an implementation that shares nothing with ours.
func TestAgreesWithOathtool(t *testing.T) {
	tool, err := exec.LookPath("oathtool")
	if err != nil {
		if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
			t.Fatal("oathtool is missing: apt-get install oathtool")
		}
		t.Skip("oathtool is not installed")
	}
	rapid.Check(t, func(rt *rapid.T) {
		key := drawKey(rt)
		at := time.Unix(rapid.Int64Range(0, 20_000_000_000).Draw(rt, "time"), 0).UTC()
		var stderr bytes.Buffer
		cmd := exec.Command(tool, "--totp="+key.Algorithm.String(), "--base32",
			fmt.Sprintf("--digits=%d", key.Digits),
			fmt.Sprintf("--time-step-size=%ds", key.Period/time.Second),
			"--now="+at.Format("2006-01-02 15:04:05 UTC"),
			"-") // the key comes through standard input
		cmd.Stdin = bytes.NewReader([]byte(base32NoPadding.EncodeToString(key.Secret)))
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			rt.Fatalf("oathtool: %v: %s", err, stderr.String())
		}
		if got, want := key.Code(key.Step(at)), string(bytes.TrimSpace(out)); got != want {
			rt.Fatalf("ours %s, oathtool's %s", got, want)
		}
	})
}
