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

// TestBrowser: a real browser keeps and sends the cookies of both sites as the door needs it, through each proxy.
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
			ctx, stop := context.WithTimeout(whole, 30*time.Second)
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
			step("filling in", chromedp.SendKeys(chromedp.Search(`//input[@name="email"]`), apptest.Grace), chromedp.SendKeys(chromedp.Search(`//input[@name="password"]`), e.passwords[apptest.Grace]))
			at, text = leave("signing in", chromedp.Click(chromedp.Search(`//button[normalize-space(.)="Sign in"]`)))
			if strings.HasPrefix(at, e.server) && strings.Contains(text, "Not now") {
				at, text = leave("putting it off", chromedp.Click(chromedp.Search(`//button[normalize-space(.)="Not now"]`)))
			}
			if at != e.site+"/?from=here" || !strings.Contains(text, "Signed in as "+apptest.Grace) {
				t.Fatalf("back at %s\n%s", at, text)
			}
			if _, text = leave("opening what is not for members", chromedp.Navigate(e.site+"/admin/")); strings.Contains(text, "Page for administrators") {
				t.Errorf("a member sees %s", text)
			}
		})
	}
}
