// Package keytest is an authenticator in software with the browser around it, for tests: it makes passkeys and answers for
// them as WebAuthn Level 3 and CTAP 2.1 say, and it lies wherever a test wants it to.
//
// It is written from the specification and shares no code with the library that judges its answers.
package keytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"testing"
)

// The algorithms that keys are made for (RFC 9053).
const (
	ES256 = -7
	EdDSA = -8
	ES384 = -35
	RS256 = -257
)

// The flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	UP = 1 << 0 // user present
	UV = 1 << 2 // user verified
	BE = 1 << 3 // backup eligible
	BS = 1 << 4 // backed up
	AT = 1 << 6 // attested credential data included
	ED = 1 << 7 // extension data included
)

// Key is one passkey.
type Key struct {
	ID     []byte
	Handle []byte // of its user
	Party  string // the relying party's id
	Count  uint32 // of signatures; a Key that never counts has Still
	Still  bool
	Flags  byte // besides AT
	AAGUID [16]byte
	Alg    int64
	Seed   []byte // of an EdDSA key that is always the same; nil for a new one

	signer crypto.Signer
}

// Options are what the browser is told by the server, for either ceremony.
type Options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Parameters []struct {
		Type string `json:"type"`
		Alg  int64  `json:"alg"`
	} `json:"pubKeyCredParams"`
	Allow       []struct{ ID string } `json:"allowCredentials"`
	Exclude     []struct{ ID string } `json:"excludeCredentials"`
	Attestation string                `json:"attestation"`
	UV          string                `json:"userVerification"`
	Selection   struct {
		UV          string `json:"userVerification"`
		ResidentKey string `json:"residentKey"`
	} `json:"authenticatorSelection"`
	Timeout int `json:"timeout"`
}

// Read reads what a server asks.
func Read(tb testing.TB, raw json.RawMessage) Options {
	tb.Helper()
	var o Options
	if err := json.Unmarshal(raw, &o); err != nil {
		tb.Fatalf("options: %v: %s", err, raw)
	}
	return o
}

// Draft is an answer before it is signed. A test changes it to lie; what it leaves alone is as it must be.
type Draft struct {
	ClientData map[string]any
	RawClient  []byte // in place of ClientData
	Party      string
	Flags      byte
	Count      uint32
	Extensions []byte // CBOR; set ED too
	Tail       []byte // after the authenticator data

	ID, RawID []byte // in the JSON
	Type      string
	Handle    []byte
	Outputs   map[string]any // of client extensions

	// Registration only.
	AAGUID    [16]byte
	AttestID  []byte // in the attested credential data
	IDLength  int    // as it says; -1 for the true one
	Public    []byte // the COSE key
	Format    string
	Statement func(signed []byte) Map // of what is signed: authenticator data and the hash of the client data
	Cut       int                     // bytes to leave out at the end of the attestation object
	More      []byte                  // bytes to add there

	// Assertion only.
	Sign func(data []byte) []byte

	// JSON changes the answer as a whole.
	JSON func(answer map[string]any)
}

// Make makes a new passkey for options, synced or not, and the answer that registers it.
func Make(tb testing.TB, options json.RawMessage, origin string, k *Key, lie func(d *Draft)) string {
	tb.Helper()
	o := Read(tb, options)
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		tb.Fatalf("user handle: %v", err)
	}
	if k.ID == nil {
		k.ID = make([]byte, 32)
		rand.Read(k.ID)
	}
	k.Handle, k.Party = handle, o.RP.ID
	if k.Flags == 0 {
		k.Flags = UP | UV
	}
	if k.Alg == 0 {
		k.Alg = ES256
	}
	k.signer = newSigner(tb, k.Alg)
	if k.Seed != nil {
		k.signer = ed25519.NewKeyFromSeed(k.Seed)
	}
	d := &Draft{
		ClientData: map[string]any{"type": "webauthn.create", "challenge": o.Challenge, "origin": origin, "crossOrigin": false},
		Party:      k.Party, Flags: k.Flags | AT, Count: k.count(), ID: k.ID, RawID: k.ID, Type: "public-key", AAGUID: k.AAGUID,
		AttestID: k.ID, IDLength: -1, Public: Cose(k.Alg, k.signer.Public()), Format: "none", Statement: func([]byte) Map { return Map{} },
	}
	if lie != nil {
		lie(d)
	}
	client := d.client(tb)
	data := d.authenticator(func() []byte {
		n := d.IDLength
		if n < 0 {
			n = len(d.AttestID)
		}
		at := append(append([]byte{}, d.AAGUID[:]...), byte(n>>8), byte(n))
		return append(append(at, d.AttestID...), d.Public...)
	})
	hash := sha256.Sum256(client)
	object := Encode(Map{{"fmt", d.Format}, {"attStmt", d.Statement(append(append([]byte{}, data...), hash[:]...))}, {"authData", data}})
	object = append(object[:len(object)-d.Cut], d.More...)
	return d.json(tb, map[string]any{
		"clientDataJSON": b64(client), "attestationObject": b64(object), "transports": []string{"internal"},
	})
}

