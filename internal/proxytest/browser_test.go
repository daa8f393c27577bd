package proxytest

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
)

// TestBrowser: a real browser keeps and sends the cookies of both sites as the door needs it, through each proxy; a second factor is asked
// for where a path wants one of just now, also of whoever signed in by a trusted browser, and leads back to that path.
func TestBrowser(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		chromium = "/usr/bin/chromium"
	}
	needs(t, chromium)
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			needs(t, way.needs)
			t.Parallel()
			e := start(t, way.name)
			b := chrometest.Open(t, e.site, false)
			leave := func(doing string, action chromedp.Action[chromedp.Void]) (address, text string) {
				t.Helper()
				b.Leave(doing, action)
				return chrometest.Eval[string](b, "location.href"), b.Text()
			}
			at, text := leave("opening the program", chromedp.Navigate(e.site+"/?from=here"))
			if !strings.HasPrefix(at, e.server+"/sign-in") {
				t.Fatalf("led to %s\n%s", at, text)
			}
			press := func(button string) (address, text string) {
				t.Helper()
				return leave("pressing "+button, chromedp.Click(chromedp.Search(`//button[normalize-space(.)="`+button+`"]`)))
			}
			enter := func(field, value string) {
				t.Helper()
				b.Do("filling in "+field, chromedp.SendKeys(chromedp.Search(`//input[@name="`+field+`"]`), value))
			}
			signIn := func(email string) (address, text string) {
				t.Helper()
				enter("email", email)
				enter("password", e.passwords[email])
				return press("Sign in")
			}
			at, text = signIn(apptest.Grace)
			if strings.HasPrefix(at, e.server) && strings.Contains(text, "Not now") {
				at, text = press("Not now")
			}
			if at != e.site+"/?from=here" || !strings.Contains(text, "Signed in as "+apptest.Grace) {
				t.Fatalf("back at %s\n%s", at, text)
			}
			if _, text = leave("opening what is not for members", chromedp.Navigate(e.site+"/admin/")); strings.Contains(text, "Page for administrators") {
				t.Errorf("a member sees %s", text)
			}
			signOut := func() {
				t.Helper()
				leave("leaving", chromedp.Navigate(e.site+"/.sallyport/sign-out"))
				if _, text := press("Sign out"); !strings.Contains(text, "You are signed out.") {
					t.Fatalf("signing out leads to %s", text)
				}
			}
			signOut()

			phone := e.enrol(t, apptest.Ada)
			leave("opening what wants a second factor", chromedp.Navigate(e.site+"/safe/?x=1"))
			signIn(apptest.Ada)
			b.Do("ticking the box", chromedp.Click(chromedp.Search(`//input[@name="trust"]`)))
			enter("code", phone.Code(time.Now()))
			if at, text = press("Verify"); at != e.site+"/safe/?x=1" || !strings.Contains(text, "Page for a second factor") {
				t.Fatalf("back at %s\n%s", at, text)
			}
			signOut()

			leave("opening it in the trusted browser", chromedp.Navigate(e.site+"/safe/?x=2"))
			if at, text = signIn(apptest.Ada); at != e.site+"/safe/?x=2" {
				t.Fatalf("the trusted browser is led to %s\n%s", at, text)
			}
			if at, text = leave("opening what wants a new code", chromedp.Navigate(e.site+"/money/?sum=5&to=Alan")); !strings.HasPrefix(at, e.server+"/settings/confirm") {
				t.Fatalf("/money/ leads to %s\n%s", at, text)
			}
			enter("code", phone.Code(time.Now().Add(30*time.Second)))
			if at, text = press("Confirm"); at != e.site+"/money/?sum=5&to=Alan" || !strings.Contains(text, "Page that asks again") {
				t.Errorf("back at %s\n%s", at, text)
			}
		})
	}
}
