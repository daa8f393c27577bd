package sms

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// command is a PDU's command_id (SMPP 3.4, section 5.1.2.1); a response has the high bit set.
type command uint32

const (
	cmdGenericNack     command = 0x80000000
	cmdBindTransmitter command = 0x00000002
	cmdSubmitSM        command = 0x00000004
	cmdDeliverSM       command = 0x00000005
	cmdUnbind          command = 0x00000006
	cmdBindTransceiver command = 0x00000009
	cmdOutbind         command = 0x0000000B
	cmdEnquireLink     command = 0x00000015
	cmdAlert           command = 0x00000102

	response command = 0x80000000
)

// status is a PDU's command_status (section 5.1.3).
type status uint32

const (
	statusOK            status = 0x00
	statusInvMsgLen     status = 0x01
	statusInvCmdLen     status = 0x02
	statusInvCmdID      status = 0x03
	statusSysErr        status = 0x08
	statusInvSrcAdr     status = 0x0A
	statusInvDstAdr     status = 0x0B
	statusBindFail      status = 0x0D
	statusInvPaswd      status = 0x0E
	statusInvSysID      status = 0x0F
	statusMsgQFul       status = 0x14
	statusSubmitFail    status = 0x45
	statusThrottled     status = 0x58
	statusReceiverTemp  status = 0x64 // ESME_RX_T_APPN: the receiver can't just now, deliver it again
	statusDeliveryFails status = 0xFE
)

var statusNames = map[status]string{
	statusInvMsgLen: "ESME_RINVMSGLEN", statusInvCmdLen: "ESME_RINVCMDLEN", statusInvCmdID: "ESME_RINVCMDID",
	statusSysErr: "ESME_RSYSERR", statusInvSrcAdr: "ESME_RINVSRCADR", statusInvDstAdr: "ESME_RINVDSTADR",
	statusBindFail: "ESME_RBINDFAIL", statusInvPaswd: "ESME_RINVPASWD", statusInvSysID: "ESME_RINVSYSID",
	statusMsgQFul: "ESME_RMSGQFUL", statusSubmitFail: "ESME_RSUBMITFAIL", statusThrottled: "ESME_RTHROTTLED",
	statusDeliveryFails: "ESME_RDELIVERYFAILURE",
}

func (s status) String() string {
	return fmt.Sprintf("command_status 0x%02X %s", uint32(s), statusNames[s])
}

const (
	headerSize = 16
	maxPDU     = 64 << 10
)

// pdu is a protocol data unit: its header (section 3.2) and the octets behind that.
type pdu struct {
	command  command
	status   status
	sequence uint32
	body     []byte
}

// errLength is the fault after which the next PDU's beginning is unknown.
var errLength = errors.New("a PDU's command_length is below 16 or above 64 KiB")

// readPDU reads one PDU. After errLength its header's other fields are valid, if the stream had them.
func readPDU(r io.Reader) (pdu, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return pdu{}, err
	}
	p := pdu{
		command:  command(binary.BigEndian.Uint32(h[4:])),
		status:   status(binary.BigEndian.Uint32(h[8:])),
		sequence: binary.BigEndian.Uint32(h[12:]),
	}
	n := binary.BigEndian.Uint32(h[:])
	if n < headerSize || n > maxPDU {
		return p, errLength
	}
	p.body = make([]byte, n-headerSize)
	_, err := io.ReadFull(r, p.body)
	return p, err
}

// bytes is the PDU as it travels.
func (p pdu) bytes() []byte {
	b := make([]byte, 0, headerSize+len(p.body))
	b = binary.BigEndian.AppendUint32(b, uint32(headerSize+len(p.body)))
	b = binary.BigEndian.AppendUint32(b, uint32(p.command))
	b = binary.BigEndian.AppendUint32(b, uint32(p.status))
	b = binary.BigEndian.AppendUint32(b, p.sequence)
	return append(b, p.body...)
}

// answer is the response to p. An error's response has no body (section 4.4.2 and its like).
func (p pdu) answer(s status) pdu {
	a := pdu{command: p.command | response, status: s, sequence: p.sequence}
	if p.command == cmdDeliverSM && s == statusOK {
		a.body = []byte{0} // message_id, unused (section 4.6.2)
	}
	return a
}

