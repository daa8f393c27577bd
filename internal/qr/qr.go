// Package qr draws a text as a QR code that sits in a page as it is.
//
// The drawing is one SVG element: no script, no style, no reference to anything
// outside, so the strictest Content-Security-Policy lets it through and no secret
// travels in an image address. Black on white with its own quiet zone, whatever the
// colours of the page, because scanners need both.
package qr

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quietZone is the empty border scanners need, in modules (ISO/IEC 18004 section 6.3.8).
const quietZone = 4

// SVG returns an svg element that shows text as a QR code of error correction level M,
// which survives scratches and glare on about 15 % of it. The element has no size of
// its own: the page's style sheet gives it one. Title is the text read out to those
// who do not see it; it must not hold a secret.
//
// The result is safe to put into HTML unescaped: everything in it is a number or
// escaped here. The only error is a text too long for a QR code, above about 2300 bytes.
func SVG(text, title string) (string, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("qr: %w", err)
	}
	size := strconv.Itoa(code.Size + 2*quietZone)
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" viewBox="0 0 ` + size + ` ` + size +
		`" shape-rendering="crispEdges"><title>` + html.EscapeString(title) +
		`</title><path fill="#fff" d="M0 0h` + size + `v` + size + `H0z"/><path fill="#000" d="`)
	writeRuns(&b, code)
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

// writeRuns writes one rectangle for each horizontal run of dark modules. Single
// modules would make the path three times as long.
func writeRuns(b *strings.Builder, code *qr.Code) {
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - start; n > 0 {
				fmt.Fprintf(b, "M%d %dh%dv1h-%dz", start+quietZone, y+quietZone, n, n)
			}
		}
	}
}
