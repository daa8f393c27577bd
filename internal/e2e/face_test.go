package e2e

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestFace gives an organisation a look of its own, in a colour that nobody could read as it is, and looks at every page
// of the way and at the door that comes of it.
func TestFace(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.press("Set up now")
	b.addDevice("My Phone", d.passwords[ada])
	b.press("I have saved them")

	b.open("/admin/brand")
	b.sees("Appearance", "None yet.")
	b.inspect("brand")
	b.fill("Colour", "yellow")
	b.press("Save")
	b.refuses("Appearance")
	b.inspect("brand-wrong")
	b.fill("Colour", "#ffff00")
	b.fill("Who helps your people", "help@acme.test")
	b.press("Save")
	b.sees("Appearance", "The appearance is saved.", "Darker than #ffff00")
	b.inspect("brand-colour")

	file := filepath.Join(t.TempDir(), "logo.png")
	picture := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for x := range 300 {
		for y := 40; y < 60; y++ {
			picture.Set(x, y, color.NRGBA{0xb3, 0, 0x5e, 0xff})
		}
	}
	out, err := os.Create(file)
	if err == nil {
		err = png.Encode(out, picture)
	}
	if err == nil {
		err = out.Close()
	}
	b.must(err, "drawing a logo")
	b.do("choosing the logo", chromedp.SetUploadFiles(`#logo`, []string{file}))
	b.press("Use this picture")
	b.sees("Appearance", "The logo is saved.")
	b.inspect("brand-logo")
	if wide := eval[int](b, `document.querySelector("header img").naturalWidth`); wide != 300 {
		t.Errorf("the logo is %d pixels wide", wide)
	}

	b.open("/admin/brand/texts?q=signin.title&language=en")
	b.sees("Wording", "1 text found.")
	b.inspect("texts")
	b.press("signin.title")
	b.sees("Change a text", "Sign in")
	b.fill("Text", "Come {in}")
	b.press("Save")
	b.refuses("Change a text")
	b.inspect("text-wrong")
	b.fill("Text", "Come in")
	b.press("Save")
	b.sees("Wording", "The text is saved.")
	b.open("/admin/brand/text?key=signin.title&language=en")
	b.inspect("text")
	b.press("Restore the default text")
	b.sees("Wording", "The default text is restored.")

	b.signOut()
	b.open("/sign-in?account=acme")
	b.sees("Sign in", "help@acme.test")
	if strings.Contains(b.text(), "Sallyport") {
		t.Error("the product's name stands at the door of somebody with a face")
	}
	b.inspect("door")
}
