package keytest

import (
	"encoding/binary"
	"fmt"
)

// Map is a CBOR map in the order in which it is written.
type Map []Pair

// Pair is an entry of a Map.
type Pair struct{ Key, Value any }

// Encode writes what WebAuthn needs of CBOR (RFC 8949): whole numbers, byte and text strings, lists and maps.
func Encode(v any) []byte {
	switch v := v.(type) {
	case int:
		return Encode(int64(v))
	case int64:
		if v < 0 {
			return head(1, uint64(-1-v))
		}
		return head(0, uint64(v))
	case []byte:
		return append(head(2, uint64(len(v))), v...)
	case string:
		return append(head(3, uint64(len(v))), v...)
	case []any:
		out := head(4, uint64(len(v)))
		for _, e := range v {
			out = append(out, Encode(e)...)
		}
		return out
	case Map:
		out := head(5, uint64(len(v)))
		for _, p := range v {
			out = append(append(out, Encode(p.Key)...), Encode(p.Value)...)
		}
		return out
	}
	panic(fmt.Sprintf("keytest: no CBOR for %T", v))
}

// head is the first bytes of an item: its major type and its number or length, as short as can be.
func head(major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 1<<8:
		return []byte{major | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major | 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major | 27}, n)
}
