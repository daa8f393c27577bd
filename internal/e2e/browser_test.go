package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one Chromium with a profile of its own, and the person before it.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string // of the server
	bare bool   // JavaScript is switched off

	mu         sync.Mutex // guards what follows; all of it counts from the start of the last navigation
	weight     float64    // bytes received
	complaints []string   // what the browser objects to: blocked by the content policy, broken scripts
}

// noScript is the option that switches JavaScript off, as a cautious person or a text browser does.
const noScript = true

// patience is how long a step may take before the test gives up on it.
const patience = 15 * time.Second

// openBrowser starts Chromium in front of the server at base. It has no cache, so that every
// page is weighed as on a first visit.
func openBrowser(t *testing.T, base string, withoutScript bool, flags ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	profile := t.TempDir()
	opts := append(append(chromedp.DefaultExecAllocatorOptions[:], flags...),
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(profile),
		chromedp.WindowSize(1280, 900),
	)
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		chromedp.Cancel(ctx) // waits for the browser to end, so that its profile can be removed
		end()
		endAlloc()
	})
	b := &browser{t: t, ctx: ctx, base: base, bare: withoutScript}
	if err := chromedp.Listen(ctx, b.overhear); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	b.must(err, "reading the browser's log")
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.must(err, "watching the network")
	_, err = chromedp.Call(ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	b.must(err, "switching the cache off")
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.must(err, "bringing the window to the front")
	b.script(!withoutScript)
	return b
}

// script switches JavaScript on or off. What a page has not run while it loaded stays unrun.
func (b *browser) script(on bool) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	b.must(err, "switching JavaScript")
}

// overhear weighs what the network delivers, headers included, as compressed on the wire, and
// notes what the browser says in its console.
func (b *browser) overhear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if ev.Type == network.ResourceTypeDocument && ev.RedirectResponse == nil {
			b.weight, b.complaints = 0, nil
		}
	case *network.EventLoadingFinished:
		b.weight += ev.EncodedDataLength
	case *log.EventEntryAdded:
		// A page that answers 422 is no fault; one that a policy cuts short is.
		if ev.Entry.Level == log.EntryLevelError && ev.Entry.Source != log.EntrySourceNetwork {
			b.complaints = append(b.complaints, ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, ev.ExceptionDetails.Text)
	}
}

func (b *browser) must(err error, doing string) {
	b.t.Helper()
	if err == nil {
		return
	}
	b.shoot("failure")
	b.t.Fatalf("%s: %v\non %s", doing, err, b.where())
}

// where describes the present page for messages.
func (b *browser) where() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	url, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return url + "\n" + text
}

func (b *browser) do(doing string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	b.must(chromedp.Do(ctx, steps...), doing)
}

// leave runs a step that leads to another page, waits for that page and returns its HTTP status.
func (b *browser) leave(doing string, step chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, step)
	b.must(err, doing)
	return int(answer.Status)
}

// open types an address, a path on the server.
func (b *browser) open(path string) int {
	b.t.Helper()
	return b.leave("opening "+path, chromedp.Navigate(b.base+path))
}

// quote makes an XPath string literal.
func quote(s string) string {
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + s + "'"
}

// field finds an input by the text of its label.
func field(label string) chromedp.Search {
	return chromedp.Search(`//input[@id=//label[normalize-space(.)=` + quote(label) + `]/@for]`)
}

// control finds a button or link by its name, which is its text or its aria-label.
func control(name string) chromedp.Search {
	q := quote(name)
	return chromedp.Search(fmt.Sprintf(`//*[self::button or self::a or self::summary][normalize-space(.)=%s or @aria-label=%s]`, q, q))
}

// fill types into the field with that label, replacing what it holds.
func (b *browser) fill(label, text string) {
	b.t.Helper()
	b.do("filling "+label, chromedp.Clear(field(label)), chromedp.SendKeys(field(label), text))
}

// press clicks the button or link of that name and waits for the page it leads to.
func (b *browser) press(name string) int {
	b.t.Helper()
	return b.leave("pressing "+name, chromedp.Click(control(name)))
}

// value is what the field with that label holds.
func (b *browser) value(label string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf(`[...document.querySelectorAll("label")].find(l => l.textContent.trim() === %s).control.value`, jsText(label)))
}

// path is the address of the present page without the server's part.
func (b *browser) path() string {
	b.t.Helper()
	return strings.TrimPrefix(eval[string](b, "location.href"), b.base)
}

// heading is the page's main heading.
func (b *browser) heading() string {
	b.t.Helper()
	return eval[string](b, `document.querySelector("h1")?.innerText ?? ""`)
}

// text is what a person can read on the page.
func (b *browser) text() string {
	b.t.Helper()
	return eval[string](b, "document.body.innerText")
}

// has says whether the page shows a button or link of that name.
func (b *browser) has(name string) bool {
	b.t.Helper()
	return eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll("button, a, summary")].some(e =>
		(e.innerText.trim() === %[1]s || e.getAttribute("aria-label") === %[1]s) && e.checkVisibility())`, jsText(name)))
}

// sees fails the test unless the page has this heading and shows these texts.
func (b *browser) sees(heading string, texts ...string) {
	b.t.Helper()
	if got := b.heading(); got != heading {
		b.shoot("failure")
		b.t.Fatalf("heading %q, want %q\non %s", got, heading, b.where())
	}
	page := b.text()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			b.shoot("failure")
			b.t.Fatalf("the page does not say %q\non %s", want, b.where())
		}
	}
}

// refuses fails the test unless the page says that something is wrong, in the title, in a summary
// that screen readers announce, and in these words.
func (b *browser) refuses(heading string, texts ...string) {
	b.t.Helper()
	b.sees(heading, texts...)
	if title := eval[string](b, "document.title"); !strings.HasPrefix(title, "Error: ") {
		b.t.Errorf("the title %q does not begin with Error:", title)
	}
	if !eval[bool](b, `document.querySelector("[role=alert]")?.checkVisibility() ?? false`) {
		b.t.Errorf("nothing announces what is wrong\non %s", b.where())
	}
}

// picture is the whole page as a person's camera sees it.
func (b *browser) picture() []byte {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	b.must(err, "taking a picture")
	return png
}

// shoot keeps a picture where SALLYPORT_E2E_SHOTS wants one.
func (b *browser) shoot(name string) {
	dir := os.Getenv("SALLYPORT_E2E_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(b.t.Name()+"-"+name, "/", "-")+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Logf("keeping the picture %s: %v", name, err)
	}
}

// eval asks the page. It works with JavaScript switched off too: that stops the page's own.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("asking the page for %.80s: %v", script, err)
	}
	return v
}

// jsText is s as a JavaScript string.
func jsText(s string) string {
	out, _ := json.Marshal(s) // a string always encodes
	return string(out)
}
