package httpsig

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What Sallyport demands of a signature beyond the RFC (RFC 9421 §1.4 asks every application to say so).
const (
	Tag      = "sallyport"
	MaxSkew  = time.Minute
	minNonce = 16
	maxNonce = 64
)

// maxComponents bounds the work that a header can cause; a request of ours covers four.
const maxComponents = 32

// Want is what a verifier demands (RFC 9421 §3.2.1).
type Want struct {
	Components []string      // that must be covered, without parameters
	Tag        string        // that the signature must have; empty: none
	MaxSkew    time.Duration // how far from now created may be, both ways
	MinNonce   int           // fewest characters of the nonce; 0: it may be missing
	Once       bool          // every covered field must stand in one line
}

// Sallyport is what Sallyport demands of the signature of a request.
func Sallyport(m Message) Want {
	w := Want{Components: []string{"@method", "@target-uri", "authorization"}, Tag: Tag, MaxSkew: MaxSkew, MinNonce: minNonce, Once: true}
	digest, err := m.lines("content-digest")
	unseen := m.Unseen && (err != nil || len(digest) > 0 || slices.Contains([]string{"POST", "PUT", "PATCH"}, m.Method))
	if len(m.Body) > 0 || unseen { // there may be a body, or whoever has it may believe this header
		w.Components = append(w.Components, "content-digest")
	}
	return w
}

// Params say how to sign.
type Params struct {
	Components []string // what to cover, in this order, without parameters
	KeyID      string
	Created    time.Time
	Nonce      string // empty: a new one
	Tag        string // empty: none
}

// Sign makes the header fields that a message needs to be signed: Signature-Input and Signature, and Content-Digest if it is to be
// covered. Each replaces what the message may have under that name.
func Sign(m Message, p Params, key crypto.Signer) (map[string]string, error) {
	if p.Nonce == "" {
		p.Nonce = rand.Text()
	}
	header := map[string]string{}
	if slices.Contains(p.Components, "content-digest") {
		header["Content-Digest"] = ContentDigest(m.Body)
		with := map[string][]string{"Content-Digest": {header["Content-Digest"]}}
		for k, v := range m.Header {
			if !strings.EqualFold(k, "Content-Digest") {
				with[k] = v
			}
		}
		m.Header = with
	}
	input := item{value: []item{}, params: []member{{"created", item{value: p.Created.Unix()}}, {"nonce", item{value: p.Nonce}}, {"keyid", item{value: p.KeyID}}}}
	if p.Tag != "" {
		input.params = append(input.params, member{"tag", item{value: p.Tag}})
	}
	for _, c := range p.Components {
		input.value = append(input.value.([]item), item{value: c})
	}
	base, err := m.base(input)
	if err != nil {
		return nil, err
	}
	signature, err := sign(base, key)
	if err != nil {
		return nil, err
	}
	header["Signature-Input"] = "sig=" + string(appendItem(nil, input))
	header["Signature"] = "sig=" + string(appendBare(nil, signature))
	// What we could not read again is not sent: a key id with a character that no string may have.
	if _, err := signatures(Message{Header: map[string][]string{"Signature-Input": {header["Signature-Input"]}, "Signature": {header["Signature"]}}}); err != nil {
		return nil, err
	}
	return header, nil
}

// Signature is a signature as the message states it. Nothing of it is true before Check.
type Signature struct {
	KeyID, Nonce string
	Created      time.Time

	label     string
	input     item
	signature []byte
}

// Parse reads the one signature of a message (RFC 9421 §4). It tells which key to check it with.
func Parse(m Message) (Signature, error) {
	all, err := signatures(m)
	if err != nil {
		return Signature{}, err
	}
	if len(all) != 1 {
		return Signature{}, ErrCount // which one is meant? (RFC 9421 §7.2.6)
	}
	return all[0], nil
}

