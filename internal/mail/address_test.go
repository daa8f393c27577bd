package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

func TestValidAddress(t *testing.T) {
	for _, s := range []string{
		"ada@acme.test", "a@b", "first.last+tag@sub.acme-x.test", "o'brien!#$%&*/=?^_`{|}~-@acme.test", "7@7.test", "ada@xn--mller-kva.test",
		strings.Repeat("a", 64) + "@acme.test",
	} {
		if !ValidAddress(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{
		"", "@", "ada", "ada@", "@acme.test", "ada@@acme.test", "ada@acme@evil.test", "ada@acme.test ", " ada@acme.test", "ada@acme..test", "ada@.test",
		".ada@acme.test", "ada.@acme.test", "a..b@acme.test", "ada@-acme.test", "ada@acme-.test", "ada@acme_x.test", "ada@acme.test.", "ada@[127.0.0.1]",
		`"a b"@acme.test`, `"ada"@acme.test`, "ada(comment)@acme.test", "<ada@acme.test>", "ada@acme.test,eve@evil.test", "ada@acme.test;eve", "@a.test:ada@acme.test",
		"ada@acme.test\n", "ada\r\n@acme.test", "ada\x00@acme.test", "ad\u0430@acme.test", "ada@\u0430cme.test", "ada@acme\u3002test", "ada\uFF20acme.test", "ada@acme.test\u200B",
		strings.Repeat("a", 65) + "@acme.test", "ada@" + strings.Repeat("a", 64) + ".test", "ada@" + strings.Repeat("a.", 130) + "test",
	} {
		if ValidAddress(s) {
			t.Errorf("%q is taken", s)
		}
	}
}

func TestParseMailbox(t *testing.T) {
	for s, want := range map[string]mailbox{
		"a@acme.test":                         {"", "a@acme.test"},
		"<a@acme.test>":                       {"", "a@acme.test"},
		"Acme <a@acme.test>":                  {"Acme", "a@acme.test"},
		"Acme<a@acme.test>":                   {"Acme", "a@acme.test"},
		"Acme, Inc. <a@acme.test>":            {"Acme, Inc.", "a@acme.test"},
		`"Acme,   Inc." <a@acme.test>`:        {"Acme, Inc.", "a@acme.test"},
		"Müller & Söhne (Köln) <a@acme.test>": {"Müller & Söhne (Köln)", "a@acme.test"},
	} {
		if got, why := parseMailbox(s); why != "" || got != want {
			t.Errorf("%q: %v, %s, want %v", s, got, why, want)
		}
	}
	for _, s := range []string{
		"", "Acme", "<>", "Acme <>", "Acme <a@acme.test", "Acme a@acme.test>", "Acme <a@acme.test> x", "<b@acme.test> <a@acme.test>", "Acme <b <a@acme.test>",
		`A "B" C <a@acme.test>`, `A\ <a@acme.test>`, `" <a@acme.test>`, "Acme\n<a@acme.test>", "Acme\t<a@acme.test>", "A\u202Ecme <a@acme.test>", "A\xffcme <a@acme.test>",
		"Acme <a@acme.test,b@acme.test>", strings.Repeat("A", 300) + " <a@acme.test>",
	} {
		if got, why := parseMailbox(s); why == "" {
			t.Errorf("%q is taken as %v", s, got)
		}
	}
}

func TestPublicOnly(t *testing.T) {
	for _, s := range []string{"8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "193.99.144.80", "2a00:1450:4001:80e::200e", "2606:4700::1111"} {
		if !PublicOnly(netip.MustParseAddr(s)) {
			t.Errorf("%s is refused", s)
		}
	}
	for _, s := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
		"192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "100::1", "3fff::1", "2606:4700::1111%eth0",
	} {
		if PublicOnly(netip.MustParseAddr(s)) {
			t.Errorf("%s is taken", s)
		}
	}
	if PublicOnly(netip.Addr{}) {
		t.Error("no address is taken")
	}
}

// resolve is a resolver whose name server gives the next list of addresses at each question for them.
func resolve(t *testing.T, answers ...[]string) *net.Resolver {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		buf := make([]byte, 512)
		for asked := 0; ; {
			n, from, err := l.ReadFrom(buf)
			if err != nil {
				return
			}
			// The question ends with its type and class (RFC 1035, section 4.1.2), after a name that ends with a zero byte.
			end := 12 + strings.IndexByte(string(buf[12:n]), 0) + 5
			reply := append([]byte{}, buf[:end]...)
			reply[2], reply[3] = 0x84, 0
			clear(reply[6:12])
			if binary.BigEndian.Uint16(buf[end-4:]) == 1 { // an IPv4 address
				list := answers[min(asked, len(answers)-1)]
				asked++
				reply[7] = byte(len(list))
				for _, s := range list {
					reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
					reply = append(reply, netip.MustParseAddr(s).AsSlice()...)
				}
			}
			_, _ = l.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", l.LocalAddr().String())
	}}
}

// TestAddressIsJudgedAtTheConnection (B93): a name with two answers, and one that changes its answer.
func TestAddressIsJudgedAtTheConnection(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	f := serve(t, &fake{offers: plain})
	f.server.Host = "mail.acme.test"
	send := func(r *net.Resolver) error {
		s := New([]Server{f.server}, Options{Roots: f.roots, Allow: func(a netip.Addr) bool {
			asked.Add(1)
			return a == netip.MustParseAddr("127.0.0.2") // stands for the public internet
		}})
		s.resolver = r
		return s.Send(t.Context(), code())
	}
	// Nobody listens at the allowed address: that attempt fails as unreachable, the forbidden one is never made.
	for _, both := range [][]string{{"127.0.0.2", "127.0.0.1"}, {"127.0.0.1", "127.0.0.2"}} {
		if err := send(resolve(t, both)); err == nil || asked.Swap(0) != 2 {
			t.Errorf("%v: %v", both, err)
		}
	}
	rebinding := resolve(t, []string{"127.0.0.2"}, []string{"127.0.0.1"})
	judge(t, send(rebinding), ErrUnreachable, true)
	err := send(rebinding)
	judge(t, err, ErrNotAllowed, false)
	if !errors.Is(err, errAddress) {
		t.Error(err)
	}
	if n, _ := f.got(); n != 0 {
		t.Errorf("%d connections to the forbidden address", n)
	}
	// The same name with the answer allowed does connect, so the refusals above were the address's.
	s := New([]Server{f.server}, Options{Allow: func(netip.Addr) bool { return true }})
	s.resolver = resolve(t, []string{"127.0.0.1"})
	judge(t, s.Send(t.Context(), code()), ErrTLS, true)
	if n, _ := f.got(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}
