package brand

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"
)

// plain is a picture of one colour.
func plain(w, h int, c color.Color) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, c)
		}
	}
	return p
}

var teal = color.NRGBA{0x0b, 0x5a, 0x68, 0xff}

func encoded(t testing.TB, encode func(b *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, p image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, p) })
}

func jpegOf(t testing.TB, p image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, p, nil) })
}

// film is a GIF of two pictures: teal, then red.
func film(t testing.TB) []byte {
	frame := func(c color.Color) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 20, 10), color.Palette{c})
		return p
	}
	return encoded(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{frame(teal), frame(color.NRGBA{0xff, 0, 0, 0xff})}, Delay: []int{5, 5}})
	})
}

// bomb is a PNG of a few bytes that claims to be as large as given.
func bomb(w, h uint32) []byte {
	b := bytes.NewBufferString("\x89PNG\r\n\x1a\n")
	head := make([]byte, 4, 17)
	copy(head, "IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	for _, chunk := range [][]byte{head, []byte("IDATx\x9c"), []byte("IEND")} {
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4)))
		b.Write(chunk)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(chunk)))
	}
	return b.Bytes()
}

// layered is a progressive JPEG of a number of scans, each a pass over 62,500 blocks that says nothing.
func layered(scans int) []byte {
	b := bytes.NewBufferString("\xff\xd8\xff\xdb\x00\x43\x00") // quantization: 64 ones
	b.WriteString(strings.Repeat("\x01", 64))
	b.WriteString("\xff\xc2\x00\x0b\x08\x07\xd0\x07\xd0\x01\x01\x11\x00") // 2000 × 2000, grey
	// Of each Huffman table the one code is the bit 0: no difference, and the end of 16,384 blocks and as many as the next 14 bits say.
	b.WriteString("\xff\xc4\x00\x14\x00\x01" + strings.Repeat("\x00", 16))
	b.WriteString("\xff\xc4\x00\x14\x10\x01" + strings.Repeat("\x00", 15) + "\xe0")
	b.WriteString("\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00" + strings.Repeat("\x00", 62500/8+1))
	for range scans - 1 {
		b.WriteString("\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10\x7a\x14\xf4\x29")
	}
	b.WriteString("\xff\xd9")
	return b.Bytes()
}

const script = `<html><script>alert("polyglot")</script>`

