package proxytest

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/internal/apptest"
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
			opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
				chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
			alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
			whole, end := chromedp.NewContext(alloc)
			t.Cleanup(func() {
				chromedp.Cancel(whole) // waits for the browser, so that its profile can be removed
				end()
				endAlloc()
			})
			ctx, stop := context.WithTimeout(whole, time.Minute)
			defer stop()
			step := func(doing string, actions ...chromedp.Action[chromedp.Void]) {
				t.Helper()
				if err := chromedp.Do(ctx, actions...); err != nil {
					t.Fatalf("%s: %v", doing, err)
				}
			}
			leave := func(doing string, action chromedp.Action[chromedp.Void]) (address, text string) {
				t.Helper()
				if _, err := chromedp.RunResponse(ctx, action); err != nil {
					t.Fatalf("%s: %v", doing, err)
				}
				if address, err = chromedp.Run(ctx, chromedp.Location()); err != nil {
					t.Fatal(err)
				}
				if text, err = chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText")); err != nil {
					t.Fatal(err)
				}
				return address, text
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
				step("filling in "+field, chromedp.SendKeys(chromedp.Search(`//input[@name="`+field+`"]`), value))
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
			step("ticking the box", chromedp.Click(chromedp.Search(`//input[@name="trust"]`)))
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
