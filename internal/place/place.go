// Package place tells where an address is, by a location database in MaxMind's format that the operator may provide.
//
// It trusts the file to be true, not to be whole: what is missing, damaged or of another sort is refused at the start. Without a
// file no place is known, and nothing here fails.
package place

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address is, as far as the database knows.
type Place struct {
	Country string            // ISO 3166 code; empty if not known
	City    map[string]string // name by language; empty if not known
	Land    map[string]string // name of the country by language; empty if not known
}

// Name is what a place is called in a language: the city, else the country, else its code; empty if it is not known.
func (p Place) Name(language string) string {
	for _, names := range []map[string]string{p.City, p.Land} {
		for _, l := range []string{language, "en"} {
			if name := names[l]; name != "" {
				return name
			}
		}
	}
	return p.Country
}

// Database answers from one file, which it holds in memory: replacing the file takes effect at the next start. The zero
// Database, and a nil one, knows no place.
type Database struct{ reader *maxminddb.Reader }

// Open reads and checks the whole file, so that a damaged one is found at the start and not by a wrong answer. Its errors are for the operator.
func Open(path string) (*Database, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		var why *fs.PathError
		if errors.As(err, &why) {
			err = why.Err
		}
		return nil, fmt.Errorf("the location database %s can’t be read: %w. Let location_database name a file that the server may read, or leave it out", path, err)
	}
	d, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("the location database %s %w. Fetch it again, unpack it, and let location_database name the .mmdb file, or leave it out", path, err)
	}
	return d, nil
}

// Parse is Open for what was read already. It reads every entry once, as Of does: what is damaged beside those parts does no harm.
func Parse(raw []byte) (*Database, error) {
	reader, err := maxminddb.OpenBytes(raw)
	if err != nil {
		return nil, damaged(err)
	}
	knows, seen := false, map[uintptr]bool{} // entries, which many networks share
	ends := uint(0)
	for network := range reader.Networks(maxminddb.IncludeNetworksWithoutData()) {
		if ends++; ends > reader.Metadata.NodeCount+1 { // more than a binary tree of so many nodes has: a damaged one may have no end
			return nil, damaged(errors.New("its search tree is none"))
		}
		if network.Err() == nil && (!network.Found() || seen[network.Offset()]) {
			continue
		}
		seen[network.Offset()] = true
		p, err := read(network)
		if err != nil {
			return nil, damaged(err)
		}
		knows = knows || p.Country != ""
	}
	if !knows {
		return nil, errors.New("knows no country; it may be one of networks or owners")
	}
	return &Database{reader}, nil
}

func damaged(err error) error {
	return fmt.Errorf("is no database in MaxMind’s format, or it is damaged: %w", err)
}

// Of tells where an address is. A text that is no address is nowhere.
func (d *Database) Of(address string) Place {
	ip, err := netip.ParseAddr(address)
	if d == nil || d.reader == nil || err != nil {
		return Place{}
	}
	p, err := read(d.reader.Lookup(ip.Unmap().WithZone("")))
	if err != nil {
		return Place{} // all entries were read once: it is an address of the sort that the file has no room for
	}
	return p
}

func read(r maxminddb.Result) (Place, error) {
	var found struct {
		Country struct {
			Code  string            `maxminddb:"iso_code"`
			Names map[string]string `maxminddb:"names"`
		} `maxminddb:"country"`
		City struct {
			Names map[string]string `maxminddb:"names"`
		} `maxminddb:"city"`
	}
	err := r.Decode(&found)
	p := Place{City: found.City.Names, Land: found.Country.Names}
	if code := found.Country.Code; len(code) == 2 && strings.Trim(code, letters) == "" { // it is stored and compared
		p.Country = code
	}
	return p, err
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
