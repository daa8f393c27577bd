package phone

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"sallyport/internal/errs"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ typed, country, want string }{
		{"+436641234567", "", "+436641234567"},
		{"+43 664 1234567", "", "+436641234567"},
		{" +43 (0) 664 / 123 45 67\r\n", "", "+436641234567"}, // the national prefix in brackets, as cards have it
		{"0043 664 1234567", "", "+436641234567"},
		{"tel:+43-664-1234567", "", "+436641234567"}, // RFC 3966
		{" TEL:+43-664-1234567", "", "+436641234567"},
		{"＋４３　６６４　１２３４５６７", "", "+436641234567"},
		{"\u202a+43 664 1234567\u202c", "", "+436641234567"}, // as telephones copy a contact's number
		{"+43\u00a0664\u20111234567\ufeff", "", "+436641234567"},
		{"0664/1234567", "AT", "+436641234567"},
		{"436641234567", "AT", "+436641234567"},
		{"0664 1234567", "DE", "+496641234567"},       // a landline in Hesse
		{"+43 664 1234567", "DE", "+436641234567"},    // the default is for numbers without a country code
		{"0043 664 1234567", "US", "+436641234567"},   // where 00 is not the way to dial abroad
		{"011 43 664 1234567", "US", "+436641234567"}, // and the way that is
		{"(650) 253-0000", "US", "+16502530000"},
		{"1.650.253.0000", "US", "+16502530000"},
		{"07911 123456", "GB", "+447911123456"},
		{"06 1234 5678", "IT", "+390612345678"}, // Italy keeps its 0
		{"+39 06 1234 5678", "", "+390612345678"},
		{"+375 881 077 320 42", "", ""}, // the library reads the result of this one as yet another number
	} {
		got, err := Parse(tc.typed, tc.country)
		if string(got) != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%q (%s): %q, %v, want %q", tc.typed, tc.country, got, err, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct {
		typed, country string
		want           *errs.Error
	}{
		{"", "AT", errEmpty},
		{" - ", "AT", errEmpty},
		{"+", "", errEmpty},
		{"tel:", "", errEmpty},
		{"0664 1234567", "", ErrCountryMissing},
		{"0664 1234567", "XX", ErrCountryMissing},
		{"0664 1234567", "at", ErrCountryMissing},
		{"0664 1234567", "001", ErrCountryMissing},
		{"abc", "AT", errLetters},
		{"+1 800 FLOWERS", "", errLetters},
		{"+43 664 1234567 ext. 5", "", errLetters},
		{"+43 664 1234567x5", "", errLetters},
		{"+43 664 1234567;ext=5", "", errLetters},
		{"+43 664 1234567#5", "", errLetters},
		{"+43 664 1234567,5", "", errLetters},
		{"*43 664 1234567", "", errLetters},
		{"tel:0664-1234567;phone-context=+43", "", errLetters},
		{"sms:+436641234567", "", errLetters},
		{"+43 664 1234567, +43 664 7654321", "", errLetters},
		{"+43 664 1234567 +43 664 7654321", "", errLetters},
		{"++43 664 1234567", "", errLetters},
		{"43+ 664 1234567", "", errLetters},
		{"+43 664 12345\x0067", "", errLetters},
		{"+43 664 123\u06f4567", "", errLetters}, // digits of another script
		{"+43 664 123①567", "", errLetters},
		{"+43 664 123४567", "", errLetters},
		{"+43 664 1234567\xff", "", errLetters},
		{"+43 664 1234567\u202e", "", ErrInvalid}, // right to left: shown otherwise than sent
		{"\u200f+43 664 1234567", "", ErrInvalid},
		{"\u2067+43 664 1234567\u2069", "", ErrInvalid},
		{"112", "AT", errShort},
		{"911", "US", errShort},
		{"253-0000", "US", errShort}, // without its area code
		{"+43 6", "", errShort},
		{"+1 650 253 000", "", errShort},
		{"+1 650 253 00000", "", errLong},
		{"+43 664 1234567 1234567", "", errLong},
		{"0664 1234567 0664 7654321", "AT", errLong},
		{"+49 201 1111 1111 111", "", errLong}, // sixteen digits: Germany has them, E.164 has not
		{"+43 664 1234567" + strings.Repeat(" ", 200), "", errLong},
		{"+43 664 1234567" + strings.Repeat("0", 100), "", errLong},
		{"+1 111 111 1111", "", ErrInvalid},
		{"+44 20 0000 000", "", ErrInvalid},
		{"+999 12345678", "", ErrInvalid}, // no such country code
		{"+0 43 664 1234567", "", ErrInvalid},
		{"+00 43 664 1234567", "", ErrInvalid},
		{"+00 43 664 1234567", "AT", ErrInvalid}, // nor does the default country repair one
		{"+881 6 12345678", "", errGlobal},       // satellites
		{"+870 301 234 567", "", errGlobal},
		{"+882 16 12345678", "", errGlobal},
		{"+883 5100 1234 5678", "", errGlobal},
		{"+878 10 1234567890", "", errGlobal},
		{"+800 1234 5678", "", errGlobal}, // free everywhere
		{"+808 1234 5678", "", errGlobal},
		{"+979 123 456 789", "", errGlobal}, // premium everywhere
	} {
		got, err := Parse(tc.typed, tc.country)
		e := errs.From(err)
		if got != "" || e == nil || e.Code != tc.want.Code || e.Message != tc.want.Message || e.Field != "number" || e.Kind != errs.Invalid {
			t.Errorf("%.60q (%s): %q, %+v, want %q", tc.typed, tc.country, got, e, tc.want.Message)
		}
	}
}

