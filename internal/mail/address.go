package mail

import (
	"net/netip"
	"strings"
)

// mailbox is an address with the name that people see, which may be empty.
type mailbox struct{ name, addr string }

// parseMailbox reads "no-reply@acme.test" and "Acme, Inc. <no-reply@acme.test>", the name in quotes or not. It
// knows less than RFC 5322 allows, on purpose: comments, groups and routes only serve to say two things at
// once. If it fails, why continues a sentence that begins with "the sender".
func parseMailbox(s string) (box mailbox, why string) {
	box.addr = s
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		box.name, box.addr = strings.TrimSpace(s[:open]), s[open+1:len(s)-1]
		if n := len(box.name); n >= 2 && box.name[0] == '"' && box.name[n-1] == '"' {
			box.name = box.name[1 : n-1]
		}
		box.name = oneSpaced(box.name)
	}
	switch {
	case !headerText(s) || strings.ContainsAny(box.name, "\"<>\\"):
		return mailbox{}, `has a name that is too long or has one of " < > \ or a control character in it`
	case !ValidAddress(box.addr):
		return mailbox{}, "is neither one plain address like no-reply@example.com nor a name with such an address in < >"
	}
	return box, ""
}

// ValidAddress says whether s is one plain address (RFC 5321, section 4.1.2) in ASCII, without quotes, comments or an
// address literal: the only kind that every server reads in the same way. International domains are written in their
// xn-- form.
func ValidAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && len(s) <= 254 && len(local) <= 64 && dotAtom(local) && hostname(domain)
}

// dotAtom is the unquoted form of what stands left of the @ (RFC 5322, section 3.2.3).
func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !alphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) }) {
			return false
		}
	}
	return true
}

// hostname says whether s is one by its letters (RFC 1123, section 2.1).
func hostname(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return !alphanumeric(r) && r != '-' }) {
			return false
		}
	}
	return true
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// special are the networks within 2000::/3 and all of IPv4 that do not lead to a host on the internet, or lead to
// another address that is hidden inside (IANA's special-purpose registries).
var special = parsePrefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// global is all of IPv6 that has been given out. What lies outside is local, or another way to write an IPv4 address.
var global = netip.MustParsePrefix("2000::/3")

// PublicOnly is an Options.Allow for servers that an account chose and the operator did not: it takes addresses on
// the public internet and refuses this machine, its networks, the link, carriers' inner networks, multicast and all
// forms that hide an IPv4 address in an IPv6 one.
func PublicOnly(a netip.Addr) bool {
	if !a.IsValid() || a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

func parsePrefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}