func TestReadLogo(t *testing.T) {
	withText := append([]byte{}, pngOf(t, plain(40, 20, teal))...)
	for name, tc := range map[string]struct {
		file []byte
		w, h int
	}{
		"png":                          {pngOf(t, plain(40, 20, teal)), 40, 20},
		"jpeg":                         {jpegOf(t, plain(40, 20, teal)), 40, 20},
		"animated gif":                 {film(t), 20, 10},
		"png with a page behind it":    {append(withText, script...), 40, 20},
		"gif with a page behind it":    {append(film(t), script...), 20, 10},
		"jpeg with a page behind it":   {append(jpegOf(t, plain(40, 20, teal)), script...), 40, 20},
		"as large as it may be":        {pngOf(t, plain(2000, 2000, teal)), 160, 160},
		"wide":                         {pngOf(t, plain(2000, 100, teal)), 480, 24},
		"a line":                       {pngOf(t, plain(2000, 1, teal)), 480, 1},
		"a column":                     {pngOf(t, plain(1, 2000, teal)), 1, 160},
		"a dot":                        {pngOf(t, plain(1, 1, teal)), 1, 1},
		"barely wider than it is kept": {pngOf(t, plain(481, 160, teal)), 480, 159},
	} {
		logo, err := ReadLogo(tc.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if bytes.Contains(logo.PNG, []byte("alert")) || bytes.Contains(logo.PNG, []byte("<html")) {
			t.Errorf("%s: what stood behind the picture came through", name)
		}
		p, err := png.Decode(bytes.NewReader(logo.PNG))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b := p.Bounds(); b.Dx() != tc.w || b.Dy() != tc.h || logo.Width != tc.w || logo.Height != tc.h {
			t.Errorf("%s: %v, said to be %d × %d, want %d × %d", name, b, logo.Width, logo.Height, tc.w, tc.h)
		}
		for _, at := range []image.Point{{}, {tc.w - 1, tc.h - 1}} {
			r, g, b, a := p.At(at.X, at.Y).RGBA()
			near := func(v uint32, want uint8) bool { d := int(v>>8) - int(want); return d > -4 && d < 4 }
			if !near(r, teal.R) || !near(g, teal.G) || !near(b, teal.B) || !near(a, 255) {
				t.Errorf("%s: at %v it is %x %x %x %x", name, at, r>>8, g>>8, b>>8, a>>8)
			}
		}
	}
}

func TestReadLogoRefuses(t *testing.T) {
	whole := pngOf(t, plain(40, 20, teal))
	for name, tc := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":             {nil, ErrPicture},
		"text":                {[]byte("hello"), ErrPicture},
		"a page":              {[]byte(script), ErrPicture},
		"svg":                 {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), ErrSVG},
		"svg with a prologue": {[]byte("\ufeff<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<SVG onload='alert(1)'/>"), ErrSVG},
		"webp":                {[]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), ErrPicture},
		"pdf":                 {[]byte("%PDF-1.7\n"), ErrPicture},
		"bomb":                {bomb(60000, 60000), ErrLarge},
		"bomb on edge":        {bomb(1, 2001), ErrLarge},
		"bomb within limits":  {bomb(2000, 2000), ErrPicture},
		"of no size":          {bomb(0, 0), ErrPicture},
		"the beginning":       {whole[:8], ErrPicture},
		"half a png":          {whole[:len(whole)/2], ErrPicture},
		"half a jpeg":         {jpegOf(t, plain(400, 200, teal))[:700], ErrPicture},
		"half a gif":          {film(t)[:20], ErrPicture},
		"a file too large":    {append(whole, make([]byte, MaxUpload)...), ErrLarge},
	} {
		if _, err := ReadLogo(tc.file); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// TestScansAreCounted: 256 KB have room for 18,000 scans, which are a minute and a half of a processor's work. As many as real files
// have are read.
func TestScansAreCounted(t *testing.T) {
	if _, err := ReadLogo(layered(maxScans)); err != nil {
		t.Error(err)
	}
	if _, err := ReadLogo(layered(18_000)); !errors.Is(err, errScans) {
		t.Error(err)
	}
}

// TestBombCostsNothing: what claims 60,000 × 60,000 pixels would be 14 GB.
func TestBombCostsNothing(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 10 {
		if _, err := ReadLogo(bomb(60000, 60000)); !errors.Is(err, ErrLarge) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20 {
		t.Errorf("%d bytes", spent)
	}
}

func TestPale(t *testing.T) {
	half := func(c color.Color) image.Image {
		p := image.NewNRGBA(image.Rect(0, 0, 40, 20))
		for y := range 10 {
			for x := range 40 {
				p.Set(x, y, c)
			}
		}
		return p
	}
	for name, tc := range map[string]struct {
		p    image.Image
		want bool
	}{
		"white letters":      {half(color.White), true},
		"teal letters":       {half(teal), false},
		"a white picture":    {plain(10, 10, color.White), false},
		"nothing to be seen": {image.NewNRGBA(image.Rect(0, 0, 4, 4)), false},
	} {
		logo, err := ReadLogo(pngOf(t, tc.p))
		if err != nil || logo.Pale != tc.want {
			t.Errorf("%s: pale %v, %v", name, logo.Pale, err)
		}
	}
}

// FuzzReadLogo: whatever comes, it is refused or becomes a small PNG without a trace of the file.
func FuzzReadLogo(f *testing.F) {
	f.Add(pngOf(f, plain(40, 20, teal)))
	f.Add(append(film(f), script...))
	f.Add(bomb(60000, 60000))
	f.Add(jpegOf(f, plain(10, 10, teal)))
	f.Add(layered(2))
	f.Fuzz(func(t *testing.T, file []byte) {
		logo, err := ReadLogo(file)
		if err != nil {
			if !errors.Is(err, ErrPicture) && !errors.Is(err, ErrSVG) && !errors.Is(err, ErrLarge) {
				t.Fatal(err)
			}
			return
		}
		c, err := png.DecodeConfig(bytes.NewReader(logo.PNG))
		if err != nil || c.Width > maxWidth || c.Height > maxHeight || c.Width != logo.Width || c.Height != logo.Height {
			t.Fatalf("%v, %v", c, err)
		}
		if strings.Contains(string(logo.PNG), "<script") {
			t.Fatal("markup came through")
		}
	})
}
