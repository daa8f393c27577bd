package sms

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestReceiptTexts: the form of SMPP 3.4, Appendix B, and as message centres really write it.
func TestReceiptTexts(t *testing.T) {
	for text, want := range map[string]Receipt{
		"id:0123456789 sub:001 dlvrd:001 submit date:0901021504 done date:0901021505 stat:DELIVRD err:000 text:Your code": {"", "0123456789", Delivered, "DELIVRD"},
		"id:a1b2 stat:UNDELIV err:042 text:id:0 stat:DELIVRD":                                                             {"", "a1b2", Failed, "UNDELIV 042"},
		"id:a1b2 sub:1 dlvrd:0 stat:EXPIRED Text:stat:DELIVRD":                                                            {"", "a1b2", Failed, "EXPIRED"},
		"ID: 77 STAT: rejectd ERR: 0":                                                                                     {"", "77", Failed, "REJECTD"},
		"stat:ACCEPTD id:x-9_/":                                                                                           {"", "x-9_/", Sent, "ACCEPTD"},
		"id:1 stat:ENROUTE":                                                                                               {"", "1", Sent, "ENROUTE"},
		"id:1 stat:UNKNOWN err:255":                                                                                       {"", "1", Sent, "UNKNOWN 255"},
		"id:1 stat:DELETED err:1" + strings.Repeat("7", 90):                                                               {"", "1", Failed, "DELETED 1" + strings.Repeat("7", 31)},
	} {
		got, ok := delivery{class: classReceipt, text: []byte(text)}.receipt()
		if !ok || got != want {
			t.Errorf("%q gives %+v, %v, want %+v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "STOP", "id:1", "stat:DELIVRD", "id: stat:DELIVRD", "id:1 stat:EATEN", "xid:1 stat:DELIVRD", "id:\xff stat:DELIVRD", "id:" + strings.Repeat("1", 200) + " stat:DELIVRD"} {
		if got, ok := (delivery{class: classReceipt, text: []byte(text)}).receipt(); ok {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
	// Anybody can send us a text that looks like a receipt; esm_class says that it is none.
	if got, ok := (delivery{text: []byte("id:1 stat:DELIVRD")}).receipt(); ok {
		t.Errorf("a text is taken for %+v", got)
	}
	// The parameters win over the text.
	d := delivery{class: classReceipt, text: []byte("id:10 stat:DELIVRD err:000"), tlvs: map[uint16][]byte{tagReceiptedMessageID: []byte("A\x00"), tagMessageState: {5}}}
	if got, ok := d.receipt(); !ok || got != (Receipt{"", "A", Failed, "UNDELIV"}) {
		t.Errorf("got %+v, %v", got, ok)
	}
}

// TestDelivery takes one apart that was put together by hand from section 4.6.1.
func TestDelivery(t *testing.T) {
	body := mustHex(t, "00"+"0101"+"3433"+"00"+"0500"+"41636d6500"+"04"+"00"+"00"+"00"+"00"+"00"+"00"+"00"+"00"+"03"+"61626300"[0:6]+
		"001e0003"+"41420000"[0:6]+"04270001"+"02"+"14010000")
	d, err := parseDelivery(body)
	if err != nil || d.class != 4 || string(d.text) != "abc" || string(d.tlvs[tagReceiptedMessageID]) != "AB\x00" || !bytes.Equal(d.tlvs[tagMessageState], []byte{2}) {
		t.Fatalf("%+v, %v", d, err)
	}
	r, ok := d.receipt()
	if !ok || r != (Receipt{"", "AB", Delivered, "DELIVRD"}) {
		t.Errorf("%+v, %v", r, ok)
	}
	// What stands in message_payload counts if short_message is empty (section 5.3.2.32).
	d, err = parseDelivery(mustHex(t, "00"+"010100"+"050000"+"000000"+"0000"+"0000"+"00"+"00"+"00"+"0424000161"))
	if err != nil || string(d.text) != "a" {
		t.Errorf("message_payload: %+v, %v", d, err)
	}
	// Cut anywhere, it is a fault, unless it is cut where an optional parameter begins.
	for i := range body {
		_, err := parseDelivery(body[:i])
		if whole := i == len(body)-4 || i == len(body)-9 || i == len(body)-16; (err == nil) != whole {
			t.Errorf("cut after %d of %d octets: %v", i, len(body), err)
		}
	}
	if _, err := parseDelivery(mustHex(t, strings.Repeat("41", 7)+"00")); !errors.Is(err, errBody) {
		t.Errorf("a service_type of seven octets: %v", err)
	}
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSubmit is section 4.4.1, octet for octet.
func TestSubmit(t *testing.T) {
	p := submitPDU(address{5, 0, "Acme"}, destination("+4312345"), GSM, nil, []byte{0x00, 0x41}, true)
	p.sequence = 7
	want := "0000002e" + "00000004" + "00000000" + "00000007" +
		"00" + "0500" + "41636d6500" + "0101" + "3433313233343500" + "000000" + "00" + "00" + "01" + "00" + "00" + "00" + "02" + "0041"
	if got := hex.EncodeToString(p.bytes()); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// TestSubmitPart: the header of a concatenated message, TS 23.040, section 9.2.3.24.1.
func TestSubmitPart(t *testing.T) {
	p := submitPDU(address{}, address{}, UCS2, concatenation(0xAB, 1, 3), []byte{0x04, 0x1A}, false)
	want := "00" + "000000" + "000000" + "400000" + "00" + "00" + "00" + "00" + "08" + "00" + "08" + "050003ab0302" + "041a"
	if got := hex.EncodeToString(p.body); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestPDULengths(t *testing.T) {
	for header, want := range map[string]error{
		"00000010" + "00000015" + "00000000" + "00000001": nil,
		"0000000f" + "00000015" + "00000000" + "00000001": errLength,
		"00010001" + "00000015" + "00000000" + "00000001": errLength,
		"ffffffff" + "00000015" + "00000000" + "00000001": errLength,
		"00000011" + "00000015" + "00000000" + "00000001": io.EOF,
		"00000010" + "00000015":                           io.ErrUnexpectedEOF,
	} {
		p, err := readPDU(bytes.NewReader(mustHex(t, header)))
		if !errors.Is(err, want) || err == nil && (p.command != cmdEnquireLink || p.sequence != 1) {
			t.Errorf("%s: %+v, %v", header, p, err)
		}
	}
}

func TestPDURoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := pdu{
			command: command(rapid.Uint32().Draw(rt, "command")), status: status(rapid.Uint32().Draw(rt, "status")),
			sequence: rapid.Uint32().Draw(rt, "sequence"), body: rapid.SliceOf(rapid.Byte()).Draw(rt, "body"),
		}
		out, err := readPDU(bytes.NewReader(in.bytes()))
		if err != nil || out.command != in.command || out.status != in.status || out.sequence != in.sequence || !bytes.Equal(out.body, in.body) {
			rt.Fatalf("%+v became %+v, %v", in, out, err)
		}
	})
}

func FuzzPDU(f *testing.F) {
	f.Add(submitPDU(address{5, 0, "Acme"}, destination("+4312345"), GSM, nil, []byte("x"), true).bytes())
	f.Add([]byte("\x00\x00\x00\x22\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("\x00", 17) + "\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readPDU(bytes.NewReader(b))
		if err != nil {
			return
		}
		if again := p.bytes(); !bytes.Equal(again, b[:len(again)]) {
			t.Fatalf("%x was read as %x", b, again)
		}
		d, err := parseDelivery(p.body)
		if err != nil {
			return
		}
		if r, ok := d.receipt(); ok && (r.Reference == "" || !ascii(r.Reference) || r.State == "") {
			t.Fatalf("%x gives %+v", b, r)
		}
	})
}

func FuzzReceiptText(f *testing.F) {
	f.Add("id:0123456789 sub:001 dlvrd:001 submit date:0901021504 done date:0901021505 stat:DELIVRD err:000 text:Your code")
	f.Add("ID: 1 STAT:\xff TEXT: İ id:2")
	f.Fuzz(func(t *testing.T, s string) {
		r, ok := delivery{class: classReceipt, text: []byte(s)}.receipt()
		if ok && (len(r.Reference) > maxReference || len(r.Detail) > 40 || !ascii(r.Reference) || !strings.Contains(s, r.Reference)) {
			t.Fatalf("%q gives %+v", s, r)
		}
	})
}
