package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sallyport/internal/chrometest"
)

// TestKeyboardOnly walks the newcomer's way without a mouse: Tab, letters, Space and Enter. Whatever
// has the focus on the way must show it.
func TestKeyboardOnly(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)

	b.Open("/sign-in")
	b.tabTo("E-mail")
	b.keys(ada)
	b.tabTo("Password")
	b.keys(d.passwords[ada])
	b.Leave("Enter in a field sends the form", chromedp.KeyEvent(kb.Enter))
	b.Sees("Make your account safer")
	b.tabTo("Set up now")
	b.Leave("following the link", chromedp.KeyEvent(kb.Enter))

	b.tabTo("Device name")
	b.Do("selecting what is there", chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.keys("My Phone")
	b.tabTo("Password")
	b.keys(d.passwords[ada])
	b.tabTo("Add")
	b.Leave("pressing the button with the space bar", chromedp.KeyEvent(" "))
	b.Sees("Scan the QR code", "My Phone")
	phone := chrometest.Scan(t, b.Picture())
	b.tabTo("Authentication code")
	b.keys(spaced(phone.Code(t)))
	b.Leave("sending the code", chromedp.KeyEvent(kb.Enter))
	b.Sees("Save your backup codes")
	b.tabTo("I have saved them")
	b.Leave("saving", chromedp.KeyEvent(kb.Enter))
	b.Sees("Two-factor authentication", "My Phone", "confirmed")

	b.tabTo("Remove My Phone") // reachable, by a name that says which
	b.Open("/settings")
	b.tabTo("Skip to content")
	b.tabTo("Ada") // the menu, by the person's name
	b.Do("opening the menu", chromedp.KeyEvent(" "))
	b.tabTo("Sign out")
	b.Leave("signing out", chromedp.KeyEvent(kb.Enter))
	b.Sees("Sign in")

	b.tabTo("E-mail")
	b.keys(ada)
	b.tabTo("Password")
	b.keys(d.passwords[ada])
	b.Leave("signing in", chromedp.KeyEvent(kb.Enter))
	b.tabTo("Authentication code")
	b.keys(phone.WrongCode(t))
	b.Leave("sending a wrong code", chromedp.KeyEvent(kb.Enter))
	b.wait("the summary of errors to have the focus", func() bool { // which the browser gives it with the first picture of the page
		return eval[bool](b, `document.activeElement.matches("[role=alert]")`)
	})
	b.tabTo("Authentication code")
	b.keys(phone.Code(t))
	b.Leave("sending the code", chromedp.KeyEvent(kb.Enter))
	if !strings.HasPrefix(b.Path(), "/settings") {
		t.Errorf("signed in, the browser stands on %s", b.Where())
	}
}

// focused describes what has the focus: its name, and whether a ring or the like shows it.
const focused = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return {Name: "", Shown: true};
	const name = e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.innerText || "";
	const s = getComputedStyle(e);
	return {Name: name.trim(), Shown: parseFloat(s.outlineWidth) >= 2 && s.outlineStyle !== "none"};
})()`

// tabTo presses Tab until the control of that name has the focus. A name may be given by its
// beginning. Where it has the focus already, it presses nothing.
func (b *browser) tabTo(name string) {
	b.T.Helper()
	var passed []string
	for range 40 {
		at := eval[struct {
			Name  string
			Shown bool
		}](b, focused)
		if at.Name != "" && !at.Shown {
			b.T.Errorf("%q has the focus and does not show it", at.Name)
		}
		if strings.HasPrefix(at.Name, name) {
			return
		}
		passed = append(passed, at.Name)
		b.Do("pressing Tab", chromedp.KeyEvent(kb.Tab))
	}
	b.Must(fmt.Errorf("passed %q", passed), "reaching "+name+" with the Tab key")
}

// keys types into whatever has the focus.
func (b *browser) keys(text string) {
	b.T.Helper()
	b.Do("typing", chromedp.KeyEvent(text))
}
