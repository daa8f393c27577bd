package brand

import (
	"fmt"
	"math"
	"strconv"
)

// Colour is an sRGB colour.
type Colour struct{ R, G, B uint8 }

// The colours around an accent, as in web/static/sallyport.css; a test of web compares them.
var (
	White     = Colour{0xff, 0xff, 0xff}
	LightPage = Colour{0xf3, 0xf5, 0xf6}
	DarkPage  = Colour{0x0f, 0x14, 0x16}
	DarkPaper = Colour{0x17, 0x1d, 0x20}
	LightText = Colour{0x18, 0x21, 0x26} // the text of the light scheme
	DarkText  = Colour{0xe7, 0xec, 0xee}
)

// ParseColour reads "#0b5a68", in letters of either case, or fails with ErrColour.
func ParseColour(s string) (Colour, error) {
	if len(s) != 7 || s[0] != '#' {
		return Colour{}, ErrColour
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return Colour{}, ErrColour
	}
	return Colour{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// String writes the colour as ParseColour reads it.
func (c Colour) String() string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// luminance is the relative luminance of WCAG 2.2.
func (c Colour) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// Contrast is the ratio of WCAG 2.2 between two colours, from 1 to 21.
func Contrast(a, b Colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// towards mixes c with so many parts in 255 of other.
func (c Colour) towards(other Colour, parts int) Colour {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(255-parts) + int(b)*parts + 127) / 255) }
	return Colour{mix(c.R, other.R), mix(c.G, other.G), mix(c.B, other.B)}
}

// Scheme is an accent with what goes with it, in light or in dark.
type Scheme struct {
	Accent Colour // of links, the primary button and the ring around what has the focus
	Deep   Colour // the same under the pointer
	On     Colour // of the text on both
	Wash   Colour // behind what is chosen
	Moved  bool   // Accent is not the colour that was asked for: it could not be read
}

// Product gives the product's own schemes, as in web/static/sallyport.css; a test of web compares them.
func Product() (light, dark Scheme) {
	return Scheme{Accent: Colour{0x0b, 0x5a, 0x68}, Deep: Colour{0x08, 0x46, 0x52}, On: White, Wash: Colour{0xe9, 0xf2, 0xf4}},
		Scheme{Accent: Colour{0x7c, 0xcc, 0xd8}, Deep: Colour{0x9a, 0xdd, 0xe6}, On: Colour{0x06, 0x27, 0x2d}, Wash: Colour{0x16, 0x28, 0x2c}}
}

// Least is the contrast that text has with what is behind it (WCAG 2.2, 1.4.3). The ring around what has the focus needs
// three (1.4.11), which follows: it lies on the same backgrounds.
const Least = 4.5

// Schemes gives the accent for light and for dark pages: the colour itself where it can be read, or the nearest of its shades
// that can.
func Schemes(c Colour) (light, dark Scheme) {
	black := Colour{}
	light = nearest(c, black, func(a Colour) (Scheme, []Colour) {
		s := Scheme{Accent: a, Deep: a.towards(black, 64), On: White, Wash: White.towards(a, 20)}
		return s, []Colour{LightPage, White, s.Wash}
	})
	dark = nearest(c, White, func(a Colour) (Scheme, []Colour) {
		s := Scheme{Accent: a, Deep: a.towards(White, 80), On: DarkPage, Wash: DarkPaper.towards(a, 20)}
		return s, []Colour{DarkPage, DarkPaper, s.Wash}
	})
	return light, dark
}

// nearest moves the colour as little towards an end as makes it readable. The end itself always is.
func nearest(c, end Colour, scheme func(Colour) (s Scheme, backs []Colour)) Scheme {
	for parts := 0; ; parts++ {
		s, backs := scheme(c.towards(end, parts))
		s.Moved = parts > 0
		if parts == 255 || readable(s, backs) {
			return s
		}
	}
}

// readable reports whether all texts of the scheme keep the contrast.
func readable(s Scheme, backs []Colour) bool {
	for _, accent := range []Colour{s.Accent, s.Deep} {
		if Contrast(s.On, accent) < Least {
			return false
		}
		for _, back := range backs {
			if Contrast(accent, back) < Least {
				return false
			}
		}
	}
	return true
}
