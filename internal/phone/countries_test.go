package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"sallyport/internal/errs"
)

// demanded is the sentence of the demand (C20), word by word.
const demanded = `Åland Islands, Angola, Anguilla, Austria, Algeria, Bahamas, Bahrain, Bangladesh, Belgium, Benin, Bolivia, Bosnia and Herzegovina, Brunei Darussalam, Bulgaria, Burundi, Cambodia, Canada, Cabo Verde, Cayman Islands, Christmas Island, Congo, Cocos Islands, Côte d'Ivoire, Croatia, Cyprus, Czechia, Denmark, Dominica, Dominican Republic, Ecuador, Equatorial Guinea, Estonia, Finland, France, Gambia, Georgia, Germany, Ghana, Gibraltar, Greece, Guatemala, Guyana, Hungary, Iceland, India, Indonesia, Ireland, Israel, Italy, Jamaica, Japan, Jordan, Kazakhstan, Kuwait, Latvia, Liechtenstein, Lithuania, Luxembourg, Malawi, Malaysia, Maldives, Mali, Malta, Mauritius, Mexico, Monaco, Montenegro, Montserrat, Mozambique, Namibia, Netherlands, New Zealand, Nigeria, Norway, Philippines, Poland, Portugal, Qatar, Republic of Korea, Romania, Rwanda, Saint Lucia, Senegal, Serbia, Seychelles, Singapore, Slovakia, Slovenia, South Africa, Spain, Sri Lanka, Sudan, Sweden, Switzerland, Taiwan, Tanzania, Togo, Trinidad and Tobago, Turks and Caicos Islands, Uganda, United Arab Emirates, United Kingdom, United States of America, Venezuela`

// indistinct are the territories whose mobile numbers lie in the ranges of another country, so that they count as
// that country's (see the package comment).
var indistinct = map[string]string{
	"AX": "FI", "CC": "AU", "CX": "AU", // of these three, which the demand lists, only the first is allowed by default
	"SJ": "NO", "VA": "IT", "EH": "MA", "BL": "GP", "MF": "GP",
}

// example gives a mobile number of the country; Tristan da Cunha has fixed lines only.
func example(t *testing.T, code string) string {
	t.Helper()
	p := phonenumbers.GetExampleNumberForType(code, phonenumbers.MOBILE)
	if p == nil {
		p = phonenumbers.GetExampleNumber(code)
	}
	if p == nil {
		t.Fatalf("%s has no example", code)
	}
	if code == "IM" {
		return "+447624012345" // the library's example for the Isle of Man, +44 7924, is one that it takes for the United Kingdom's
	}
	return phonenumbers.Format(p, phonenumbers.E164)
}

func TestDemandedList(t *testing.T) {
	var names []string
	for _, l := range listed {
		names = append(names, l.name)
	}
	if got := strings.Join(names, ", "); got != demanded || len(names) != 104 {
		t.Errorf("%d entries: %s", len(names), got)
	}
	codes := DefaultCountries().Codes()
	if len(codes) != 105 || !slices.IsSorted(codes) || len(slices.Compact(codes)) != 105 {
		t.Errorf("%d codes: %v", len(codes), codes)
	}
	// The names of the page are those of the demand, in another order.
	page := DefaultCountries().Names()
	if !slices.Equal(slices.Sorted(slices.Values(page)), slices.Sorted(slices.Values(names))) {
		t.Errorf("the page shows %v", page)
	}
}

// TestEveryCountryHasAName: the names are those of the countries that the library has ranges for, no more and no less, and
// no two share one.
func TestEveryCountryHasAName(t *testing.T) {
	seen := map[string]string{}
	for code := range phonenumbers.GetSupportedRegions() {
		name := CountryName(code)
		if name == "" || seen[name] != "" {
			t.Errorf("%s is called %q, like %q", code, name, seen[name])
		}
		seen[name] = code
		if other := plain.Replace(name); strings.ContainsFunc(other, func(r rune) bool { return r > '~' }) {
			t.Errorf("%q would be sorted as %q", name, other)
		}
	}
	for code := range others {
		if !phonenumbers.GetSupportedRegions()[code] {
			t.Errorf("%s has a name but no numbers", code)
		}
	}
	for _, code := range DefaultCountries().Codes() {
		if !phonenumbers.GetSupportedRegions()[code] {
			t.Errorf("%s is listed but has no numbers", code)
		}
	}
	for _, code := range []string{"", "at", "XX", "001", "CG CD", "AUT", "Austria"} {
		if name := CountryName(code); name != "" {
			t.Errorf("%q is called %q", code, name)
		}
	}
}

