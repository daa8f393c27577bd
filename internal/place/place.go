// Package place tells where an address is, by a location database in MaxMind's format that the operator may provide.
package place

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"
)

// Place is where an address is, as far as the database knows.
type Place struct {
	Country string            // ISO 3166 code; empty if not known
	City    map[string]string // name by language; empty if not known
}

// Database answers from one file, which it holds in memory: replacing the file takes effect at the next start. The zero
// Database, and a nil one, knows no place.
type Database struct{ reader *maxminddb.Reader }

// Open reads and checks the whole file, so that a damaged one is found at the start and not by a wrong answer.
func Open(path string) (*Database, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		var why *fs.PathError
		if errors.As(err, &why) {
			err = why.Err
		}
		return nil, fmt.Errorf("the location database %s can’t be read: %w", path, err)
	}
	reader, err := maxminddb.OpenBytes(raw)
	if err == nil {
		err = reader.Verify()
	}
	if err != nil {
		return nil, fmt.Errorf("the location database %s is no database in MaxMind’s format, or it is damaged: %w", path, err)
	}
	return &Database{reader}, nil
}

// Of tells where an address is. A text that is no address is nowhere.
func (d *Database) Of(address string) Place {
	ip, err := netip.ParseAddr(address)
	if d == nil || d.reader == nil || err != nil {
		return Place{}
	}
	var found struct {
		Country struct {
			Code string `maxminddb:"iso_code"`
		} `maxminddb:"country"`
		City struct {
			Names map[string]string `maxminddb:"names"`
		} `maxminddb:"city"`
	}
	if err := d.reader.Lookup(ip.Unmap().WithZone("")).Decode(&found); err != nil {
		return Place{} // the file was verified as a whole: what is left is an entry of another shape
	}
	return Place{Country: found.Country.Code, City: found.City.Names}
}
