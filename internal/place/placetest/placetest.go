// Package placetest writes small location databases in MaxMind's format for tests, after the description of the format
// (MaxMind DB File Format Specification, version 2.0). What it writes passes the reader's own verification.
package placetest

import (
	"bytes"
	"encoding/binary"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Network is one entry: where the addresses of a network are.
type Network struct {
	Prefix  string // "192.0.2.0/24"
	Country string // ISO 3166 code; empty to leave the country out
	Name    string // of the country, in English; empty to leave it out
	City    string // in English; empty to leave the city out
	Stadt   string // the city in German; empty to leave it out
}

// Vienna, Linz and Berlin are the networks of World, with addresses for documentation (RFC 5737, RFC 3849).
const (
	Vienna  = "192.0.2.7"
	Vienna6 = "2001:db8:1::7"
	Linz    = "203.0.113.9" // another city of the same country
	Berlin  = "198.51.100.4"
	Nowhere = "233.252.0.1" // in no network
	NoCity  = "2001:db8:2::1"
)

// World is a database with those places.
func World() []Network {
	return []Network{
		{Prefix: "192.0.2.0/24", Country: "AT", Name: "Austria", City: "Vienna", Stadt: "Wien"},
		{Prefix: "2001:db8:1::/48", Country: "AT", Name: "Austria", City: "Vienna", Stadt: "Wien"},
		{Prefix: "203.0.113.0/24", Country: "AT", Name: "Austria", City: "Linz"},
		{Prefix: "198.51.100.0/24", Country: "DE", Name: "Germany", City: "Berlin"},
		{Prefix: "2001:db8:2::/48", Country: "DE"},
	}
}

// File writes a database with the networks and returns its path.
func File(tb testing.TB, networks ...Network) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "places.mmdb")
	if err := os.WriteFile(path, Bytes(networks...), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// node is a node of the search tree; a leaf has one more than the offset of its record in the data section.
type node struct {
	next [2]*node
	data int
	nth  int
}

// Bytes is the file of a database with the networks. A prefix that is none panics: it stands in a test.
func Bytes(networks ...Network) []byte {
	var data bytes.Buffer
	root, known := &node{}, map[Network]int{} // where each entry stands, as networks of one place share it
	for _, n := range networks {
		prefix := netip.MustParsePrefix(n.Prefix)
		address, bits := prefix.Addr().As16(), prefix.Bits()
		if prefix.Addr().Is4() { // the format has them below ::/96
			address, bits = [16]byte{}, bits+96
			four := prefix.Addr().As4()
			copy(address[12:], four[:])
		}
		at := root
		for i := range bits {
			bit := address[i/8] >> (7 - i%8) & 1
			if at.next[bit] == nil {
				at.next[bit] = &node{}
			}
			at = at.next[bit]
		}
		n.Prefix = ""
		if known[n] == 0 {
			known[n] = 1 + data.Len()
			encode(&data, n.record())
		}
		at.data = known[n]
	}
	var inner []*node
	for queue := []*node{root}; len(queue) > 0; queue = queue[1:] {
		if at := queue[0]; at.data == 0 {
			at.nth = len(inner)
			inner = append(inner, at)
			for _, next := range at.next {
				if next != nil {
					queue = append(queue, next)
				}
			}
		}
	}
	var file bytes.Buffer
	for _, at := range inner {
		for _, next := range at.next {
			record := len(inner) // nothing is known of that half
			switch {
			case next != nil && next.data > 0:
				record = len(inner) + 16 + next.data - 1
			case next != nil:
				record = next.nth
			}
			_ = binary.Write(&file, binary.BigEndian, uint32(record)) // a buffer takes all
		}
	}
	file.Write(make([]byte, 16))
	file.Write(data.Bytes())
	file.WriteString("\xab\xcd\xefMaxMind.com")
	encode(&file, map[string]any{
		"node_count": uint32(len(inner)), "record_size": uint16(32), "ip_version": uint16(6), "database_type": "Test-City",
		"languages": []string{"en", "de"}, "binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0),
		"build_epoch": uint64(1_760_000_000), "description": map[string]any{"en": "Places for tests"},
	})
	return file.Bytes()
}

func (n Network) record() map[string]any {
	names := func(english, german string) map[string]any {
		m := map[string]any{"en": english}
		if german != "" {
			m["de"] = german
		}
		return m
	}
	r := map[string]any{}
	if n.Country != "" {
		country := map[string]any{"iso_code": n.Country}
		if n.Name != "" {
			country["names"] = names(n.Name, "")
		}
		r["country"] = country
	}
	if n.City != "" {
		r["city"] = map[string]any{"names": names(n.City, n.Stadt)}
	}
	return r
}

// encode writes a value of the data section: a control byte with its type and size, then the value.
func encode(to *bytes.Buffer, value any) {
	control := func(kind, size int) {
		first, more := byte(size), []byte(nil)
		if size >= 29 { // and below 285, which is enough here
			first, more = 29, []byte{byte(size - 29)}
		}
		if kind > 7 {
			to.WriteByte(first)
			to.WriteByte(byte(kind - 7))
		} else {
			to.WriteByte(byte(kind<<5) | first)
		}
		to.Write(more)
	}
	number := func(kind int, n uint64, bytes int) {
		control(kind, bytes)
		for i := bytes - 1; i >= 0; i-- {
			to.WriteByte(byte(n >> (8 * i)))
		}
	}
	switch v := value.(type) {
	case string:
		control(2, len(v))
		to.WriteString(v)
	case uint16:
		number(5, uint64(v), 2)
	case uint32:
		number(6, uint64(v), 4)
	case uint64:
		number(9, v, 8)
	case []string:
		control(11, len(v))
		for _, one := range v {
			encode(to, one)
		}
	case map[string]any:
		control(7, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			encode(to, key)
			encode(to, v[key])
		}
	default:
		panic("placetest: a value of another type")
	}
}
