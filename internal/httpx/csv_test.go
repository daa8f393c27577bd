package httpx_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/httpx"
)

// TestCSV: what was written is read back, and nothing is a formula, whichever separator a spreadsheet splits at.
func TestCSV(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Ada": "Ada", `say "hi"`: `say "hi"`, "a,b;c\td": "a,b;c\td", "two\r\nlines": "two\r\nlines", "<b>bold</b>": "<b>bold</b>", "\u202eadA": "\u202eadA",
		"=1+1": "'=1+1", "+43": "'+43", "-1": "'-1", "@sum": "'@sum", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "＝1": "'＝1", "a=1": "a=1", `=cmd|'/c calc'!A1`: `'=cmd|'/c calc'!A1`,
	} {
		var b strings.Builder
		c, err := httpx.NewCSV(&b, "a", "b")
		if err == nil {
			err = c.Row(cell, "x;=1")
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitN(b.String(), "\r\n", 2)
		if lines[0] != `"a","b"` || !strings.HasSuffix(lines[1], `,"x;=1"`+"\r\n") {
			t.Errorf("%q: written as %q", cell, b.String())
		}
		// The standard reader takes \r\n inside of quotes for \n.
		read, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || !slices.Equal(read[1], []string{strings.ReplaceAll(want, "\r\n", "\n"), "x;=1"}) {
			t.Errorf("%q: read back as %q, %v", cell, read, err)
		}
	}
}
