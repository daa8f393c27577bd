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

	"sallyport/internal/chrometest"
)

// TestFace gives an organisation a look of its own, in a colour that nobody could read as it is, and looks at every page
// of the way and at the door that comes of it.
func TestFace(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.Press("Set up now")
	b.addDevice("My Phone", d.passwords[ada])
	b.Press("I have saved them")

	b.Open("/admin/brand")
	b.Sees("Appearance", "None yet.")
	b.Inspect("brand")
	b.Fill("Colour", "yellow")
	b.Press("Save")
	b.Refuses("Appearance")
	b.Inspect("brand-wrong")
	b.Fill("Colour", "#ffff00")
	b.Fill("Who helps your people", "help@acme.test")
	b.Press("Save")
	b.Sees("Appearance", "The appearance is saved.", "Darker than #ffff00")
	b.Inspect("brand-colour")

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
	b.Must(err, "drawing a logo")
	b.Do("choosing the logo", chromedp.SetUploadFiles(`#logo`, []string{file}))
	b.Press("Use this picture")
	b.Sees("Appearance", "The logo is saved.")
	b.Inspect("brand-logo")
	if wide := eval[int](b, `document.querySelector("header img").naturalWidth`); wide != 300 {
		t.Errorf("the logo is %d pixels wide", wide)
	}

	b.Open("/admin/brand/texts?q=signin.title&language=en")
	b.Sees("Wording", "1 text found.")
	b.Inspect("texts")
	b.Press("signin.title")
	b.Sees("Change a text", "Sign in")
	b.Fill("Text", "Come {in}")
	b.Press("Save")
	b.Refuses("Change a text")
	b.Inspect("text-wrong")
	b.Fill("Text", "Come in")
	b.Press("Save")
	b.Sees("Wording", "The text is saved.")
	b.Open("/admin/brand/text?key=signin.title&language=en")
	b.Inspect("text")
	b.Press("Restore the default text")
	b.Sees("Wording", "The default text is restored.")

	b.signOut()
	b.Open("/sign-in?account=acme")
	b.Sees("Sign in", "help@acme.test")
	if strings.Contains(b.Text(), "Sallyport") {
		t.Error("the product's name stands at the door of somebody with a face")
	}
	b.Inspect("door")
}
