package phone

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sallyport/internal/errs"
)

// ErrUnknownCountry means that a text is no country's code. Its message names the text.
var ErrUnknownCountry = errs.New(errs.Invalid, "country_unknown", "This is not a country’s code. Enter two letters, as in AT.").In("countries")

// Countries is a set of countries, by their ISO 3166-1 codes. It does not change once made. The zero value is empty
// and allows nothing.
type Countries struct {
	codes []string // sorted, each once
}

// DefaultCountries gives the countries of the demand (C20): 104 entries, 105 codes.
func DefaultCountries() Countries {
	var codes []string
	for _, l := range listed {
		codes = append(codes, strings.Fields(l.codes)...)
	}
	return newCountries(codes)
}

// newCountries takes over the slice.
func newCountries(codes []string) Countries {
	slices.Sort(codes)
	return Countries{slices.Compact(codes)}
}

// ParseCountries reads a list of codes, in small letters or capitals, in any order. One that is unknown is ErrUnknownCountry.
func ParseCountries(list []string) (Countries, error) {
	codes := make([]string, 0, len(list))
	for _, text := range list {
		code := strings.ToUpper(strings.TrimSpace(text))
		if CountryName(code) == "" {
			return Countries{}, ErrUnknownCountry.Saying(fmt.Sprintf("%.20q is not a country’s code. Enter two letters, as in AT.", text))
		}
		codes = append(codes, code)
	}
	return newCountries(codes), nil
}

// Allows returns nil if the set has n's country, else an ErrCountry that names the country. It does not ask
// whether n is mobile.
func (c Countries) Allows(n Number) error {
	code, ok := n.Country()
	if !ok {
		return ErrCountry
	}
	if !c.has(code) {
		return ErrCountry.Saying(fmt.Sprintf(
			"Text messages can’t be sent to numbers of this country (%s). Use an authenticator app, or a number of a supported country.", CountryName(code)))
	}
	return nil
}

// Intersect gives the countries that both sets have: what the operator permits and an account wants.
func (c Countries) Intersect(o Countries) Countries {
	return Countries{slices.DeleteFunc(c.Codes(), func(code string) bool { return !o.has(code) })}
}

// Codes lists the set, sorted.
func (c Countries) Codes() []string { return slices.Clone(c.codes) }

// Names lists the set in English, sorted as people sort, for the page "Supported Countries". Both Congos
// together are "Congo", as the demand writes it.
func (c Countries) Names() []string {
	var names []string
	rest := c.Codes()
	for _, l := range listed {
		codes := strings.Fields(l.codes)
		if !slices.ContainsFunc(codes, func(code string) bool { return !c.has(code) }) {
			names = append(names, l.name)
			rest = slices.DeleteFunc(rest, func(code string) bool { return slices.Contains(codes, code) })
		}
	}
	for _, code := range rest {
		names = append(names, CountryName(code))
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(plain.Replace(a), plain.Replace(b)) })
	return names
}

func (c Countries) has(code string) bool {
	_, found := slices.BinarySearch(c.codes, code)
	return found
}

// plain takes the accents from the names we have, so that Åland comes before Albania. Collation as Unicode
// describes it would cost a module.
var plain = strings.NewReplacer("Å", "A", "ã", "a", "ç", "c", "é", "e", "í", "i", "ô", "o", "ü", "u")

// MarshalJSON writes the sorted list of codes: ["AT","DE"].
func (c Countries) MarshalJSON() ([]byte, error) {
	return json.Marshal(append([]string{}, c.codes...)) // never null
}

// UnmarshalJSON reads what MarshalJSON writes; an unknown code is ErrUnknownCountry.
func (c *Countries) UnmarshalJSON(text []byte) error {
	var list []string
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	parsed, err := ParseCountries(list)
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}
