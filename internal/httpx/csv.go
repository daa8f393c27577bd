package httpx

import (
	"io"
	"net/http"
	"strings"
)

// CSV writes a table as a file for spreadsheets (RFC 4180, UTF-8): every cell in quotes, so that no separator of any
// country splits it, and none of them a formula.
type CSV struct{ w io.Writer }

// NewCSV begins a table with the names of its columns.
func NewCSV(w io.Writer, head ...string) (CSV, error) {
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
		line.WriteString(`"` + strings.ReplaceAll(harmless(cell), `"`, `""`) + `"`)
	}
	line.WriteString("\r\n")
	_, err := io.WriteString(c.w, line.String())
	return err
}

// formula is what a cell begins with that spreadsheets compute instead of showing it; the wide forms do so in East Asian ones.
const formula = "=+-@\t\r\n＝＋－＠"

// harmless puts an apostrophe before a cell that would be a formula.
func harmless(cell string) string {
	for _, first := range cell {
		if strings.ContainsRune(formula, first) {
			return "'" + cell
		}
		break
	}
	return cell
}

// Download makes the answer a file of that name, which the browser saves and never shows.
func Download(w http.ResponseWriter, name, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
}