// TestEveryCountry takes each country's example number through all the questions.
func TestEveryCountry(t *testing.T) {
	def := DefaultCountries()
	allowed, refused := 0, 0
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		n, err := Parse(example(t, code), "")
		if err != nil {
			t.Errorf("%s: %v", code, err)
			continue
		}
		want := code
		if main := indistinct[code]; main != "" {
			want = main
		}
		got, ok := n.Country()
		if !ok || got != want {
			t.Errorf("%s: %s is of %q, want %s", code, n, got, want)
		}
		if err := n.CheckMobile(); (err != nil) != (code == "TA") {
			t.Errorf("%s: %s: %v", code, n, err)
		}
		err = def.Allows(n)
		if slices.Contains(def.codes, want) {
			allowed++
			if err != nil {
				t.Errorf("%s: %s: %v", code, n, err)
			}
			continue
		}
		refused++
		e := errs.From(err)
		if !errors.Is(err, ErrCountry) || e.Field != "number" || e.Kind != errs.Invalid || !strings.Contains(e.Message, "("+CountryName(want)+")") {
			t.Errorf("%s: %s: %+v", code, n, e)
		}
		only, err := ParseCountries([]string{want})
		if err != nil || only.Allows(n) != nil {
			t.Errorf("%s: %s is refused where it is permitted: %v", code, n, err)
		}
	}
	// The 105 without the two islands in Australia's ranges; Svalbard's and the Vatican's come with Norway and Italy.
	if allowed != 105-2+2 || allowed+refused != 245 {
		t.Errorf("%d allowed, %d refused", allowed, refused)
	}
}

