// Package sheet writes tables for spreadsheet programs, which people open with a double click.
//
// Such a file is made of what others have typed: names, reasons, what a browser said of itself. So no cell becomes a formula
// (OWASP, CSV Injection), and none breaks its line or turns the direction of the writing; nothing of it is lost by that.
package sheet

import (
	"fmt"
	"io"
	"strings"
)

// mark tells spreadsheet programs that the file is UTF-8.
const mark = "\ufeff"

// CSV writes a table line by line (RFC 4180). Quotes stand around whatever is more than plain letters and digits, so that no separator of
// any country splits it.
type CSV struct{ w io.Writer }

// New begins a table with the names of its columns. A program that does not know the mark takes it for a part of the first name.
func New(w io.Writer, head ...string) (CSV, error) {
	if _, err := io.WriteString(w, mark); err != nil {
		return CSV{}, err
	}
	c := CSV{w}
	return c, c.Row(head...)
}

// Row writes one line.
func (c CSV) Row(cells ...string) error {
	var line strings.Builder
	for i, cell := range cells {
		if i > 0 {
			line.WriteByte(',')
		}
		line.WriteString(quoted(harmless(cell)))
	}
	line.WriteString("\r\n")
	_, err := io.WriteString(c.w, line.String())
	return err
}

// quoted puts quotes around what is not plain.
func quoted(cell string) string {
	if strings.Trim(cell, plain) == "" {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@"

// formula is what a cell begins with that spreadsheet programs compute instead of showing it; the wide forms in East Asian ones.
const formula = "=+-@\t\r\n＝＋－＠"

// harmless puts an apostrophe before a cell that would be a formula, and writes controls and marks of direction out, as in \u202e.
func harmless(cell string) string {
	var b strings.Builder
	for i, r := range cell {
		if i == 0 && strings.ContainsRune(formula, r) {
			b.WriteByte('\'')
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x61c || r >= 0x200e && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
