package brand

import (
	"errors"
	"testing"
)

func TestParseColour(t *testing.T) {
	for typed, want := range map[string]string{"#0b5a68": "#0b5a68", "#FFFFFF": "#ffffff", "#000000": "#000000"} {
		if c, err := ParseColour(typed); err != nil || c.String() != want {
			t.Errorf("%q: %s, %v", typed, c, err)
		}
	}
	for _, typed := range []string{"", "#", "#fff", "0b5a68", "#0b5a6", "#0b5a688", "#0b5a6g", "#+b5a68", "#-b5a68", "# b5a68", "#0b_a68", "red", "#0b5a6\n", "#١٢٣", "url(x)"} {
		if c, err := ParseColour(typed); !errors.Is(err, ErrColour) {
			t.Errorf("%q became %s, %v", typed, c, err)
		}
	}
}

// TestSchemesCanBeRead goes through the whole cube of colours, its edges and corners among them.
func TestSchemesCanBeRead(t *testing.T) {
	for r := 0; r <= 255; r += 15 {
		for g := 0; g <= 255; g += 15 {
			for b := 0; b <= 255; b += 15 {
				c := Colour{uint8(r), uint8(g), uint8(b)}
				light, dark := Schemes(c)
				check(t, c, light, LightText, LightPage, White)
				check(t, c, dark, DarkText, DarkPage, DarkPaper)
			}
		}
	}
}

func check(t *testing.T, asked Colour, s Scheme, text Colour, backs ...Colour) {
	t.Helper()
	for _, accent := range []Colour{s.Accent, s.Deep} {
		for _, other := range append(backs, s.Wash, s.On) {
			if got := Contrast(accent, other); got < 4.5 {
				t.Errorf("%s: %s with %s is %.2f", asked, accent, other, got)
			}
		}
	}
	if got := Contrast(text, s.Wash); got < 4.5 {
		t.Errorf("%s: the text on %s is %.2f", asked, s.Wash, got)
	}
	if s.Moved != (s.Accent != asked) {
		t.Errorf("%s became %s, moved %v", asked, s.Accent, s.Moved)
	}
}

func TestSchemesStayNear(t *testing.T) {
	for asked, want := range map[string][2]string{
		"#0b5a68": {"#0b5a68", ""}, // readable as it is, on light pages
		"#7cccd8": {"", "#7cccd8"},
		"#000000": {"#000000", ""},
		"#ffffff": {"", "#ffffff"},
		"#ffff00": {"", "#ffff00"},
	} {
		c, err := ParseColour(asked)
		if err != nil {
			t.Fatal(err)
		}
		light, dark := Schemes(c)
		for i, s := range []Scheme{light, dark} {
			if stays := want[i] == asked; stays == s.Moved {
				t.Errorf("%s became %s", asked, s.Accent)
			}
		}
	}
	// One shade less would not do: yellow on white is darkened to just readable, and black on dark made just light enough.
	light, _ := Schemes(Colour{0xff, 0xff, 0})
	if got := Contrast(light.Accent, light.Wash); got > 4.7 {
		t.Errorf("yellow became %s, of contrast %.2f", light.Accent, got)
	}
	_, dark := Schemes(Colour{})
	if got := Contrast(dark.Accent, dark.Wash); got > 4.8 {
		t.Errorf("black became %s, of contrast %.2f", dark.Accent, got)
	}
}