// TestSharedCallingCodes: where countries share a calling code, the range decides, and what the demand does not list stays out.
func TestSharedCallingCodes(t *testing.T) {
	for _, tc := range []struct {
		number, country string
		mobile, allowed bool
	}{
		{"+1 416 555 0123", "CA", true, true},
		{"+1 212 555 0123", "US", true, true},
		{"+1 242 359 1234", "BS", true, true},
		{"+1 264 235 1234", "AI", true, true},
		{"+1 345 323 1234", "KY", true, true},
		{"+1 649 231 1234", "TC", true, true},
		{"+1 664 492 3456", "MS", true, true},
		{"+1 758 284 5678", "LC", true, true},
		{"+1 767 225 1234", "DM", true, true},
		{"+1 809 234 5678", "DO", true, true},
		{"+1 829 234 5678", "DO", true, true},
		{"+1 849 234 5678", "DO", true, true},
		{"+1 868 291 1234", "TT", true, true},
		{"+1 876 210 1234", "JM", true, true},
		{"+1 658 210 1234", "JM", true, true}, // Jamaica's second area code
		{"+1 246 250 1234", "BB", true, false},
		{"+1 268 464 1234", "AG", true, false},
		{"+1 284 300 1234", "VG", true, false},
		{"+1 340 642 1234", "VI", true, false},
		{"+1 441 370 1234", "BM", true, false},
		{"+1 473 403 1234", "GD", true, false},
		{"+1 670 234 5678", "MP", true, false},
		{"+1 671 300 1234", "GU", true, false},
		{"+1 684 733 1234", "AS", true, false},
		{"+1 721 520 5678", "SX", true, false},
		{"+1 784 430 1234", "VC", true, false},
		{"+1 787 234 5678", "PR", true, false},
		{"+1 939 234 5678", "PR", true, false},
		{"+1 869 765 2917", "KN", true, false},

		{"+7 771 000 9998", "KZ", true, true},
		{"+7 700 123 4567", "KZ", true, true},
		{"+7 912 345 6789", "RU", true, false},
		{"+7 940 123 4567", "RU", true, false},

		{"+358 41 2345678", "FI", true, true},
		{"+358 457 123 4567", "FI", true, true}, // Åland's operator; the range does not tell
		{"+358 18 12345", "AX", false, true},

		{"+61 412 345 678", "AU", true, false}, // Christmas Island's and Cocos' mobile numbers are among these
		{"+61 8 9164 1234", "CX", false, true},
		{"+61 8 9162 1234", "CC", false, true},
		{"+61 8 9123 4567", "AU", false, false},

		{"+44 7400 123456", "GB", true, true},
		{"+44 7797 712345", "JE", true, false},
		{"+44 7700 312345", "JE", true, false},
		{"+44 1534 456789", "JE", false, false},
		{"+44 7781 123456", "GG", true, false},
		{"+44 7911 123456", "GG", true, false},
		{"+44 7911 223456", "GB", true, true},
		{"+44 1481 256789", "GG", false, false},
		{"+44 7624 012345", "IM", true, false},
		{"+44 7524 123456", "IM", true, false},
		{"+44 7924 123456", "IM", true, false},
		{"+44 7457 612345", "IM", true, false},
		{"+44 1624 756789", "IM", false, false},
		{"+44 333 123 4567", "GB", false, true}, // a company's number, of any of the four

		{"+47 406 12 345", "NO", true, true}, // Svalbard's too
		{"+47 79 12 34 56", "SJ", false, false},
		{"+39 312 345 6789", "IT", true, true}, // the Vatican's too
		{"+39 06 698 12345", "VA", false, false},
		{"+262 692 12 34 56", "RE", true, false},
		{"+262 639 01 23 45", "YT", true, false},
		{"+590 690 00 12 34", "GP", true, false},
		{"+599 9 518 1234", "CW", true, false},
		{"+599 318 1234", "BQ", true, false},
		{"+212 650 123456", "MA", true, false},
		{"+33 6 12 34 56 78", "FR", true, true}, // France has four more calling codes overseas
		{"+596 696 20 12 34", "MQ", true, false},
		{"+594 694 20 12 34", "GF", true, false},
		{"+31 6 12345678", "NL", true, true},
		{"+297 560 1234", "AW", true, false},
		{"+45 34 41 23 45", "DK", true, true},
		{"+298 211 234", "FO", true, false},
		{"+299 22 12 34", "GL", true, false},
		{"+242 06 123 4567", "CG", true, true},
		{"+243 991 234 567", "CD", true, true},
		{"+86 131 2345 6789", "CN", true, false},
		{"+852 5123 4567", "HK", true, false},
		{"+886 912 345 678", "TW", true, true},
		{"+90 501 234 56 78", "TR", true, false},
		{"+380 50 123 4567", "UA", true, false},
		{"+55 11 96123 4567", "BR", true, false},
		{"+383 43 201 234", "XK", true, false},
		{"+381 60 1234567", "RS", true, true},
	} {
		n, err := Parse(tc.number, "")
		if err != nil {
			t.Errorf("%s: %v", tc.number, err)
			continue
		}
		if got, _ := n.Country(); got != tc.country {
			t.Errorf("%s is of %q, want %s", tc.number, got, tc.country)
		}
		if err := n.CheckMobile(); (err == nil) != tc.mobile {
			t.Errorf("%s: %v, want mobile %v", tc.number, err, tc.mobile)
		}
		if err := DefaultCountries().Allows(n); (err == nil) != tc.allowed {
			t.Errorf("%s: %v, want allowed %v", tc.number, err, tc.allowed)
		}
	}
}

// TestNoRangeIsOfTwoCountries goes through all area codes of +1 and all blocks of +44 7, where the demand lists some
// countries and leaves out others, and where the library could be wrong unseen: a mobile range that an unlisted country
// has too must not count as a listed one's.
func TestNoRangeIsOfTwoCountries(t *testing.T) {
	def := DefaultCountries()
	unlisted := func(number string) string {
		p, err := phonenumbers.Parse(number, "")
		if err != nil {
			t.Fatalf("%s: %v", number, err)
		}
		for _, code := range phonenumbers.GetRegionCodesForCountryCode(int(p.GetCountryCode())) {
			if !def.has(code) && phonenumbers.IsValidNumberForRegion(p, code) {
				return code
			}
		}
		return ""
	}
	var numbers []string
	for area := 200; area < 1000; area++ {
		numbers = append(numbers, fmt.Sprintf("+1%d2345678", area))
	}
	for block := 70000; block < 80000; block++ {
		numbers = append(numbers, fmt.Sprintf("+44%d12345", block))
	}
	ranges := map[string]int{}
	for _, number := range numbers {
		code := unlisted(number)
		if code == "" {
			continue
		}
		ranges[code]++
		if n := Number(number); n.CheckMobile() == nil && def.Allows(n) == nil {
			t.Errorf("%s is allowed, but may be of %s", n, code)
		}
	}
	for _, code := range []string{"PR", "BB", "GU", "GG", "JE", "IM"} {
		if ranges[code] == 0 {
			t.Errorf("no range of %s was tried", code)
		}
	}
}

