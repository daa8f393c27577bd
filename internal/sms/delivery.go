package sms

import (
	"bytes"
	"regexp"
	"strings"
)

// Kinds of deliver_sm by its esm_class (SMPP 3.4, section 5.2.12).
const (
	classType    = 0x3C
	classReceipt = 0x04
)

// messageStates are the values of the parameter message_state (section 5.2.28).
var messageStates = map[byte]string{
	1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN", 8: "REJECTD",
}

// receiptStates are the words of a receipt's text (Appendix B). UNKNOWN says that the centre
// does not know, so nothing is over.
var receiptStates = map[string]State{
	"ENROUTE": Sent, "ACCEPTD": Sent, "UNKNOWN": Sent,
	"DELIVRD": Delivered,
	"EXPIRED": Failed, "DELETED": Failed, "UNDELIV": Failed, "REJECTD": Failed,
}

// receiptFields finds the fields of a receipt's text: "id:… sub:… dlvrd:… submit date:… done
// date:… stat:… err:… text:…" (Appendix B). The order and the sizes differ from vendor to vendor.
var receiptFields = regexp.MustCompile(`(?i)(?:^|[ \t])(id|stat|err):[ ]*([^ \t\r\n]+)`)

// messageBegins finds the field with the message's own beginning, which may have the code in it.
var messageBegins = regexp.MustCompile(`(?i)(?:^|[ \t])text:`)

// beforeText is a receipt's text without what stands behind text:.
func beforeText(text string) string {
	if at := messageBegins.FindStringIndex(text); at != nil {
		return text[:at[0]]
	}
	return text
}

// parseReceiptText reads Appendix B's form.
func parseReceiptText(text string) (id, stat, fault string) {
	for _, m := range receiptFields.FindAllStringSubmatch(beforeText(text), -1) {
		switch strings.ToLower(m[1]) {
		case "id":
			id = m[2]
		case "stat":
			stat = strings.ToUpper(m[2])
		case "err":
			fault = m[2]
		}
	}
	return id, stat, fault
}

// receipt reads a delivery receipt; ok is false if it is none: a text that somebody sent us. The
// optional parameters, which version 3.4 brought, are exact and win over the text.
func (d delivery) receipt() (r Receipt, ok bool) {
	id, stat, fault := "", "", ""
	if d.class&classType == classReceipt {
		// Receipts are ASCII by custom, whatever data_coding says of the texts of this network.
		id, stat, fault = parseReceiptText(string(d.text))
	}
	if v := d.tlvs[tagReceiptedMessageID]; len(v) > 0 {
		id = string(bytes.TrimRight(v, "\x00"))
	}
	if v := d.tlvs[tagMessageState]; len(v) == 1 && messageStates[v[0]] != "" {
		stat = messageStates[v[0]]
	}
	state, known := receiptStates[stat]
	if id = reference(id); id == "" || !known {
		return Receipt{}, false
	}
	detail := stat
	if strings.Trim(fault, "0") != "" {
		detail += " " + fault
	}
	return Receipt{Reference: id, State: state, Detail: printable(detail, 40)}, true
}