// nack answers what can't be answered otherwise (section 4.3).
func (p pdu) nack(s status) pdu {
	return pdu{command: cmdGenericNack, status: s, sequence: p.sequence}
}

func appendCString(b []byte, s string) []byte { return append(append(b, s...), 0) }

func (a address) append(b []byte) []byte { return appendCString(append(b, a.ton, a.npi), a.digits) }

// bindPDU is section 4.1: the same body for each kind of bind.
func bindPDU(c command, systemID, password, systemType string) pdu {
	b := appendCString(nil, systemID)
	b = appendCString(b, password)
	b = appendCString(b, systemType)
	b = append(b, 0x34)     // interface_version
	b = address{}.append(b) // addr_ton, addr_npi, address_range: the centre's own choice
	return pdu{command: c, body: b}
}

const (
	udhIndicator = 0x40 // esm_class: the message begins with a user data header (section 5.2.12)
	wantReceipt  = 0x01 // registered_delivery: on success and on failure (section 5.2.17)
)

// submitPDU is section 4.4.1.
func submitPDU(from, to address, coding Coding, header, text []byte, receipt bool) pdu {
	var class, registered byte
	if len(header) > 0 {
		class = udhIndicator
	}
	if receipt {
		registered = wantReceipt
	}
	b := appendCString(nil, "") // service_type
	b = from.append(b)
	b = to.append(b)
	b = append(b, class, 0, 0) // esm_class, protocol_id, priority_flag
	b = append(b, 0, 0)        // schedule_delivery_time, validity_period: now, the centre's default
	b = append(b, registered, 0, byte(coding), 0, byte(len(header)+len(text)))
	return pdu{command: cmdSubmitSM, body: append(append(b, header...), text...)}
}

// reader reads a body from its front. After the first fault all that it gives is empty, and bad says so.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) octets(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	o := r.b[:n]
	r.b = r.b[n:]
	return o
}

func (r *reader) octet() byte {
	if o := r.octets(1); len(o) == 1 {
		return o[0]
	}
	return 0
}

// cString reads a C-octet string of at most size octets, its NUL included (section 3.1).
func (r *reader) cString(size int) string {
	s, _, found := strings.Cut(string(r.b[:min(len(r.b), size)]), "\x00")
	if !found {
		r.b, r.bad = nil, true
		return ""
	}
	r.b = r.b[len(s)+1:]
	return s
}

// Tags of optional parameters (section 5.3.2).
const (
	tagReceiptedMessageID = 0x001E
	tagMessagePayload     = 0x0424
	tagMessageState       = 0x0427
)

// tlvs reads the optional parameters that end a body; of a repeated one the last counts.
func (r *reader) tlvs() map[uint16][]byte {
	all := map[uint16][]byte{}
	for len(r.b) > 0 {
		h := r.octets(4)
		if len(h) < 4 {
			break
		}
		all[binary.BigEndian.Uint16(h)] = r.octets(int(binary.BigEndian.Uint16(h[2:])))
	}
	return all
}

// delivery is what we read of a deliver_sm (section 4.6.1).
type delivery struct {
	class  byte
	coding Coding
	text   []byte
	tlvs   map[uint16][]byte
}

var errBody = errors.New("the PDU's fields do not fit its length")

func parseDelivery(body []byte) (delivery, error) {
	r := reader{b: body}
	var d delivery
	r.cString(6)  // service_type
	for range 2 { // source and destination
		r.octets(2)
		r.cString(21)
	}
	d.class = r.octet()
	r.octets(2)   // protocol_id, priority_flag
	r.cString(17) // schedule_delivery_time
	r.cString(17) // validity_period
	r.octets(2)   // registered_delivery, replace_if_present_flag
	d.coding = Coding(r.octet())
	r.octet() // sm_default_msg_id
	d.text = r.octets(int(r.octet()))
	d.tlvs = r.tlvs()
	if payload := d.tlvs[tagMessagePayload]; len(d.text) == 0 {
		d.text = payload
	}
	if r.bad {
		return delivery{}, errBody
	}
	return d, nil
}