// Answer answers what a server asks, with one more signature counted.
func (k *Key) Answer(tb testing.TB, options json.RawMessage, origin string, lie func(d *Draft)) string {
	tb.Helper()
	o := Read(tb, options)
	d := &Draft{
		ClientData: map[string]any{"type": "webauthn.get", "challenge": o.Challenge, "origin": origin, "crossOrigin": false},
		Party:      o.RPID, Flags: k.Flags, Count: k.count(), ID: k.ID, RawID: k.ID, Type: "public-key", Handle: k.Handle,
		Sign: func(data []byte) []byte { return k.sign(tb, data) },
	}
	if lie != nil {
		lie(d)
	}
	client := d.client(tb)
	data := d.authenticator(nil)
	hash := sha256.Sum256(client)
	response := map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(d.Sign(append(append([]byte{}, data...), hash[:]...))),
	}
	if d.Handle != nil {
		response["userHandle"] = b64(d.Handle)
	}
	return d.json(tb, response)
}

// count is the counter of the next signature.
func (k *Key) count() uint32 {
	if !k.Still {
		k.Count++
	}
	return k.Count
}

func (d *Draft) client(tb testing.TB) []byte {
	if d.RawClient != nil {
		return d.RawClient
	}
	raw, err := json.Marshal(d.ClientData)
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// authenticator is the authenticator data (section 6.1).
func (d *Draft) authenticator(attested func() []byte) []byte {
	hash := sha256.Sum256([]byte(d.Party))
	data := binary.BigEndian.AppendUint32(append(hash[:], d.Flags), d.Count)
	if attested != nil {
		data = append(data, attested()...)
	}
	return append(append(data, d.Extensions...), d.Tail...)
}

func (d *Draft) json(tb testing.TB, response map[string]any) string {
	outputs := d.Outputs
	if outputs == nil {
		outputs = map[string]any{}
	}
	answer := map[string]any{
		"id": b64(d.ID), "rawId": b64(d.RawID), "type": d.Type, "authenticatorAttachment": "platform", "clientExtensionResults": outputs, "response": response,
	}
	if d.JSON != nil {
		d.JSON(answer)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Public is the COSE form of the key's public half.
func (k *Key) Public() []byte { return Cose(k.Alg, k.signer.Public()) }

// Sign signs as the key does, for a test that makes its own statement.
func (k *Key) Sign(tb testing.TB, data []byte) []byte { return k.sign(tb, data) }

// newSigner makes a key pair for an algorithm.
func newSigner(tb testing.TB, alg int64) (s crypto.Signer) {
	var err error
	switch alg {
	case EdDSA:
		_, s, err = ed25519.GenerateKey(rand.Reader)
	case RS256:
		s, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES384:
		s, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		s, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (k *Key) sign(tb testing.TB, data []byte) []byte {
	digest, hash := data, crypto.Hash(0)
	switch k.Alg {
	case EdDSA: // which hashes itself
	case ES384:
		sum := crypto.SHA384.New()
		sum.Write(data)
		digest, hash = sum.Sum(nil), crypto.SHA384
	default:
		sum := sha256.Sum256(data)
		digest, hash = sum[:], crypto.SHA256
	}
	sig, err := k.signer.Sign(rand.Reader, digest, hash)
	if err != nil {
		tb.Fatal(err)
	}
	return sig
}

// Cose writes a public key as COSE does (RFC 9052, section 7; RFC 9053, section 7; RFC 8230, section 4).
func Cose(alg int64, public crypto.PublicKey) []byte {
	switch p := public.(type) {
	case ed25519.PublicKey:
		return Encode(Map{{1, 1}, {3, alg}, {-1, 6}, {-2, []byte(p)}})
	case *rsa.PublicKey:
		return Encode(Map{{1, 3}, {3, alg}, {-1, p.N.Bytes()}, {-2, big.NewInt(int64(p.E)).Bytes()}})
	case *ecdsa.PublicKey:
		point, err := p.Bytes() // 0x04, x, y
		if err != nil {
			panic(err)
		}
		curve, n := 1, (len(point)-1)/2
		if p.Curve == elliptic.P384() {
			curve = 2
		}
		return Encode(Map{{1, 2}, {3, alg}, {-1, curve}, {-2, point[1 : 1+n]}, {-3, point[1+n:]}})
	}
	panic("keytest: no such key")
}
