package porttest_test

import (
	"net"
	"net/netip"
	"testing"

	"sallyport/internal/porttest"
)

// TestPick: free, all different, and none that the system gives to a connection.
func TestPick(t *testing.T) {
	const ports = 200
	all, err := porttest.Pick(ports)
	if err != nil || len(all) != ports {
		t.Fatalf("%d ports, %v", len(all), err)
	}
	chosen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer chosen.Close()
	seen := map[netip.AddrPort]bool{}
	for _, at := range all {
		if seen[at] {
			t.Errorf("%s twice", at)
		}
		if system := chosen.Addr().(*net.TCPAddr).AddrPort(); at.Port() >= system.Port() {
			t.Errorf("%s is where the system chose %s", at, system)
		}
		seen[at] = true
		l, err := net.Listen("tcp", at.String())
		if err != nil {
			t.Errorf("%s: %v", at, err)
			continue
		}
		defer l.Close()
	}
}

// TestFree: whoever listens keeps others off.
func TestFree(t *testing.T) {
	at := porttest.Free(t)
	if c, err := net.Dial("tcp", at.String()); err == nil {
		c.Close()
		t.Errorf("somebody listens on %s", at)
	}
}
