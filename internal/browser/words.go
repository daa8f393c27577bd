package browser

import (
	"slices"

	"github.com/mileusna/useragent"

	"sallyport/internal/place"
	"sallyport/internal/texts"
)

// Words say what a browser claims to be, and where its address is: "Firefox on Linux, Vienna". All lists, pages and mails name a browser so.
// Only names that we know are repeated: in a page or mail of ours a stranger must not be able to say "Call +1 900 555".
func Words(say texts.Catalogue, agent string, at place.Place) (string, error) {
	words, err := claim(say, agent)
	if where := at.Name(say["language"]); err == nil && where != "" {
		return say.Text("browser.at", "browser", words, "place", where)
	}
	return words, err
}

func claim(say texts.Catalogue, agent string) (string, error) {
	ua := useragent.Parse(agent)
	return Environment{Browser: ua.Name, System: ua.OS}.Words(say)
}

// Words say what a browser was when it became trusted, as the function Words does, without the place.
func (e Environment) Words(say texts.Catalogue) (string, error) {
	known, placed := slices.Contains(families, e.Browser), slices.Contains(systems, e.System)
	switch {
	case known && placed:
		return say.Text("browser.on", "name", e.Browser, "system", e.System)
	case known:
		return e.Browser, nil
	case placed:
		return say.Text("browser.some", "system", e.System)
	}
	return say.Text("browser.unknown")
}

var (
	families = []string{
		useragent.Chrome, useragent.Edge, useragent.Firefox, useragent.InternetExplorer, useragent.Opera, useragent.OperaMini,
		useragent.OperaTouch, useragent.Safari, useragent.SamsungBrowser, useragent.Vivaldi, useragent.HeadlessChrome,
	}
	systems = []string{
		useragent.Android, useragent.ChromeOS, useragent.FreeBSD, useragent.IOS, useragent.Linux, useragent.MacOS, useragent.Windows,
		useragent.WindowsPhone,
	}
)
