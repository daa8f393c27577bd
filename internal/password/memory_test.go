package password

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMemoryOfAStorm holds 32 sign-ins at once to one and a half times what the slots
// need. The peak belongs to a process, so each case is measured in one of its own.
func TestMemoryOfAStorm(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc/self/status")
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				t.Skip("the race detector's own memory would be measured")
			}
		}
	}
	if slots, err := strconv.Atoi(os.Getenv("SALLYPORT_STORM_SLOTS")); err == nil {
		storm(slots)
		return
	}
	for _, slots := range []int{1, 2} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryOfAStorm$", "-test.v")
		cmd.Env = append(os.Environ(), "SALLYPORT_STORM_SLOTS="+strconv.Itoa(slots))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, figures, _ := strings.Cut(string(out), "storm: ")
		var idle, peak, end int
		if _, err := fmt.Sscanf(figures, "idle %d peak %d end %d", &idle, &peak, &end); err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		grown, limit := peak-idle, slots*memoryKiB*3/2
		t.Logf("%d slots: idle %d KiB, peak +%d KiB, after +%d KiB, limit +%d KiB", slots, idle, grown, end-idle, limit)
		if grown > limit {
			t.Errorf("%d slots: 32 hashes at once took %d KiB, the limit is %d KiB", slots, grown, limit)
		}
	}
}

func storm(slots int) {
	h := New(Config{Slots: slots, Wait: time.Minute})
	ballast := make([]*[64]byte, 50_000) // a server is not empty either
	for i := range ballast {
		ballast[i] = new([64]byte)
	}
	runtime.GC()
	idle := memory("VmRSS:")
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { _ = h.VerifyNothing(context.Background(), "a password nobody has") })
	}
	wg.Wait()
	fmt.Printf("storm: idle %d peak %d end %d\n", idle, memory("VmHWM:"), memory("VmRSS:"))
	runtime.KeepAlive(ballast)
}

// memory reads a figure of the process in KiB.
func memory(key string) int {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), key)
	n, _ := strconv.Atoi(strings.Fields(after)[0])
	return n
}
