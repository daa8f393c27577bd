package sms

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Coding is SMPP's data_coding (SMPP 3.4, section 5.2.19): how a short message's octets are to
// be read.
type Coding byte

// The codings in use. The first is called "SMSC default alphabet" by SMPP, and GSM networks agree
// that it is theirs; it is not ASCII, where "@" is 0x40 and not 0x00.
const (
	GSM  Coding = 0x00 // the GSM 7 bit default alphabet, one septet an octet
	UCS2 Coding = 0x08 // UTF-16, high octet first
)

// alphabet is the GSM 7 bit default alphabet (3GPP TS 23.038, section 6.2.1), by septet. The
// escape 0x1B, which is no character, stands as U+FFFD.
const alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\uFFFDÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extension is the table behind the escape (section 6.2.1.1).
var extension = map[rune]byte{
	'\f': 0x0A, '^': 0x14, '{': 0x28, '}': 0x29, '\\': 0x2F, '[': 0x3C, '~': 0x3D, ']': 0x3E, '|': 0x40, '€': 0x65,
}

const escape = 0x1B

// septets and characters are both directions of the default alphabet, extended those of the extension table.
var septets, characters, extended = func() (map[rune]byte, [128]rune, map[byte]rune) {
	to, from, ext := map[rune]byte{}, [128]rune{}, map[byte]rune{}
	for i, r := range []rune(alphabet) {
		from[i] = r
		if i != escape {
			to[r] = byte(i)
		}
	}
	for r, b := range extension {
		ext[b] = r
	}
	return to, from, ext
}()

// units splits a text into what must stay together: a septet, an escape with its septet, a
// UTF-16 unit or a surrogate pair. It takes the GSM alphabet if that has every character.
func units(text string) (Coding, [][]byte) {
	var all [][]byte
	for _, r := range text {
		if b, ok := septets[r]; ok {
			all = append(all, []byte{b})
		} else if b, ok := extension[r]; ok {
			all = append(all, []byte{escape, b})
		} else {
			return UCS2, wideUnits(text)
		}
	}
	return GSM, all
}

func wideUnits(text string) [][]byte {
	var all [][]byte
	for _, r := range text {
		var u []byte
		for _, w := range utf16.AppendRune(nil, r) {
			u = append(u, byte(w>>8), byte(w))
		}
		all = append(all, u)
	}
	return all
}

// Encode gives the octets of a text as SMPP carries them: one septet an octet, or UTF-16. Bytes
// that are not UTF-8 become U+FFFD; [SMPP.Send] and [Gateway.Send] refuse them before.
func Encode(text string) (Coding, []byte) {
	coding, all := units(text)
	var b []byte
	for _, u := range all {
		b = append(b, u...)
	}
	return coding, b
}

// Decode is the reverse, as a telephone does it. Septets that the extension table leaves free are
// read in the default alphabet, and a second escape as a space (TS 23.038, section 6.2.1.1). The
// eighth bit of a septet's octet and an odd last octet of UTF-16 mean nothing and are dropped.
func Decode(c Coding, octets []byte) string {
	var s strings.Builder
	if c == UCS2 {
		var wide []uint16
		for ; len(octets) >= 2; octets = octets[2:] {
			wide = append(wide, uint16(octets[0])<<8|uint16(octets[1]))
		}
		return string(utf16.Decode(wide))
	}
	for i := 0; i < len(octets); i++ {
		b := octets[i] & 0x7F
		if b != escape {
			s.WriteRune(characters[b])
			continue
		}
		if i++; i == len(octets) {
			break // nothing was escaped
		}
		b = octets[i] & 0x7F
		switch r, ok := extended[b]; {
		case ok:
			s.WriteRune(r)
		case b == escape:
			s.WriteByte(' ')
		default:
			s.WriteRune(characters[b])
		}
	}
	return s.String()
}

// What one short message holds, in octets as SMPP counts them: 160 septets, or 140 octets of
// UTF-16; less the six octets of a concatenation header, which take seven septets (3GPP TS
// 23.040, section 9.2.3.24.1).
const (
	aloneGSM, partGSM   = 160, 153
	aloneUCS2, partUCS2 = 140, 134
)

// Parts splits a text into the short messages that carry it, without their headers. No part ends
// within a character, so each can be read alone.
func Parts(text string) (Coding, [][]byte) {
	coding, all := units(text)
	alone, part := aloneGSM, partGSM
	if coding == UCS2 {
		alone, part = aloneUCS2, partUCS2
	}
	if _, octets := Encode(text); len(octets) <= alone {
		return coding, [][]byte{octets}
	}
	var parts [][]byte
	var last []byte
	for _, u := range all {
		if len(last)+len(u) > part {
			parts, last = append(parts, last), nil
		}
		last = append(last, u...)
	}
	return coding, append(parts, last)
}

// concatenation is the user data header of part i (from 0) of n: one element, "concatenated short
// messages, 8-bit reference number" (TS 23.040, section 9.2.3.24.1).
func concatenation(reference byte, i, n int) []byte {
	return []byte{5, 0x00, 3, reference, byte(n), byte(i + 1)}
}

// ascii says whether s consists of printable ASCII, which is all that SMPP's C-octet strings and
// the settings of gateways need.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == utf8.RuneError })
}
