package web

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/brand"
)

var colour = regexp.MustCompile(`(?m)^\t--([a-z-]+): light-dark\((#[0-9a-f]{3,6}), (#[0-9a-f]{3,6})\);$`)

// TestContrast computes the contrast of every pair of colours that meet on a page, light
// and dark: 4.5:1 for text, 3:1 for the edges of inputs and the focus ring (WCAG 2.2 SC 1.4.3, 1.4.11).
func TestContrast(t *testing.T) {
	css, err := fs.ReadFile(embedded, "static/sallyport.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := []map[string]string{{}, {}}
	for _, m := range colour.FindAllStringSubmatch(string(css), -1) {
		schemes[0][m[1]], schemes[1][m[1]] = m[2], m[3]
	}
	// What package brand computes with is what is there.
	light, dark := brand.Product()
	for name, want := range map[string][2]brand.Colour{
		"accent": {light.Accent, dark.Accent}, "deep": {light.Deep, dark.Deep}, "on-accent": {light.On, dark.On}, "wash": {light.Wash, dark.Wash},
		"page": {brand.LightPage, brand.DarkPage}, "paper": {brand.White, brand.DarkPaper}, "text": {brand.LightText, brand.DarkText},
	} {
		for i, c := range want {
			if got := strings.ReplaceAll(schemes[i][name], "#fff", "#ffffff"); got != c.String() && schemes[i][name] != c.String() {
				t.Errorf("%s is %s in scheme %d, and %s in package brand", name, got, i, c)
			}
		}
	}
	for _, tc := range []struct {
		front string
		backs []string
		least float64
	}{
		{"text", []string{"page", "paper", "wash"}, 4.5},
		{"quiet", []string{"page", "paper"}, 4.5},
		{"accent", []string{"page", "paper", "wash"}, 4.5},
		{"deep", []string{"page", "paper", "wash"}, 4.5},
		{"on-accent", []string{"accent", "deep"}, 4.5},
		{"on-red", []string{"red"}, 4.5},
		{"red", []string{"page", "paper", "red-wash"}, 4.5},
		{"amber", []string{"page", "paper", "amber-wash"}, 4.5},
		{"green", []string{"page", "paper", "green-wash"}, 4.5},
		{"edge", []string{"page", "paper"}, 3},
	} {
		for i, scheme := range schemes {
			for _, back := range tc.backs {
				got := contrast(t, scheme[tc.front], scheme[back])
				if got < tc.least {
					t.Errorf("%s on %s, scheme %d: %.2f, want %.1f", tc.front, back, i, got, tc.least)
				}
			}
		}
	}
}

// contrast is the ratio of WCAG 2.2, between 1 and 21.
func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2 of a colour such as "#0b5a68" or "#fff".
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	digits := strings.TrimPrefix(hex, "#")
	if len(digits) == 3 {
		digits = strings.Repeat(digits[:1], 2) + strings.Repeat(digits[1:2], 2) + strings.Repeat(digits[2:], 2)
	}
	var rgb [3]uint8
	if _, err := fmt.Sscanf(digits, "%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatalf("colour %q: %v", hex, err)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(rgb[i]) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
