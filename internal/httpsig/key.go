package httpsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
)

// The algorithms, by their names in the registry (RFC 9421 §6.2). A key has exactly one.
const (
	algEd25519 = "ed25519"
	algP256    = "ecdsa-p256-sha256"
)

// maxKeyText bounds what is read as a public key; a P-256 key in PEM has 180 characters.
const maxKeyText = 4096

// ParsePublicKey reads a public key, as PEM or as Base64 of its PKIX form. canonical is that Base64, the same for the same key however
// it was written; ParsePublicKey reads it again.
func ParsePublicKey(text string) (key crypto.PublicKey, canonical string, err error) {
	text = strings.TrimSpace(text)
	if len(text) > maxKeyText {
		return nil, "", ErrPublicKey
	}
	var der []byte
	if block, rest := pem.Decode([]byte(text)); block != nil && strings.HasPrefix(text, "-----BEGIN") {
		if strings.Contains(block.Type, "PRIVATE") {
			return nil, "", ErrPublicKey.Saying("This is a private key. Keep it to yourself, and send its public key.")
		}
		if block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) != 0 {
			return nil, "", ErrPublicKey
		}
		der = block.Bytes
	} else if der, err = base64.StdEncoding.DecodeString(text); err != nil {
		return nil, "", ErrPublicKey
	}
	if key, err = x509.ParsePKIXPublicKey(der); err != nil {
		return nil, "", ErrPublicKey.Because(err)
	}
	if _, err = algorithm(key); err != nil {
		return nil, "", err
	}
	if der, err = x509.MarshalPKIXPublicKey(key); err != nil {
		return nil, "", ErrPublicKey.Because(err)
	}
	return key, base64.StdEncoding.EncodeToString(der), nil
}

// ParsePrivateKey reads a private key in PEM, in PKCS #8 or, of P-256, in SEC 1. Its errors say nothing of what was read.
func ParsePrivateKey(text []byte) (crypto.Signer, error) {
	var key any
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
	case block.Type == "PRIVATE KEY":
		key, _ = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, _ = x509.ParseECPrivateKey(block.Bytes)
	}
	if signer, is := key.(crypto.Signer); is {
		if _, err := algorithm(signer.Public()); err == nil {
			return signer, nil
		}
	}
	return nil, ErrPrivateKey
}

// algorithm is what signatures by this key are made with.
func algorithm(key crypto.PublicKey) (string, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize && !weak(k) {
			return algEd25519, nil
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return algP256, nil
		}
	}
	return "", ErrPublicKey
}

// weakPoints are the points of small order of Ed25519, in every encoding that is read as one, without their sign. A signature "by" such
// a key can be made by anybody, so none is a key.
var weakPoints = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func weak(k ed25519.PublicKey) bool {
	unsigned := bytes.Clone(k)
	unsigned[len(unsigned)-1] &= 0x7f
	text := hex.EncodeToString(unsigned)
	for _, w := range weakPoints {
		if w == text {
			return true
		}
	}
	return false
}

// sign is HTTP_SIGN (RFC 9421 §3.3.4, §3.3.6). The key may live elsewhere, behind its interface.
func sign(base []byte, key crypto.Signer) ([]byte, error) {
	alg, err := algorithm(key.Public())
	if err != nil {
		return nil, err
	}
	if alg == algEd25519 {
		return key.Sign(rand.Reader, base, crypto.Hash(0))
	}
	sum := sha256.Sum256(base)
	der, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &pair); err != nil || len(rest) != 0 || pair.R.Sign() < 0 || pair.S.Sign() < 0 || pair.R.BitLen() > 256 || pair.S.BitLen() > 256 {
		return nil, errors.New("httpsig: the key gave no signature of its curve")
	}
	both := make([]byte, 64)
	pair.R.FillBytes(both[:32])
	pair.S.FillBytes(both[32:])
	return both, nil
}

// verify is HTTP_VERIFY. A signature of P-256 can be rewritten into a second one by anybody; that is no second request, because the
// nonce inside stays the same.
func verify(base, signature []byte, key crypto.PublicKey) bool {
	if len(signature) != 64 {
		return false
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, base, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(base)
		return ecdsa.Verify(k, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}