// TestHugeTextIsRefusedUnread: a thousand times ten megabytes take no time, so none of them is looked at.
func TestHugeTextIsRefusedUnread(t *testing.T) {
	huge := strings.Repeat("+43 664 1234567 ", 10<<20/16)
	begin := time.Now()
	for range 1000 {
		if _, err := Parse(huge, "AT"); !errors.Is(err, ErrInvalid) {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took > 5*time.Second { // to look at ten gigabytes takes longer on any machine
		t.Errorf("refusing took %v", took)
	}
}

// TestMessagesShowTheForm: whoever is refused learns how a number is written, in plain words.
func TestMessagesShowTheForm(t *testing.T) {
	for _, e := range []*errs.Error{ErrInvalid, ErrCountryMissing, ErrNotMobile, errEmpty, errLetters, errShort, errLong, errGlobal} {
		if !strings.HasSuffix(e.Message, "as in +43 664 1234567.") {
			t.Errorf("%s: %q", e.Code, e.Message)
		}
	}
	if _, err := Parse("+43 664 1234567", ""); err != nil {
		t.Errorf("the example is refused: %v", err)
	}
}

func TestCheckMobile(t *testing.T) {
	for number, want := range map[Number]error{
		"+436641234567":   nil,
		"+447400123456":   nil,
		"+16502530000":    nil, // may be either
		"+526671234567":   nil, // Mexico: likewise
		"+390612345678":   ErrNotMobile,
		"+4312345678":     ErrNotMobile, // Vienna
		"+442079460000":   ErrNotMobile,
		"+43900123456":    ErrNotMobile, // premium
		"+19002530000":    ErrNotMobile,
		"+43800123456":    ErrNotMobile, // free
		"+18002530000":    ErrNotMobile,
		"+43810123456":    ErrNotMobile, // shared cost
		"+15002345678":    ErrNotMobile, // personal
		"+447012345678":   ErrNotMobile,
		"+445612345678":   ErrNotMobile, // internet telephony
		"+447640123456":   ErrNotMobile, // pager
		"+443331234567":   ErrNotMobile, // a company's
		"+49177991234567": ErrNotMobile, // voice mail
		"+881612345678":   ErrInvalid,   // satellites
		"":                ErrInvalid,
		"0664 1234567":    ErrInvalid,
		"+43664123456x":   ErrInvalid,
	} {
		if err := number.CheckMobile(); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", number, err, want)
		}
	}
}

func TestShown(t *testing.T) {
	for _, tc := range []struct {
		number                        Number
		masked, international, prefix string
	}{
		{"+436641234567", "+43 ••• ••• ••67", "+43 664 1234567", "+436641"},
		{"+16502530000", "+1 ••• ••• ••00", "+1 650-253-0000", "+16502"},
		{"+12423591234", "+1 ••• ••• ••34", "+1 242-359-1234", "+12423"}, // the mask keeps the Bahamas to itself
		{"+447400123456", "+44 ••• ••• ••56", "+44 7400 123456", "+447400"},
		{"+393123456789", "+39 ••• ••• ••89", "+39 312 345 6789", "+393123"},
		{"+37121234567", "+371 ••• ••• ••67", "+371 21 234 567", "+37121"},
		{"+3546111234", "+354 ••• ••• ••34", "+354 611 1234", "+35461"}, // seven digits: two of them stay
		{"+2908999", "+290 ••• ••• ••99", "+290 8999", "+29089"},
		// None of these is a Number. Nothing of them is shown, whatever it is.
		{"", "••• ••• ••••", "", ""},
		{"hunter2", "••• ••• ••••", "", ""},
		{"+436641234567\n", "••• ••• ••••", "", ""},
		{"+43 664 1234567", "••• ••• ••••", "", ""},
		{"+4920111111111111", "••• ••• ••••", "", ""}, // too long
		{"+4306641234567", "••• ••• ••••", "", ""},    // not its own spelling
	} {
		if got := tc.number.Masked(); got != tc.masked {
			t.Errorf("%q masked: %q, want %q", tc.number, got, tc.masked)
		}
		if got := tc.number.International(); got != tc.international {
			t.Errorf("%q international: %q, want %q", tc.number, got, tc.international)
		}
		if got := tc.number.Prefix(); got != tc.prefix {
			t.Errorf("%q prefix: %q, want %q", tc.number, got, tc.prefix)
		}
	}
}

// TestLogShowsNoNumber: neither as an attribute nor within a group.
func TestLogShowsNoNumber(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	n := Number("+436641234567")
	log.Info("sent", "number", n, slog.Group("to", "number", n), slog.Any("again", n))
	if s := out.String(); strings.Contains(s, "1234567") || strings.Count(s, "+43 ••• ••• ••67") != 3 {
		t.Error(s)
	}
}

// TestPumpedNumbersShareAPrefix: numbers side by side are counted together, those of another network are not.
func TestPumpedNumbersShareAPrefix(t *testing.T) {
	of := func(typed string) string {
		n, err := Parse(typed, "")
		if err != nil {
			t.Fatal(typed, err)
		}
		return n.Prefix()
	}
	if of("+43 664 1000000") != of("+43 664 1999999") {
		t.Error("a million numbers side by side have two prefixes")
	}
	if of("+43 664 1234567") == of("+43 660 1234567") || of("+43 664 1234567") == of("+44 7400 123456") {
		t.Error("two networks share a prefix")
	}
}

// examples gives the example numbers of all kinds of all countries.
func examples() []string {
	var all []string
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			if p := phonenumbers.GetExampleNumberForType(code, kind); p != nil {
				all = append(all, phonenumbers.Format(p, phonenumbers.E164))
			}
		}
	}
	return all
}

