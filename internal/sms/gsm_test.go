package sms

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// codeText is what this package is for: a text whose last line a browser reads.
const codeText = "Your code for Acme is 123456.\n\n@login.example.com #123456"

func message(text string) Message {
	return Message{ID: "sms_0123456789", To: "+436601234567", Text: text}
}

// TestGSMAlphabet: characters whose septets are not their ASCII codes, from the tables of
// TS 23.038, sections 6.2.1 and 6.2.1.1.
func TestGSMAlphabet(t *testing.T) {
	for text, want := range map[string]string{
		"@": "00", "£": "01", "$": "02", "¥": "03", "è": "04", "Ç": "09", "\n": "0a", "Ø": "0b", "\r": "0d",
		"Δ": "10", "_": "11", "Ξ": "1a", "Æ": "1c", "É": "1f", " ": "20", "#": "23", "¤": "24", "0": "30",
		"¡": "40", "A": "41", "Z": "5a", "Ä": "5b", "Ö": "5c", "Ñ": "5d", "Ü": "5e", "§": "5f", "¿": "60",
		"a": "61", "z": "7a", "ä": "7b", "ö": "7c", "ñ": "7d", "ü": "7e", "à": "7f",
		"€": "1b65", "[": "1b3c", "]": "1b3e", "{": "1b28", "}": "1b29", "~": "1b3d", "^": "1b14", "\\": "1b2f", "|": "1b40", "\f": "1b0a",
	} {
		coding, octets := Encode(text)
		if got := hex.EncodeToString(octets); coding != GSM || got != want {
			t.Errorf("%q is %s in coding %d, want %s in GSM", text, got, coding, want)
		}
	}
	// "ç" is not in it although "Ç" is, nor is "`"; and the escape is no character.
	for _, text := range []string{"ç", "`", "Код", "\u001b", "\uFFFD", "👍"} {
		if coding, _ := Encode(text); coding != UCS2 {
			t.Errorf("%q is taken for GSM", text)
		}
	}
}

func TestWideTexts(t *testing.T) {
	coding, octets := Encode("Код 1👍")
	if got, want := hex.EncodeToString(octets), "041a043e043400200031d83ddc4d"; coding != UCS2 || got != want {
		t.Errorf("got %s in coding %d, want %s", got, coding, want)
	}
}

// TestDecodeAsTelephonesDo: what the tables leave free.
func TestDecodeAsTelephonesDo(t *testing.T) {
	for octets, want := range map[string]string{
		"1b41": "A",      // not in the extension table: the default alphabet's
		"1b1b": " ",      // reserved for a further table
		"411b": "A",      // an escape at the end
		"c1":   "A",      // the eighth bit means nothing
		"1be5": "€",      //
		"1b00": "@",      //
		"001b": "@",      //
		"1b65": "\u20ac", //
	} {
		b, err := hex.DecodeString(octets)
		if err != nil {
			t.Fatal(err)
		}
		if got := Decode(GSM, b); got != want {
			t.Errorf("%s is %q, want %q", octets, got, want)
		}
	}
	if got := Decode(UCS2, []byte{0x04, 0x1A, 0x04}); got != "К" {
		t.Errorf("half a unit at the end gives %q", got)
	}
}

// gsmText draws texts that the GSM alphabet has.
func gsmText() *rapid.Generator[string] {
	all := []rune(strings.ReplaceAll(alphabet, "\uFFFD", "") + "^{}\\[~]|€\f")
	return rapid.StringOf(rapid.SampledFrom(all))
}

func TestEncodeAndDecodeAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		wide := rapid.Bool().Draw(rt, "wide")
		text := gsmText().Draw(rt, "text")
		if wide {
			text = rapid.String().Draw(rt, "text")
		}
		coding, octets := Encode(text)
		if !wide && coding != GSM {
			rt.Fatalf("%q is not GSM", text)
		}
		if got := Decode(coding, octets); got != text {
			rt.Fatalf("%q came back as %q", text, got)
		}
	})
}

// TestParts: nothing is lost, each part can be read alone, none is longer than a short message,
// and one is not split that fits.
func TestParts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := gsmText().Draw(rt, "begin")
		if rapid.Bool().Draw(rt, "wide") {
			text += rapid.StringOf(rapid.SampledFrom([]rune("aК👍"))).Draw(rt, "wide end")
		}
		text = strings.Repeat(text, rapid.IntRange(1, 20).Draw(rt, "times"))
		coding, parts := Parts(text)
		_, whole := Encode(text)
		if !bytes.Equal(bytes.Join(parts, nil), whole) {
			rt.Fatalf("%q is not the sum of its parts", text)
		}
		var read strings.Builder
		for i, p := range parts {
			read.WriteString(Decode(coding, p))
			room, alone := 153, 160
			if coding == UCS2 {
				room, alone = 134, 140
			}
			if len(parts) == 1 {
				room = alone
			} else if len(whole) <= alone {
				rt.Fatalf("%d octets are split", len(whole))
			}
			if len(p) > room || len(p) < room-3 && i < len(parts)-1 {
				rt.Fatalf("part %d of %d has %d octets", i, len(parts), len(p))
			}
		}
		if read.String() != text {
			rt.Fatalf("read part by part, %q is %q", text, read.String())
		}
	})
}

func TestACodeFitsInOneMessage(t *testing.T) {
	coding, parts := Parts(codeText)
	if coding != GSM || len(parts) != 1 || parts[0][bytes.IndexByte(parts[0], '\n')+2] != 0x00 {
		t.Fatalf("coding %d, parts %x", coding, parts)
	}
	for text, want := range map[string]int{
		strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("€", 80): 1, strings.Repeat("€", 81): 2,
		strings.Repeat("К", 70): 1, strings.Repeat("К", 71): 2, strings.Repeat("a", 306): 2, strings.Repeat("a", 307): 3, strings.Repeat("К", 134): 2, strings.Repeat("К", 135): 3,
		// An escape does not stand alone at the end of a part.
		strings.Repeat("a", 152) + "€" + strings.Repeat("a", 151): 2, strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152): 3,
	} {
		if _, parts := Parts(text); len(parts) != want {
			t.Errorf("%d characters take %d messages, want %d", utf8.RuneCountInString(text), len(parts), want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(byte(GSM), []byte("\x00\x1b\x65\x1b"))
	f.Add(byte(UCS2), []byte{0xD8, 0x3D})
	f.Fuzz(func(t *testing.T, coding byte, octets []byte) {
		text := Decode(Coding(coding), octets)
		if !utf8.ValidString(text) {
			t.Fatalf("%x is %q", octets, text)
		}
		// Reading again what was read changes nothing.
		if again := Decode(Encode(text)); again != text {
			t.Fatalf("%q came back as %q", text, again)
		}
	})
}
