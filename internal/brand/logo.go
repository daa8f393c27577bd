package brand

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
)

// Limits of a picture.
const (
	MaxUpload = 256 << 10 // bytes of the file
	maxSide   = 2000      // pixels of the file, either way
	maxWidth  = 480       // pixels of what is kept
	maxHeight = 160
	maxScans  = 50 // of a JPEG: usual ones have 1 or 10, thoroughly squeezed ones 20, and the small picture in its head some more
)

var errScans = errors.New("a JPEG of more scans than anybody means")

// Logo is a picture that is fit to be served.
type Logo struct {
	PNG           []byte
	Width, Height int
	Pale          bool // it is made for dark pages: on white it can hardly be seen
}

const jpegMagic = "\xff\xd8\xff"

// kind is a format that can be read, by how its files begin.
type kind struct {
	magic  string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// kinds are all there are. The registry of package image is not used: what it holds depends on who imports what.
var kinds = []kind{
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{jpegMagic, jpeg.DecodeConfig, jpeg.Decode},
	{"GIF8", gif.DecodeConfig, gif.Decode}, // of an animation, the first picture
}

// ReadLogo reads a PNG, JPEG or GIF file and draws it anew, no larger than is shown. The size that the file
// claims is judged before anything is unpacked. Errors: ErrPicture, ErrSVG, ErrLarge.
func ReadLogo(file []byte) (Logo, error) {
	if len(file) > MaxUpload {
		return Logo{}, ErrLarge
	}
	for _, k := range kinds {
		if !bytes.HasPrefix(file, []byte(k.magic)) {
			continue
		}
		c, err := k.config(bytes.NewReader(file))
		if err != nil {
			return Logo{}, ErrPicture.Because(err)
		}
		if c.Width > maxSide || c.Height > maxSide {
			return Logo{}, ErrLarge
		}
		// Each scan of a JPEG is a pass over all of its blocks, and ten bytes suffice for one. No other kind goes over pixels
		// more than once. Counted are the marks that begin one, wherever they stand: there are never fewer than scans.
		if k.magic == jpegMagic && bytes.Count(file, []byte("\xff\xda")) > maxScans {
			return Logo{}, ErrPicture.Because(errScans)
		}
		picture, err := k.decode(bytes.NewReader(file))
		if err != nil {
			return Logo{}, ErrPicture.Because(err)
		}
		return drawn(picture)
	}
	if head := bytes.ToLower(file[:min(len(file), 4096)]); bytes.Contains(head, []byte("<svg")) {
		return Logo{}, ErrSVG
	}
	return Logo{}, ErrPicture
}

// drawn makes a logo of a picture's pixels.
func drawn(picture image.Image) (Logo, error) {
	b := picture.Bounds()
	if b.Empty() {
		return Logo{}, ErrPicture
	}
	full := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(full, full.Bounds(), picture, b.Min, draw.Src)
	small := shrink(full)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		return Logo{}, err
	}
	size := small.Bounds()
	return Logo{PNG: out.Bytes(), Width: size.Dx(), Height: size.Dy(), Pale: pale(small)}, nil
}

// shrink fits a picture into what is kept, each pixel the mean of those that it takes the place of. Colours are
// premultiplied, so what is transparent has no colour to bleed.
func shrink(full *image.RGBA) *image.RGBA {
	w, h := full.Rect.Dx(), full.Rect.Dy()
	width, height := w, h
	if width > maxWidth {
		width, height = maxWidth, max(1, height*maxWidth/width)
	}
	if height > maxHeight {
		width, height = max(1, w*maxHeight/h), maxHeight
	}
	if width == w && height == h {
		return full
	}
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		y0, y1 := y*h/height, (y+1)*h/height
		for x := range width {
			x0, x1 := x*w/width, (x+1)*w/width
			var sum [4]int
			for v := y0; v < y1; v++ {
				for i := full.PixOffset(x0, v); i < full.PixOffset(x1, v); i += 4 {
					for c := range sum {
						sum[c] += int(full.Pix[i+c])
					}
				}
			}
			n := (x1 - x0) * (y1 - y0)
			at := small.PixOffset(x, y)
			for c := range sum {
				small.Pix[at+c] = uint8((sum[c] + n/2) / n)
			}
		}
	}
	return small
}

// pale reports whether what can be seen of a picture is so light that white behind it swallows it.
func pale(p *image.RGBA) bool {
	var light, seen float64
	for i := 0; i < len(p.Pix); i += 4 {
		c := color.NRGBAModel.Convert(color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], p.Pix[i+3]}).(color.NRGBA)
		share := float64(c.A) / 255
		light += share * Colour{c.R, c.G, c.B}.luminance()
		seen += share
	}
	// A picture without any hole brings its own ground.
	return seen > 0 && seen < 0.95*float64(len(p.Pix)/4) && light/seen > 0.7
}
