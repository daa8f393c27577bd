package e2e

import (
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// budget is what one page may weigh on the wire, everything it loads included.
const budget = 36 << 10

// inspect examines the present page as it stands, without loading it again, so it serves for
// answers to a form too. Each finding fails the test and names the page.
func (b *browser) inspect(name string) {
	b.t.Helper()
	for _, finding := range b.findings(name) {
		b.t.Errorf("%s: %s", name, finding)
	}
}

// findings lists what is wrong with the present page.
func (b *browser) findings(name string) (found []string) {
	b.t.Helper()
	b.mu.Lock()
	weight := int(b.weight)
	for _, c := range b.complaints {
		found = append(found, "the browser complains: "+c)
	}
	b.mu.Unlock()
	if weight == 0 || weight > budget {
		found = append(found, fmt.Sprintf("weighs %d bytes, want more than none and at most %d", weight, budget))
	}
	return append(found, b.barriers(name)...)
}

// barriers lists what keeps people from reading the present page, or from using it in a narrow window.
func (b *browser) barriers(name string) (found []string) {
	b.t.Helper()
	if b.bare { // axe-core itself needs timers; the page's own scripts don't start now
		b.script(true)
		defer b.script(false)
	}
	axe, err := os.ReadFile(axeFile)
	b.must(err, "reading axe-core")
	if !eval[bool](b, "typeof axe === 'object'") {
		b.do("loading axe-core", chromedp.Evaluate[chromedp.Void](string(axe)))
	}
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int64{1280, 360} {
			b.width(width)
			b.shoot(fmt.Sprintf("%s-%s-%d", name, scheme, width))
			rules := everyRule
			if scheme == "dark" { // its clothes have other colours and the same cut
				rules = colourRules
			}
			for _, v := range eval[[]string](b, fmt.Sprintf(axeRun, rules)) {
				found = append(found, fmt.Sprintf("%s, %d pixels wide: %s", scheme, width, v))
			}
		}
	}
	b.scheme("light")
	b.width(320)
	if over := eval[[]string](b, overflowing); len(over) > 0 {
		found = append(found, "scrolls sideways at 320 pixels: "+strings.Join(over, ", "))
	}
	b.width(1280)
	return found
}

// axeRun gives one line a broken rule: its name, what it is about, and where.
const axeRun = `axe.run(document, {runOnly: %s, resultTypes: ["violations"]})
	.then(r => r.violations.map(v => v.id + " (" + v.help + "): " + v.nodes.map(n => n.target.join(" ")).join(", ")))`

// What axe-core is asked for: the levels of WCAG that the pages claim, and of those the rules that look at colours.
const (
	everyRule   = `["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]`
	colourRules = `{type: "rule", values: ["color-contrast", "link-in-text-block"]}`
)

// overflowing names what makes the page wider than the window, or nothing if it is not.
const overflowing = `document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
	[...document.querySelectorAll("body, body *")]
		.filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
		.map(e => e.tagName.toLowerCase() + (e.className.baseVal === undefined && e.className ? "." + e.className : "")).slice(-5)
		.concat([document.documentElement.scrollWidth + " pixels"])`

// scheme asks the page for its light or dark clothes.
func (b *browser) scheme(light string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: light}},
	})
	b.must(err, "choosing "+light)
}

// width resizes the window.
func (b *browser) width(pixels int64) {
	b.t.Helper()
	b.do("resizing", chromedp.EmulateViewport(pixels, 900))
}
