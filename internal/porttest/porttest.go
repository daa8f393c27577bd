// Package porttest finds ports for servers that a test starts as programs of their own, which can't be handed a listener.
//
// A port that the system chooses comes from the range that it also gives every outgoing connection: one that was free when it was
// asked for may be anybody's a moment later, on a busy machine within milliseconds. These come from below that range, where nobody
// is put by chance.
package porttest

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"testing"
)

const (
	lowest    = 10_000 // below are the well-known servers, among them those of this machine
	rangeFile = "/proc/sys/net/ipv4/ip_local_port_range"
)

// Free is an address of loopback that nobody listens on.
func Free(tb testing.TB) netip.AddrPort {
	tb.Helper()
	all, err := Pick(1)
	if err != nil {
		tb.Fatal(err)
	}
	return all[0]
}

// Pick finds n different addresses of loopback that nobody listens on.
func Pick(n int) (all []netip.AddrPort, err error) {
	end := 32_768
	if raw, err := os.ReadFile(rangeFile); err == nil {
		_, _ = fmt.Sscan(string(raw), &end) // else Linux's own
	}
	if end <= lowest {
		return nil, fmt.Errorf("%s leaves no port above %d to a test's servers", rangeFile, lowest)
	}
	for tries := 0; len(all) < n; tries++ {
		by, err := rand.Int(rand.Reader, big.NewInt(int64(end-lowest)))
		if err != nil {
			return nil, err
		}
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(lowest+by.Int64()))
		l, err := net.Listen("tcp", at.String())
		switch {
		case err == nil:
			defer l.Close() //nolint:errcheck // all at the end, so that none is given twice
			all = append(all, at)
		case tries > 1000+n:
			return nil, fmt.Errorf("find a free port: %w", err)
		}
	}
	return all, nil
}
