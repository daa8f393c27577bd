package sheet_test

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/sheet"
)

// TestCSV: what was written is read back, and nothing is a formula, whichever separator a spreadsheet splits at.
func TestCSV(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Ada": "Ada", `say "hi"`: `say "hi"`, "a,b;c\td": `a,b;c\u0009d`, "two\r\nlines": `two\u000d\u000alines`, "<b>bold</b>": "<b>bold</b>", "\u202eadA": `\u202eadA`,
		"=1+1": "'=1+1", "+43": "'+43", "-1": "'-1", "@sum": "'@sum", "\t=1": `'\u0009=1`, "\r=1": `'\u000d=1`, "\n=1": `'\u000a=1`, "＝1": "'＝1", "a=1": "a=1", `=cmd|'/c calc'!A1`: `'=cmd|'/c calc'!A1`,
	} {
		var b strings.Builder
		c, err := sheet.New(&b, "a", "b")
		if err == nil {
			err = c.Row(cell, "x;=1")
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitN(b.String(), "\r\n", 2)
		if lines[0] != "\ufeffa,b" || !strings.HasSuffix(lines[1], `,"x;=1"`+"\r\n") {
			t.Errorf("%q: written as %q", cell, b.String())
		}
		read, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
		if err != nil || !slices.Equal(read[1], []string{want, "x;=1"}) {
			t.Errorf("%q: read back as %q, %v", cell, read, err)
		}
	}
}
