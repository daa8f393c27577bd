package httpsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
)

// ContentDigest is the value of Content-Digest for a body (RFC 9530 §2).
func ContentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=" + string(appendBare(nil, sum[:]))
}

// checkDigest compares Content-Digest with the body: every digest of an algorithm that we know must be right, and there must be one. Of
// a body that is not seen here there must be one, whatever it is. Those of other algorithms are no one's concern (RFC 9530 §2 lets a recipient ignore them).
func (m Message) checkDigest() error {
	lines, err := m.lines("content-digest")
	if err != nil {
		return err
	}
	all, err := parseDictionary(lines)
	if err != nil {
		return ErrDigest.Because(err)
	}
	known := 0
	for _, d := range all {
		var want []byte
		switch d.key {
		case "sha-256":
			sum := sha256.Sum256(m.Body)
			want = sum[:]
		case "sha-512":
			sum := sha512.Sum512(m.Body)
			want = sum[:]
		default:
			continue
		}
		known++
		if got, _ := d.value.([]byte); !m.Unseen && !bytes.Equal(got, want) || len(got) != len(want) {
			return ErrDigest
		}
	}
	if known == 0 {
		return ErrDigest
	}
	return nil
}
