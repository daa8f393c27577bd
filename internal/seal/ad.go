package seal

import (
	"strconv"
	"strings"
)

// AD names the place a sealed value belongs to, for [Ring.Seal]: the table, the
// account's id, the row's id, the purpose. A value copied to any other place then
// fails to open (ASVS 11.3.x).
//
// Each part is preceded by its length in bytes, so no two lists of parts give the same
// text: AD("ab", "c") differs from AD("a", "bc").
func AD(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(':')
		b.WriteString(p)
	}
	return b.String()
}
