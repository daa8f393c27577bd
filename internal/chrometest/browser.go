package chrometest

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

// Browser is one window with a profile of its own, and the person before it.
type Browser struct {
	T    *testing.T // whom a failure fails; rows that share a window set it to their own
	Ctx  context.Context
	Base string // of the server
	Bare bool   // JavaScript is switched off

	mu         sync.Mutex // guards what follows; all of it counts from the start of the last navigation
	weight     float64    // bytes received
	complaints []string   // what the browser objects to: blocked by the content policy, broken scripts
}

// NoScript is the option that switches JavaScript off, as a cautious person or a text browser does.
const NoScript = true

// Patience is how long a step may take before the test gives up on it: much longer than any takes on a busy machine.
const Patience = time.Minute

// shared is the Chromium that the windows of one test process have in common: each has cookies, storage and a
// user of its own, and starting one costs a tenth of starting a program.
var shared struct {
	once sync.Once
	ctx  context.Context
	end  func()
	err  error
}

// Main runs the tests of a package and then ends what they have shared.
func Main(m *testing.M) int {
	defer func() {
		if shared.end != nil {
			shared.end()
		}
	}()
	return m.Run()
}

// start starts a Chromium, with a first window that nobody uses.
func start(profile string, flags ...chromedp.ExecAllocatorOption) (context.Context, func(), error) {
	opts := append(append(chromedp.DefaultExecAllocatorOptions[:], flags...),
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// What is disabled already, and what starts a process for each page ahead of time or keeps it for a way back that nobody goes.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,SpareRendererForSitePerProcess,BackForwardCache"),
		chromedp.UserDataDir(profile),
		chromedp.WindowSize(1280, 900),
	)
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, end := chromedp.NewContext(alloc)
	stop := func() {
		_ = chromedp.Cancel(ctx) // waits for the browser to end, so that its profile can be removed
		end()
		endAlloc()
	}
	if _, err := chromedp.Run(ctx, chromedp.Location()); err != nil {
		stop()
		return nil, nil, err
	}
	return ctx, stop, nil
}

// Open opens a window in front of the server at base. It has no cache, so that every page is weighed as on a first
// visit. With flags it gets a Chromium to itself.
func Open(t *testing.T, base string, withoutScript bool, flags ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	var program context.Context
	if len(flags) == 0 {
		shared.once.Do(func() {
			var profile string
			if profile, shared.err = os.MkdirTemp("", "sallyport-chromium-"); shared.err != nil {
				return
			}
			var end func()
			if shared.ctx, end, shared.err = start(profile); shared.err != nil {
				return
			}
			shared.end = func() { end(); _ = os.RemoveAll(profile) }
		})
		if shared.err != nil {
			t.Fatalf("starting Chromium: %v", shared.err)
		}
		program = shared.ctx
	} else {
		own, end, err := start(t.TempDir(), flags...)
		if err != nil {
			t.Fatalf("starting Chromium: %v", err)
		}
		t.Cleanup(end)
		program = own
	}
	b := &Browser{T: t, Base: base, Bare: withoutScript}
	ctx, end := chromedp.NewContext(program, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.overhear))
	t.Cleanup(end)
	b.Ctx = ctx
	_, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}) // opens the window, which lives as long as the context of this call
	b.Must(err, "reading the browser's log")
	_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.Must(err, "watching the network")
	_, err = chromedp.Call(ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	b.Must(err, "switching the cache off")
	_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.Must(err, "bringing the window to the front")
	b.Width(1280)
	b.Script(!withoutScript)
	return b
}

// Script switches JavaScript on or off. What a page has not run while it loaded stays unrun.
func (b *Browser) Script(on bool) {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	b.Must(err, "switching JavaScript")
}

// overhear weighs what the network delivers, headers included, as compressed on the wire, and
// notes what the browser says in its console.
func (b *Browser) overhear(ev any) {
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

// Must ends the test with a picture of the page, unless err is nil.
func (b *Browser) Must(err error, doing string) {
	b.T.Helper()
	if err == nil {
		return
	}
	b.Shoot("failure")
	b.T.Fatalf("%s: %v\non %s", doing, err, b.Where())
}

// Where describes the present page for messages.
func (b *Browser) Where() string {
	ctx, cancel := context.WithTimeout(b.Ctx, Patience)
	defer cancel()
	url, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return url + "\n" + text
}

// Do runs steps that stay on the page.
func (b *Browser) Do(doing string, steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, Patience)
	defer cancel()
	b.Must(chromedp.Do(ctx, steps...), doing)
}

// Leave runs a step that leads to another page, waits for that page and returns its HTTP status.
func (b *Browser) Leave(doing string, step chromedp.Action[chromedp.Void]) int {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, Patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, step)
	b.Must(err, doing)
	return int(answer.Status)
}

