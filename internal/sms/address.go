package sms

import (
	"slices"
	"strings"
)

// Types of number and numbering plans (SMPP 3.4, sections 5.2.5 and 5.2.6).
const (
	tonUnknown       = 0
	tonInternational = 1
	tonNetwork       = 3 // network specific: short codes
	tonAlphanumeric  = 5

	npiUnknown = 0
	npiISDN    = 1 // E.163/E.164
)

// address is a number or name with its type.
type address struct {
	ton, npi byte
	digits   string
}

// destination is the address of a telephone: international, so the plus goes.
func destination(number string) address {
	return address{ton: tonInternational, npi: npiISDN, digits: strings.TrimPrefix(number, "+")}
}

// source is how an SMPP source address or a gateway's from is to be read.
func source(from string) (address, error) {
	switch {
	case from == "":
		return address{ton: tonUnknown, npi: npiUnknown}, nil // the gateway's own
	case numberForm.MatchString(from):
		return address{ton: tonInternational, npi: npiISDN, digits: from[1:]}, nil
	case len(from) <= 8 && !slices.ContainsFunc([]byte(from), func(b byte) bool { return b < '0' || b > '9' }):
		return address{ton: tonNetwork, npi: npiUnknown, digits: from}, nil
	}
	coding, octets := Encode(from)
	if coding != GSM || len(octets) > 11 || !ascii(from) || strings.Trim(from, "+0123456789") == "" {
		return address{}, setting("from is neither a number with +, nor a short code of at most 8 digits, nor a name of at most 11 characters")
	}
	return address{ton: tonAlphanumeric, npi: npiUnknown, digits: from}, nil
}
