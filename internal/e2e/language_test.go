package e2e

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// from moves the browser to another country: what it asks for, and what its clock shows.
func (b *browser) from(languages, zone string) {
	b.T.Helper()
	_, err := chromedp.Call(b.Ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": languages}})
	b.Must(err, "choosing the languages")
	_, err = chromedp.Call(b.Ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	b.Must(err, "choosing the time zone")
}

// TestGerman walks through the pages from Vienna. German words are longer than English ones,
// so each page is inspected for what they push aside; the times are those of Vienna, said in German.
func TestGerman(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.from("de-AT,de;q=0.9,en;q=0.8", "Europe/Vienna")

	b.Open("/sign-in")
	b.Sees("Anmelden")
	b.Inspect("sign-in")
	b.Fill("E-Mail", grace)
	b.Fill("Passwort", "not her password")
	if got := b.Press("Anmelden"); got != http.StatusUnauthorized {
		t.Errorf("a wrong password: status %d", got)
	}
	b.Sees("Anmelden", "Es gibt ein Problem", "Die E-Mail-Adresse oder das Passwort stimmt nicht.")
	b.Inspect("wrong-password")
	b.Fill("Passwort", d.passwords[grace])
	b.Press("Anmelden")
	b.Sees("Schützen Sie Ihr Konto besser")
	b.Inspect("recommended")
	b.Press("Jetzt einrichten")
	b.Sees("Neues Gerät hinzufügen")
	if got := b.Value("Name des Geräts"); got != "Mein Handy" {
		t.Errorf("the name offered is %q", got)
	}
	b.Inspect("add")
	b.Fill("Passwort", d.passwords[grace])
	b.Press("Hinzufügen")
	b.Sees("QR-Code scannen")
	b.Inspect("scan")
	phone := chrometest.Scan(t, b.Picture())
	b.Fill("Bestätigungscode", phone.Code(t))
	b.Press("Bestätigen")
	b.Sees("Backup-Codes aufbewahren", "Jeder gilt einmal.")
	b.Inspect("backup-codes")
	b.Press("Ich habe sie aufbewahrt")
	b.Sees("Zwei-Faktor-Authentifizierung", "Mein Handy", "bestätigt")
	if said := regexp.MustCompile(`Hinzugefügt: heute, \d\d:\d\d MES?Z`); !said.MatchString(b.Text()) {
		t.Errorf("no time like %q\non %s", said, b.Where())
	}
	b.Inspect("devices")
	b.Open("/settings")
	b.Sees("Profil und Passwort")
	b.Inspect("profile")
	b.Open("/settings/sessions")
	b.Sees("Sitzungen", "dieser Browser")
	b.Inspect("sessions")
}