// Open types an address, a path on the server.
func (b *Browser) Open(path string) int {
	b.T.Helper()
	return b.Leave("opening "+path, chromedp.Navigate(b.Base+path))
}

// Quote makes an XPath string literal.
func Quote(s string) string {
	if !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + s + "'"
}

// Field finds an input by the text of its label.
func Field(label string) chromedp.Search {
	return chromedp.Search(`//input[@id=//label[normalize-space(.)=` + Quote(label) + `]/@for]`)
}

// Control finds a button or link by its name, which is its text or its aria-label.
func Control(name string) chromedp.Search {
	q := Quote(name)
	return chromedp.Search(fmt.Sprintf(`//*[self::button or self::a or self::summary][normalize-space(.)=%s or @aria-label=%s]`, q, q))
}

// Fill types into the field with that label, replacing what it holds.
func (b *Browser) Fill(label, text string) {
	b.T.Helper()
	b.Do("filling "+label, chromedp.Clear(Field(label)), chromedp.SendKeys(Field(label), text))
}

// Press clicks the button or link of that name and waits for the page it leads to.
func (b *Browser) Press(name string) int {
	b.T.Helper()
	return b.Leave("pressing "+name, chromedp.Click(Control(name)))
}

// Value is what the field with that label holds.
func (b *Browser) Value(label string) string {
	b.T.Helper()
	return Eval[string](b, fmt.Sprintf(`[...document.querySelectorAll("label")].find(l => l.textContent.trim() === %s).control.value`, JSText(label)))
}

// Path is the address of the present page without the server's part.
func (b *Browser) Path() string {
	b.T.Helper()
	return strings.TrimPrefix(Eval[string](b, "location.href"), b.Base)
}

// Heading is the page's main heading.
func (b *Browser) Heading() string {
	b.T.Helper()
	return Eval[string](b, `document.querySelector("h1")?.innerText ?? ""`)
}

// Text is what a person can read on the page.
func (b *Browser) Text() string {
	b.T.Helper()
	return Eval[string](b, "document.body.innerText")
}

// Has says whether the page shows a button or link of that name.
func (b *Browser) Has(name string) bool {
	b.T.Helper()
	return Eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll("button, a, summary")].some(e =>
		(e.innerText.trim().replace(/\s+/g, " ") === %[1]s || e.getAttribute("aria-label") === %[1]s) && e.checkVisibility())`, JSText(name)))
}

// Sees fails the test unless the page has this heading and shows these texts.
func (b *Browser) Sees(heading string, texts ...string) {
	b.T.Helper()
	if got := b.Heading(); got != heading {
		b.Shoot("failure")
		b.T.Fatalf("heading %q, want %q\non %s", got, heading, b.Where())
	}
	page := b.Text()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			b.Shoot("failure")
			b.T.Fatalf("the page does not say %q\non %s", want, b.Where())
		}
	}
}

// Refuses fails the test unless the page says that something is wrong, in the title, in a summary
// that screen readers announce, and in these words.
func (b *Browser) Refuses(heading string, texts ...string) {
	b.T.Helper()
	b.Sees(heading, texts...)
	if title := Eval[string](b, "document.title"); !strings.HasPrefix(title, "Error: ") {
		b.T.Errorf("the title %q does not begin with Error:", title)
	}
	if !Eval[bool](b, `document.querySelector("[role=alert]")?.checkVisibility() ?? false`) {
		b.T.Errorf("nothing announces what is wrong\non %s", b.Where())
	}
}

// Picture is the whole page as a person's camera sees it.
func (b *Browser) Picture() []byte {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, Patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	b.Must(err, "taking a picture")
	return png
}

// Shoot keeps a picture where SALLYPORT_E2E_SHOTS wants one.
func (b *Browser) Shoot(name string) {
	dir := os.Getenv("SALLYPORT_E2E_SHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.Ctx, Patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(b.T.Name()+"-"+name, "/", "-")+".png"), png, 0o600)
	}
	if err != nil {
		b.T.Logf("keeping the picture %s: %v", name, err)
	}
}

// Eval asks the page. It works with JavaScript switched off too: that stops the page's own.
func Eval[T any](b *Browser, script string) T {
	b.T.Helper()
	return evalWithin[T](b, Patience, script)
}

func evalWithin[T any](b *Browser, limit time.Duration, script string) T {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.Ctx, limit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.T.Fatalf("asking the page for %.80s: %v", script, err)
	}
	return v
}

// JSText is s as a JavaScript string.
func JSText(s string) string {
	out, _ := json.Marshal(s) // a string always encodes
	return string(out)
}