// signatures reads all signatures of a message.
func signatures(m Message) ([]Signature, error) {
	var fields [2][]member
	for i, name := range []string{"signature-input", "signature"} {
		lines, err := m.lines(name)
		if err != nil {
			return nil, ErrMalformed.Because(err)
		}
		if fields[i], err = parseDictionary(lines); err != nil {
			return nil, ErrMalformed.Because(fmt.Errorf("%s: %w", name, err))
		}
	}
	inputs, values := fields[0], fields[1]
	if len(inputs) != len(values) {
		return nil, ErrCount
	}
	var all []Signature
	for _, in := range inputs {
		s := Signature{label: in.key, input: in.item}
		value := find(values, in.key)
		if value == nil {
			return nil, ErrCount
		}
		var ok bool
		if s.signature, ok = value.([]byte); !ok {
			return nil, ErrMalformed.Because(fmt.Errorf("the signature %s is no byte sequence", in.key))
		}
		if err := s.read(); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// read takes the parameters of a signature (RFC 9421 §2.3), each of its type.
func (s *Signature) read() error {
	list, ok := s.input.value.([]item)
	if !ok || len(list) > maxComponents {
		return ErrMalformed.Because(fmt.Errorf("%s lists no components, or too many", s.label))
	}
	for _, c := range list {
		if _, is := c.value.(string); !is {
			return ErrMalformed.Because(fmt.Errorf("%s lists a component that is no string", s.label))
		}
	}
	for _, p := range s.input.params {
		switch v, text := p.value.(string); p.key {
		case "created", "expires":
			at, is := p.value.(int64)
			if !is {
				return ErrMalformed.Because(fmt.Errorf("%s is no integer", p.key))
			}
			if p.key == "created" {
				s.Created = time.Unix(at, 0).UTC()
			}
		case "keyid", "nonce", "alg", "tag":
			if !text {
				return ErrMalformed.Because(fmt.Errorf("%s is no string", p.key))
			}
			switch p.key {
			case "keyid":
				s.KeyID = v
			case "nonce":
				s.Nonce = v
			}
		}
	}
	return nil
}

// Check says whether the owner of the key signed this message, as it is now and as the verifier wants it; nil if so. The caller has
// found the key under s.KeyID, and uses up s.Nonce afterwards.
func (s Signature) Check(m Message, public crypto.PublicKey, want Want, now time.Time) error {
	alg, err := algorithm(public)
	if err != nil {
		return err
	}
	if named := find(s.input.params, "alg"); named != nil && named != alg {
		return ErrAlgorithm
	}
	if tag, _ := find(s.input.params, "tag").(string); tag != want.Tag {
		return ErrTag
	}
	if s.Created.Sub(now).Abs() > want.MaxSkew { // so is the zero time of one that is missing
		return ErrCreated
	}
	if expires, is := find(s.input.params, "expires").(int64); is && now.Unix() >= expires {
		return ErrExpired
	}
	if len(s.Nonce) < want.MinNonce || len(s.Nonce) > maxNonce {
		return ErrNonce
	}
	if err := s.covers(m, want); err != nil {
		return err
	}
	base, err := m.base(s.input)
	if err != nil {
		return err
	}
	if !verify(base, s.signature, public) {
		return ErrWrong
	}
	return nil
}

// covers says whether the signature covers all it must, and whether the fields among it mean what they seem to.
func (s Signature) covers(m Message, want Want) error {
	covered := map[string]bool{}
	list, _ := s.input.value.([]item)
	for _, c := range list {
		name := c.value.(string) // read has looked
		if len(c.params) == 0 {
			covered[name] = true
		}
		lines, err := m.lines(name)
		if err != nil {
			return err
		}
		if want.Once && len(lines) > 1 {
			return ErrRepeated
		}
	}
	for _, name := range want.Components {
		if !covered[name] {
			return ErrCoverage
		}
	}
	if covered["content-digest"] {
		return m.checkDigest()
	}
	return nil
}
