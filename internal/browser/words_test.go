package browser_test

import (
	"testing"

	"sallyport/internal/browser"
	"sallyport/internal/place"
	"sallyport/internal/place/placetest"
	"sallyport/internal/texts"
)

// TestWords: which browser and where, in the reader's language, and nothing that a stranger made up.
func TestWords(t *testing.T) {
	places, err := place.Open(placetest.File(t, placetest.World()...))
	if err != nil {
		t.Fatal(err)
	}
	const (
		firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
		iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	)
	for _, c := range []struct{ agent, address, english, german string }{
		{firefox, placetest.Vienna, "Firefox on Linux, Vienna", "Firefox unter Linux, Wien"},
		{firefox, placetest.Linz, "Firefox on Linux, Linz", "Firefox unter Linux, Linz"},
		{firefox, placetest.NoCity, "Firefox on Linux, DE", "Firefox unter Linux, DE"},
		{firefox, placetest.Nowhere, "Firefox on Linux", "Firefox unter Linux"},
		{iphone, placetest.Berlin, "Safari on iOS, Berlin", "Safari unter iOS, Berlin"},
		{"Firefox/128.0", "", "Firefox", "Firefox"},
		{"", placetest.Vienna, "Unknown browser, Vienna", "Unbekannter Browser, Wien"},
		{"curl/8.5.0", "", "Unknown browser", "Unbekannter Browser"},
		{"Call +1 900 555 at once/1.0 (Linux)", "", "A browser on Linux", "Ein Browser unter Linux"},
		{"http://evil.test/secure-your-account", "", "Unknown browser", "Unbekannter Browser"},
		{"evil.test/1.0 (Windows NT 10.0; evil.test)", "", "A browser on Windows", "Ein Browser unter Windows"},
		{"\r\nBcc: eve@evil.test", "", "Unknown browser", "Unbekannter Browser"},
		{"{place} {browser}/1.0 (Linux; {place})", placetest.Vienna, "A browser on Linux, Vienna", "Ein Browser unter Linux, Wien"},
	} {
		for language, want := range map[texts.Language]string{texts.English: c.english, texts.German: c.german} {
			got, err := browser.Words(texts.In(language), c.agent, places.Of(c.address))
			if err != nil || got != want {
				t.Errorf("%q at %q is %q (%v), want %q", c.agent, c.address, got, err, want)
			}
		}
	}
}