func TestParseCountries(t *testing.T) {
	c, err := ParseCountries([]string{"de", " AT", "AT", "Au"})
	if err != nil || !slices.Equal(c.Codes(), []string{"AT", "AU", "DE"}) {
		t.Errorf("%v, %v", c, err)
	}
	for _, bad := range []string{"", "XX", "Austria", "A", "001", "CG CD", "UK", "ÅL", strings.Repeat("AT", 1000)} {
		c, err := ParseCountries([]string{"AT", bad})
		e := errs.From(err)
		if !errors.Is(err, ErrUnknownCountry) || len(c.codes) != 0 || e.Field != "countries" {
			t.Errorf("%.20q: %v, %+v", bad, c, e)
			continue
		}
		if !strings.HasPrefix(e.Message, fmt.Sprintf("%.20q", bad)) || len(e.Message) > 120 {
			t.Errorf("%.20q is not named: %.200s", bad, e.Message)
		}
	}
}

func TestCountriesAreASet(t *testing.T) {
	set := func(codes ...string) Countries {
		c, err := ParseCountries(codes)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tc := range []struct{ a, b, both Countries }{
		{set("AT", "DE", "AU"), set("CH", "AU", "AT"), set("AT", "AU")},
		{set("AT"), set("DE"), set()},
		{set("AT"), Countries{}, set()},
		{DefaultCountries(), DefaultCountries(), DefaultCountries()},
		{DefaultCountries(), set("AU", "AT"), set("AT")}, // an account can't widen what the operator permits
	} {
		for _, got := range []Countries{tc.a.Intersect(tc.b), tc.b.Intersect(tc.a)} {
			if !slices.Equal(got.codes, tc.both.codes) {
				t.Errorf("%v and %v have %v", tc.a, tc.b, got)
			}
		}
	}
	c := set("AT", "DE")
	c.Codes()[0] = "AU"
	c.Intersect(set("DE"))
	if !slices.Equal(c.codes, []string{"AT", "DE"}) {
		t.Errorf("the set has changed: %v", c)
	}
	if err := (Countries{}).Allows("+436641234567"); !errors.Is(err, ErrCountry) {
		t.Errorf("the empty set allows Austria: %v", err)
	}
	if err := DefaultCountries().Allows("+43"); !errors.Is(err, ErrCountry) {
		t.Errorf("what is no number is allowed: %v", err)
	}
}

func TestNames(t *testing.T) {
	c, err := ParseCountries([]string{"ZW", "TR", "AX", "AO", "CI", "HR", "CR", "RE", "RO", "RU"})
	want := []string{"Åland Islands", "Angola", "Costa Rica", "Côte d'Ivoire", "Croatia", "Réunion", "Romania", "Russia", "Türkiye", "Zimbabwe"}
	if got := c.Names(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	// One Congo alone says which.
	for codes, want := range map[string]string{"CG": "Congo (Brazzaville)", "CD": "Congo (Kinshasa)", "CG CD": "Congo"} {
		c, err := ParseCountries(strings.Fields(codes))
		if got := c.Names(); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, %v", codes, got, err)
		}
	}
}

func TestCountriesAsJSON(t *testing.T) {
	type policy struct{ Countries Countries }
	c, err := ParseCountries([]string{"DE", "AT"})
	if err != nil {
		t.Fatal(err)
	}
	for text, p := range map[string]policy{
		`{"Countries":["AT","DE"]}`: {c},
		`{"Countries":[]}`:          {},
	} {
		got, err := json.Marshal(p)
		if err != nil || string(got) != text {
			t.Errorf("%s, %v, want %s", got, err, text)
		}
		var back policy
		if err := json.Unmarshal([]byte(text), &back); err != nil || !slices.Equal(back.Countries.codes, p.Countries.codes) {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	for _, text := range []string{`["XX"]`, `"AT"`, `{"AT":true}`, `[1]`} {
		back := c
		if err := json.Unmarshal([]byte(text), &back); err == nil || !slices.Equal(back.codes, c.codes) {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	back := c
	if err := json.Unmarshal([]byte("null"), &back); err != nil || len(back.codes) != 0 {
		t.Errorf("null: %v, %v", back, err) // nothing rather than what stood there
	}
}
