package chrometest

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Budget is what one page may weigh on the wire, everything it loads included.
const Budget = 36 << 10

// Inspect examines the present page as it stands, without loading it again, so it serves for
// answers to a form too. Each finding fails the test and names the page.
func (b *Browser) Inspect(name string) {
	b.T.Helper()
	for _, finding := range b.Findings(name) {
		b.T.Errorf("%s: %s", name, finding)
	}
}

// Findings lists what is wrong with the present page.
func (b *Browser) Findings(name string) (found []string) {
	b.T.Helper()
	b.mu.Lock()
	weight := int(b.weight)
	for _, c := range b.complaints {
		found = append(found, "the browser complains: "+c)
	}
	b.mu.Unlock()
	if weight == 0 || weight > Budget {
		found = append(found, fmt.Sprintf("weighs %d bytes, want more than none and at most %d", weight, Budget))
	}
	return append(found, b.Barriers(name)...)
}

// Barriers lists what keeps people from reading the present page, or from using it in a narrow window.
func (b *Browser) Barriers(name string) (found []string) {
	b.T.Helper()
	if b.Bare { // axe-core itself needs timers; the page's own scripts don't start now
		b.Script(true)
		defer b.Script(false)
	}
	axe, err := os.ReadFile(axeFile)
	b.Must(err, "reading axe-core")
	if !Eval[bool](b, "typeof axe === 'object'") {
		b.Do("loading axe-core", chromedp.Evaluate[chromedp.Void](string(axe)))
	}
	for _, scheme := range []string{"light", "dark"} {
		b.Scheme(scheme)
		for _, width := range []int64{1280, 360} {
			b.Width(width)
			b.Shoot(fmt.Sprintf("%s-%s-%d", name, scheme, width))
			rules := everyRule
			if scheme == "dark" { // its clothes have other colours and the same cut
				rules = colourRules
			}
			for _, v := range evalWithin[[]string](b, axePatience, fmt.Sprintf(axeRun, rules)) {
				found = append(found, fmt.Sprintf("%s, %d pixels wide: %s", scheme, width, v))
			}
		}
	}
	b.Scheme("light")
	b.Width(320)
	if over := Eval[[]string](b, overflowing); len(over) > 0 {
		found = append(found, "scrolls sideways at 320 pixels: "+strings.Join(over, ", "))
	}
	b.Width(1280)
	return found
}

// axePatience is how long axe-core may look at a page. It computes all that time, so a busy machine needs more of it.
const axePatience = 2 * time.Minute

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

// Scheme asks the page for its light or dark clothes.
func (b *Browser) Scheme(light string) {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: light}},
	})
	b.Must(err, "choosing "+light)
}

// Width resizes the window.
func (b *Browser) Width(pixels int64) {
	b.T.Helper()
	b.Do("resizing", chromedp.EmulateViewport(pixels, 900))
}
