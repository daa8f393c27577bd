package sms

import (
	"crypto/hmac"
	"crypto/sha1" // Twilio's signature; as a MAC it is sound
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Receipts says how a gateway reports what became of a message: by a request to {receipt_url}
// with parameters in its query, a form or a flat JSON object.
type Receipts struct {
	Params    string           `yaml:"params"`    // template, added to the form or query of each message if receipts are wanted
	State     string           `yaml:"state"`     // the parameter with the state
	States    map[string]State `yaml:"states"`    // the gateway's word for each of ours; others are not receipts
	Reference string           `yaml:"reference"` // the parameter with the gateway's name for the message
	Detail    string           `yaml:"detail"`    // the parameter that says more
}

// wantReceipts takes over the address for them.
func (g *Gateway) wantReceipts(base string) error {
	for word, state := range g.d.Receipts.States {
		if state != Sent && state != Delivered && state != Failed {
			return setting("receipts.states: " + word + " is none of sent, delivered, failed")
		}
	}
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	// Kannel reads "%" in the address as the beginning of a placeholder of its own.
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(base, "%?#@ ") || !ascii(base) {
		return setting("the address for receipts is not a plain URL")
	}
	g.receiptURL, g.wantsReceipt = strings.TrimSuffix(base, "/"), true
	return nil
}

func (g *Gateway) receiptAddress(id string) string {
	if !g.wantsReceipt {
		return ""
	}
	return g.receiptURL + "/" + id
}

// Receipt reads a gateway's report. The message's id is the last element of the request's path;
// that it can't be guessed is what speaks for the sender, and with Twilio the signature, which
// is checked. The same receipt may come twice, and an older one after a newer.
func (g *Gateway) Receipt(r *http.Request) (Receipt, error) {
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if !idForm.MatchString(id) || g.d.Receipts.State == "" {
		return Receipt{}, because(ErrReceipt, "the address names no message")
	}
	params, err := parameters(r)
	if err != nil {
		return Receipt{}, err
	}
	// Signed is the address that we gave out: what a proxy made of it is of no interest.
	if g.d.signed && !hmac.Equal([]byte(r.Header.Get("X-Twilio-Signature")), []byte(twilioSignature(g.d.Password, g.receiptAddress(id), params))) {
		return Receipt{}, ErrForged
	}
	word := params.Get(g.d.Receipts.State)
	state, known := g.d.Receipts.States[word]
	if !known {
		return Receipt{}, because(ErrReceipt, "unknown state "+printable(word, 40))
	}
	detail := beforeText(params.Get(g.d.Receipts.Detail)) // Kannel hands on what an SMPP centre wrote
	if detail == "" || detail == "0" {
		detail = word
	}
	return Receipt{ID: id, Reference: reference(params.Get(g.d.Receipts.Reference)), State: state, Detail: printable(detail, maxReason)}, nil
}

// parameters reads a receipt's query, or body: form or JSON.
func parameters(r *http.Request) (url.Values, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, because(ErrReceipt, "neither GET nor POST")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxAnswer)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // without one it is no JSON
	if r.Method == http.MethodPost && kind == jsonType {
		var object map[string]any
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			return nil, because(ErrReceipt, "the body is not a JSON object")
		}
		params := url.Values{}
		for k, v := range object {
			switch v := v.(type) {
			case string:
				params.Set(k, v)
			case json.Number:
				params.Set(k, v.String())
			}
		}
		return params, nil
	}
	if err := r.ParseForm(); err != nil {
		return nil, because(ErrReceipt, "the form can't be read")
	}
	if r.Method == http.MethodGet {
		return r.Form, nil
	}
	return r.PostForm, nil
}

// twilioSignature is the base64 of HMAC-SHA1, keyed by the account's token, over the address and
// each parameter of the form, sorted by name: name, value, with nothing between (Twilio,
// "Validating requests"; of values given twice, each once).
func twilioSignature(key, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for n := range form {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		values := slices.Clone(form[n])
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			mac.Write([]byte(n + v))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
