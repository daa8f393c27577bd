package qr

import (
	"bytes"
	"encoding/base32"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawing is what the tests read of an SVG: nothing of the code that wrote it.
type drawing struct {
	XMLName   xml.Name
	Role      string `xml:"role,attr"`
	ViewBox   string `xml:"viewBox,attr"`
	Rendering string `xml:"shape-rendering,attr"`
	Title     string `xml:"title"`
	Paths     []struct {
		Fill string `xml:"fill,attr"`
		D    string `xml:"d,attr"`
	} `xml:"path"`
}

func parse(t testing.TB, svg string) drawing {
	t.Helper()
	var d drawing
	if err := xml.Unmarshal([]byte(svg), &d); err != nil {
		t.Fatalf("%v in %s", err, svg)
	}
	return d
}

func TestSVG(t *testing.T) {
	svg, err := SVG("otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQ&issuer=Acme", `Key for "Acme" <ada> & others`)
	if err != nil {
		t.Fatal(err)
	}
	d := parse(t, svg)
	if d.XMLName.Space != "http://www.w3.org/2000/svg" || d.Role != "img" || d.Rendering != "crispEdges" {
		t.Errorf("element %+v", d)
	}
	if d.Title != `Key for "Acme" <ada> & others` {
		t.Errorf("title %q", d.Title)
	}
	if len(d.Paths) != 2 || d.Paths[0].Fill != "#fff" || d.Paths[1].Fill != "#000" {
		t.Errorf("not a white ground and one black path: %d paths", len(d.Paths))
	}
	for _, forbidden := range []string{"style", "script", "href", "GEZD", "otpauth", "\n"} {
		if strings.Contains(svg, forbidden) {
			t.Errorf("the drawing holds %q", forbidden)
		}
	}
	if len(svg) > 12_000 {
		t.Errorf("the drawing has %d bytes", len(svg))
	}
}

func TestTitleCannotBreakOut(t *testing.T) {
	svg, err := SVG("x", `</title><script>alert(1)</script><p title="`)
	if err != nil || strings.Contains(svg, "<script") || strings.Count(svg, "</title>") != 1 {
		t.Fatalf("%v: %s", err, svg)
	}
}

func TestTooLong(t *testing.T) {
	if svg, err := SVG(strings.Repeat("a", 3000), ""); err == nil || svg != "" {
		t.Fatalf("3000 bytes fit: %d bytes, %v", len(svg), err)
	}
}

// TestQuietZone wants four empty modules around the code and ink right behind them.
func TestQuietZone(t *testing.T) {
	svg, err := SVG("otpauth://totp/Acme:ada?secret=GEZDGNBVGY3TQOJQ", "t")
	if err != nil {
		t.Fatal(err)
	}
	const scale = 1
	img := rasterise(t, svg, scale)
	n := img.Bounds().Dx()
	for y := range n {
		for x := range n {
			border := min(x, y, n-1-x, n-1-y) < 4
			if border && img.GrayAt(x, y).Y != 255 {
				t.Fatalf("ink at %d, %d", x, y)
			}
		}
	}
	for _, corner := range [][2]int{{4, 4}, {n - 5, 4}, {4, n - 5}} { // the three finder patterns
		if img.GrayAt(corner[0], corner[1]).Y != 0 {
			t.Errorf("no ink at %v", corner)
		}
	}
}

// TestZbarReadsEveryLink has an independent reader decode 60 random long links.
func TestZbarReadsEveryLink(t *testing.T) {
	tool, err := exec.LookPath("zbarimg")
	if err != nil {
		if os.Getenv("SALLYPORT_TEST_ENGINES") == "all" {
			t.Fatal("zbarimg is missing: apt-get install zbar-tools")
		}
		t.Skip("zbarimg is not installed")
	}
	link := rapid.Custom(func(t *rapid.T) string {
		secret := rapid.SliceOfN(rapid.Byte(), 20, 64).Draw(t, "secret")
		issuer := url.PathEscape(rapid.StringMatching(`[A-Za-zäöüß阿 ]{1,40}`).Draw(t, "issuer"))
		account := rapid.StringMatching(`[a-z.]{1,64}@[a-z]{1,60}\.test`).Draw(t, "account")
		return "otpauth://totp/" + issuer + ":" + account + "?secret=" +
			base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret) + "&issuer=" + issuer
	})
	dir := t.TempDir()
	args := []string{"--nodbus", "-q", "--raw"}
	var want []string
	for i := range 60 {
		text := link.Example(i)
		svg, err := SVG(text, "t")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, rasterise(t, svg, 4)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%02d.png", i))
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args, want = append(args, file), append(want, text)
	}
	out, err := exec.Command(tool, args...).Output() // standard error has noise
	if err != nil {
		t.Fatalf("zbarimg: %v, %s", err, out)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d of %d codes were read", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("read %q, want %q", got[i], want[i])
		}
	}
}

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// rasterise paints the black path on the white ground, scale pixels for a module.
func rasterise(t testing.TB, svg string, scale int) *image.Gray {
	t.Helper()
	d := parse(t, svg)
	var n, n2 int
	if _, err := fmt.Sscanf(d.ViewBox, "0 0 %d %d", &n, &n2); err != nil || n != n2 {
		t.Fatalf("viewBox %q: %v", d.ViewBox, err)
	}
	if want := fmt.Sprintf("M0 0h%dv%dH0z", n, n); d.Paths[0].D != want {
		t.Fatalf("ground %q, want %q", d.Paths[0].D, want)
	}
	if rest := run.ReplaceAllString(d.Paths[1].D, ""); rest != "" {
		t.Fatalf("unexpected in the path: %q", rest)
	}
	img := image.NewGray(image.Rect(0, 0, n*scale, n*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for _, m := range run.FindAllStringSubmatch(d.Paths[1].D, -1) {
		var x, y, w, back int
		for i, p := range []*int{&x, &y, &w, &back} {
			fmt.Sscan(m[i+1], p)
		}
		if w != back {
			t.Fatalf("run %q does not close", m[0])
		}
		for py := y * scale; py < (y+1)*scale; py++ {
			for px := x * scale; px < (x+w)*scale; px++ {
				img.SetGray(px, py, color.Gray{})
			}
		}
	}
	return img
}