// typedDigits draws numbers that have a chance to exist: those of the examples, with other digits at the end.
func typedDigits(t *rapid.T, examples []string) string {
	example := rapid.SampledFrom(examples).Draw(t, "example")
	kept := rapid.IntRange(3, len(example)).Draw(t, "kept")
	return example[:kept] + rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", len(example)-kept)).Draw(t, "rest")
}

// TestNumberIsItsOwnSpelling: what Parse makes, it reads as the same number, under any default country; so does what
// is shown to the owner, in any grouping.
func TestNumberIsItsOwnSpelling(t *testing.T) {
	all, made := examples(), 0
	rapid.Check(t, func(t *rapid.T) {
		n, err := Parse(typedDigits(t, all), "")
		if err != nil {
			return
		}
		made++
		country := rapid.SampledFrom([]string{"", "AT", "US", "KZ", "IT"}).Draw(t, "country")
		var grouped strings.Builder
		for _, r := range string(n) {
			grouped.WriteString(rapid.SampledFrom([]string{"", "", " ", "-", "\u00a0", "\u200b", "("}).Draw(t, "gap"))
			grouped.WriteRune(r)
		}
		for _, s := range []string{string(n), grouped.String(), n.International(), "00" + string(n[1:]), "tel:" + string(n)} {
			if again, err := Parse(s, country); err != nil || again != n {
				t.Fatalf("%s: %q is read as %q, %v", n, s, again, err)
			}
		}
		checkNumber(t, n)
	})
	if made < 20 {
		t.Errorf("only %d numbers were made", made)
	}
}

// checkNumber asserts what holds for everything Parse makes.
func checkNumber(t interface{ Fatalf(string, ...any) }, n Number) {
	digits := strings.TrimPrefix(string(n), "+")
	if len(digits) == len(n) || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		t.Fatalf("%q is not E.164", n)
	}
	code, ok := n.Country()
	if !ok || CountryName(code) == "" {
		t.Fatalf("%s is of no country: %q", n, code)
	}
	m := n.Masked()
	calling, rest, _ := strings.Cut(m, " ")
	if !strings.HasPrefix(string(n), calling) || len(calling) > 4 || rest != "••• ••• ••"+string(n[len(n)-2:]) {
		t.Fatalf("%s is masked as %s", n, m)
	}
	if p := n.Prefix(); !strings.HasPrefix(string(n), p) || !strings.HasPrefix(p, calling) || len(p) < len(calling)+2 || len(n)-len(p) > 6 && len(p) != len(n)-6 {
		t.Fatalf("%s has the prefix %s", n, p)
	}
	if s := n.International(); !strings.HasPrefix(s, calling+" ") || strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' }) {
		t.Fatalf("%s is shown as %q", n, s)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"+43 664 1234567", "0664 1234567", "0043 664 1234567", "tel:+1-650-253-0000", "＋４３６６４１２３４５６７", "+1 800 FLOWERS", "+37588107732042",
		"\u202a+436641234567\u202c", "\u202e1", "\xff", "", "+", "00", "+39 06 1234", "+881612345678", "011 43 664 1234567",
	} {
		f.Add(s, "")
		f.Add(s, "US")
	}
	f.Fuzz(func(t *testing.T, typed, country string) {
		// A column may hold anything: the methods take it without falling over, and permit nothing.
		raw := Number(typed)
		_, known := raw.Country()
		if !known && (raw.CheckMobile() == nil || DefaultCountries().Allows(raw) == nil) {
			t.Fatalf("%q is permitted, but of no country", typed)
		}
		_, _, _ = raw.Masked(), raw.International(), raw.Prefix()

		n, err := Parse(typed, country)
		if err != nil {
			if e := errs.From(err); n != "" || e.Field != "number" || e.Kind != errs.Invalid {
				t.Fatalf("%q: %q, %+v", typed, n, e)
			}
			return
		}
		checkNumber(t, n)
		if again, err := Parse(string(n), country); err != nil || again != n {
			t.Fatalf("%q gives %s, which gives %s, %v", typed, n, again, err)
		}
	})
}
