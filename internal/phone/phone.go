// Package phone reads telephone numbers and says which of them may get text messages.
//
// A [Number] is the one spelling of a number (E.164): [Parse] makes it once, at the edge, before anything counts or
// compares it (D6). A number goes with a country by the range it lies in, never by its calling code alone. What is
// no number of a country (satellite phones, +800, +979 and their like) is refused: nobody signs in from there, and
// its prices are what pumping lives on (B94).
//
// The ranges are those that the library's release knew. One that was opened since is refused until the next
// release: the other way round, whatever is not known would be paid for. Three things the ranges do not tell:
//
//   - Mobile numbers of Christmas Island and the Cocos Islands lie in Australia's ranges. They count as Australia's,
//     so they are refused wherever Australia is, although the demand lists both islands (C20).
//   - Those of Åland count as Finland's, of Svalbard as Norway's, of the Vatican as Italy's, of Western Sahara as Morocco's,
//     of Saint Barthélemy and Saint Martin as Guadeloupe's.
//   - In North America and a few more countries mobile and fixed numbers look alike. They are accepted.
//
// A Number is personal data. Pages of other people show it by [Number.Masked], and so does the log on its own.
package phone

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"sallyport/internal/errs"
)

// Number is a telephone number in E.164: "+436641234567". Only Parse makes one; the methods also take one that was
// stored under an older release of the library, and tell nothing of a text that is none.
type Number string

// The errors. All belong to the input field "number".
var (
	ErrInvalid = errs.New(errs.Invalid, "phone_invalid",
		"There is no such telephone number. Check it and enter it with its country code, as in +43 664 1234567.").In("number")
	ErrCountryMissing = errs.New(errs.Invalid, "phone_country_missing",
		"The country code is missing. Enter the number with it, as in +43 664 1234567.").In("number")
	ErrNotMobile = errs.New(errs.Invalid, "phone_not_mobile",
		"This is not a mobile number, and only those get text messages. Enter a mobile number, as in +43 664 1234567.").In("number")
	ErrCountry = errs.New(errs.Invalid, "country_not_supported",
		"Text messages can’t be sent to this number’s country. Use an authenticator app, or a number of a supported country.").In("number")

	errEmpty   = ErrInvalid.Saying("Enter a mobile number, as in +43 664 1234567.")
	errLetters = ErrInvalid.Saying("This is not one telephone number. Enter only digits, without letters or an extension, as in +43 664 1234567.")
	errShort   = ErrInvalid.Saying("This number is too short. Enter it in full with its country code, as in +43 664 1234567.")
	errLong    = ErrInvalid.Saying("This number is too long. Enter one number with its country code, as in +43 664 1234567.")
	errGlobal  = ErrInvalid.Saying("Numbers of satellite phones and international services can’t be used. Enter a country’s mobile number, as in +43 664 1234567.")
)

// worldwide is what the library calls the region of the numbers that belong to no country (a variable there).
const worldwide = "001"

// Parse reads what a person typed or pasted: blanks, dashes, brackets, dots and slashes group the digits, "00" is
// "+" and a leading "tel:" is dropped. Without "+" or "00" it is a number of the default country, an ISO 3166-1 code
// in capitals; if that is empty or unknown, ErrCountryMissing.
//
// The number need not be mobile or of a permitted country: CheckMobile and Countries.Allows say that.
func Parse(typed, defaultCountry string) (Number, error) {
	digits, err := clean(typed)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(digits, "+") {
		defaultCountry = "" // else the library guesses: an unknown "+x" would be read as a national number
	} else if CountryName(defaultCountry) == "" {
		return "", ErrCountryMissing
	}
	p, err := phonenumbers.Parse(digits, defaultCountry)
	switch {
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "", errShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "", errLong
	case err != nil:
		return "", ErrInvalid
	}
	switch phonenumbers.IsPossibleNumberWithReason(p) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "", errShort
	case phonenumbers.TOO_LONG:
		return "", errLong
	}
	if phonenumbers.GetRegionCodeForNumber(p) == worldwide {
		return "", errGlobal
	}
	n := Number(phonenumbers.Format(p, phonenumbers.E164))
	if len(n) > maxLength {
		return "", errLong
	}
	// Of a few texts the library strips a national prefix twice over, so that what it makes reads as another
	// number. Such a text has no one spelling.
	if !phonenumbers.IsValidNumber(p) || n.read() == nil {
		return "", ErrInvalid
	}
	return n, nil
}

// maxLength is that of a "+" and 15 digits (ITU-T E.164, section 6.2.1). The library knows a few longer numbers.
const maxLength = 1 + 15

// read gives the library's form of n, or nil if n is not the library's own spelling of it, or of no country.
func (n Number) read() *phonenumbers.PhoneNumber {
	if len(n) > maxLength {
		return nil
	}
	p, err := phonenumbers.Parse(string(n), "")
	if err != nil || phonenumbers.Format(p, phonenumbers.E164) != string(n) || phonenumbers.GetRegionCodeForNumber(p) == worldwide {
		return nil
	}
	return p
}

// Country gives the ISO 3166-1 code of the country in whose range n lies: "AT", but "BS" for +1 242 and "KZ" for +7 7.
// Every Number that Parse makes has one; ok is false if n lies in no range that the library knows.
func (n Number) Country() (code string, ok bool) {
	p := n.read()
	if p == nil {
		return "", false
	}
	code = phonenumbers.GetRegionCodeForNumber(p)
	// +44 7524 and +44 7924 are the Isle of Man's, within what the library takes for the United Kingdom's.
	if code == "GB" && phonenumbers.GetNumberType(p) == phonenumbers.MOBILE && phonenumbers.IsValidNumberForRegion(p, "IM") {
		code = "IM"
	}
	return code, code != ""
}

// CheckMobile refuses what the range tells is no mobile number: fixed lines, premium, free and shared-cost numbers,
// internet telephony, personal numbers, companies' access numbers, pagers and voice mail. Where fixed and mobile
// numbers share their ranges (+1), it accepts.
func (n Number) CheckMobile() error {
	p := n.read()
	if p == nil {
		return ErrInvalid
	}
	switch phonenumbers.GetNumberType(p) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return nil
	}
	return ErrNotMobile
}

// Masked shows the calling code and the last two digits: "+43 ••• ••• ••67". It is as long for every number, so it
// tells nothing more.
func (n Number) Masked() string {
	const hidden = "••• ••• ••"
	p := n.read()
	if p == nil {
		return hidden + "••"
	}
	return callingCode(p) + " " + hidden + string(n[len(n)-2:])
}

// International shows n grouped as its country groups it: "+43 664 1234567". It is for its owner's eyes only.
func (n Number) International() string {
	p := n.read()
	if p == nil {
		return ""
	}
	return phonenumbers.Format(p, phonenumbers.INTERNATIONAL)
}

// Prefix is what a brake on pumping counts by (B94): n without its last six digits, but at least two digits after
// the calling code. "+436641234567" gives "+436641".
//
// Pumping sends to numbers that one operator holds side by side, and regulators give operators ranges of a million
// numbers or less. Area and network codes would do worse: some countries have none, and +43 664 or +1 212 are millions
// of people, who would all wait because of one.
func (n Number) Prefix() string {
	p := n.read()
	if p == nil {
		return ""
	}
	return string(n[:max(len(n)-6, len(callingCode(p))+2)])
}

// LogValue keeps numbers out of the log: slog writes them masked.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// callingCode is "+43".
func callingCode(p *phonenumbers.PhoneNumber) string {
	return "+" + strconv.Itoa(int(p.GetCountryCode()))
}
