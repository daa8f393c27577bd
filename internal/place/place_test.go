package place_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/place"
	"sallyport/internal/place/placetest"
)

func open(tb testing.TB, networks ...placetest.Network) *place.Database {
	tb.Helper()
	d, err := place.Open(placetest.File(tb, networks...))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestOf(t *testing.T) {
	d := open(t, placetest.World()...)
	for _, c := range []struct{ address, country, english, german string }{
		{placetest.Vienna, "AT", "Vienna", "Wien"},
		{placetest.Vienna6, "AT", "Vienna", "Wien"},
		{"::ffff:" + placetest.Vienna, "AT", "Vienna", "Wien"}, // as a socket for both kinds gives it
		{placetest.Vienna6 + "%eth0", "AT", "Vienna", "Wien"},
		{placetest.Linz, "AT", "Linz", "Linz"},       // in English where the language is not there
		{placetest.Berlin, "DE", "Berlin", "Berlin"}, // the neighbour
		{placetest.NoCity, "DE", "DE", "DE"},
		{placetest.Nowhere, "", "", ""},
		{"", "", "", ""},
		{"localhost", "", "", ""},
		{"192.0.2.7:443", "", "", ""},
		{"192.0.2.0/24", "", "", ""},
	} {
		p := d.Of(c.address)
		if p.Country != c.country || p.Name("en") != c.english || p.Name("de") != c.german {
			t.Errorf("%q is %q, %q, %q; want %+v", c.address, p.Country, p.Name("en"), p.Name("de"), c)
		}
	}
	country := open(t, placetest.Network{Prefix: "192.0.2.0/24", Country: "AT", Name: "Austria"}).Of(placetest.Vienna)
	if country.Name("de") != "Austria" || country.Country != "AT" {
		t.Errorf("a database of countries says %q", country.Name("de"))
	}
	four := open(t, placetest.Network{Prefix: "192.0.0.0/2", Country: "AT"}, placetest.Network{Prefix: "0.0.0.0/1", Country: "DE"})
	if got := four.Of("192.0.2.7").Country + four.Of("1.1.1.1").Country + four.Of("2001:db8::1").Country; got != "ATDE" {
		t.Errorf("wide networks say %q", got)
	}
}

// TestNone: without a database nothing is known, and nothing fails.
func TestNone(t *testing.T) {
	for _, d := range []*place.Database{nil, {}} {
		if p := d.Of(placetest.Vienna); p.Country != "" || p.Name("en") != "" {
			t.Errorf("%v knows %+v", d, p)
		}
	}
}

// TestOpenRefuses what is not a whole database that knows countries: a server that started with it would ask for fewer second factors
// than its operator believes.
func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	good := placetest.Bytes(placetest.World()...)
	file := func(content []byte) string {
		path := filepath.Join(t.TempDir(), "x.mmdb")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := place.Open(file(good)); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	overwritten := func(at int, with string) []byte {
		b := []byte(string(good))
		copy(b[at:], with)
		return b
	}
	marker := strings.LastIndex(string(good), "MaxMind.com")
	for _, c := range []struct{ name, path, says string }{
		{"missing", filepath.Join(dir, "none.mmdb"), "no such file"},
		{"a folder", dir, "is a directory"},
		{"empty", file(nil), "MaxMind"},
		{"a text", file([]byte(strings.Repeat("a letter home ", 200))), "MaxMind"},
		{"packed", file([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00")), "MaxMind"},
		{"cut off", file(good[:len(good)-40]), "MaxMind"},
		{"cut off in front", file(good[40:]), "MaxMind"},
		{"without its data", file(append(append([]byte{}, good[:80]...), good[marker-3:]...)), "MaxMind"},
		{"a wild pointer", file(overwritten(0, "\xff\xff\xff\xf0")), "MaxMind"},
		{"a damaged record", file(overwritten(marker-40, "\xff\xff\xff\xff\xff\xff\xff\xff")), "MaxMind"},
		{"with codes of another sort", file(placetest.Bytes(placetest.Network{Prefix: "192.0.2.0/24", Country: "A\xff"}, placetest.Network{Prefix: "192.0.3.0/24", Country: "AUT"})), "knows no country"},
		{"without countries", file(placetest.Bytes(placetest.Network{Prefix: "192.0.2.0/24", City: "Vienna"})), "knows no country"},
	} {
		_, err := place.Open(c.path)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), "location_database") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// FuzzOpen: no file makes it panic, and from whatever it takes it answers.
func FuzzOpen(f *testing.F) {
	good := placetest.Bytes(placetest.World()...)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := place.Parse(raw)
		if err != nil {
			return
		}
		for _, address := range []string{placetest.Vienna, placetest.Vienna6, placetest.Nowhere} {
			_ = d.Of(address).Name("de")
		}
	})
}

// BenchmarkOpen is a database of a million networks in a hundred thousand places.
func BenchmarkOpen(b *testing.B) {
	var many []placetest.Network
	for i := range 1_000_000 {
		many = append(many, placetest.Network{
			Prefix: fmt.Sprintf("%d.%d.%d.0/24", 1+i>>16, i>>8&255, i&255), Country: "AT", Name: "Austria", City: fmt.Sprint("City ", i%100_000),
		})
	}
	path := placetest.File(b, many...)
	many = nil
	for b.Loop() {
		if _, err := place.Open(path); err != nil {
			b.Fatal(err)
		}
	}
}
