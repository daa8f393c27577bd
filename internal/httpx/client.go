package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose machines are believed about who spoke to them. The
// zero value believes nobody (B22).
type Proxies struct {
	trusted []netip.Prefix
}

// NewProxies trusts the given networks.
func NewProxies(trusted []netip.Prefix) Proxies {
	own := make([]netip.Prefix, len(trusted))
	for i, p := range trusted {
		own[i] = p.Masked()
	}
	return Proxies{trusted: own}
}

// maxHops bounds the work a long X-Forwarded-For can cause.
const maxHops = 16

// Client gives the address a request really came from. Starting from the peer of the
// connection it walks X-Forwarded-For from the right, and only as long as the address
// reached so far is a trusted proxy: what stands left of an untrusted one was written
// by a stranger. An entry that is no address ends the walk. Forwarded, X-Real-IP and
// the like are never read. IPv4 in IPv6 is unmapped, zones are dropped. The zero Addr
// means that the connection has no address (a Unix socket).
func (p Proxies) Client(r *http.Request) netip.Addr {
	addr, ok := parseHop(r.RemoteAddr)
	if !ok || !p.trusts(addr) {
		return addr
	}
	lines := r.Header["X-Forwarded-For"]
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		rest, more := lines[i], true
		for more {
			var entry string
			entry, rest, more = cutLast(rest)
			next, ok := parseHop(entry)
			if hops++; !ok || hops > maxHops {
				return addr
			}
			addr = next
			if !p.trusts(addr) {
				return addr
			}
		}
	}
	return addr
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, network := range p.trusted {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// cutLast gives the entry after the last comma and what stands before it.
func cutLast(list string) (entry, rest string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[i+1:], list[:i], true
	}
	return list, "", false
}

// parseHop reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80".
func parseHop(s string) (netip.Addr, bool) {
	s = strings.Trim(s, " \t")
	// Most often it is a connection's peer, so the form with a port is tried first.
	if both, err := netip.ParseAddrPort(s); err == nil {
		return both.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
