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
	known, placed := slices.Contains(families, ua.Name), slices.Contains(systems, ua.OS)
	switch {
	case known && placed:
		return say.Text("browser.on", "name", ua.Name, "system", ua.OS)
	case known:
		return ua.Name, nil
	case placed:
		return say.Text("browser.some", "system", ua.OS)
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
