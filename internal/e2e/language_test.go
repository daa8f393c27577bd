package e2e

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// from moves the browser to another country: what it asks for, and what its clock shows.
func (b *browser) from(languages, zone string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": languages}})
	b.must(err, "choosing the languages")
	_, err = chromedp.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
	b.must(err, "choosing the time zone")
}

// TestGerman walks through the pages from Vienna. German words are longer than English ones,
// so each page is inspected for what they push aside; the times are those of Vienna, said in German.
func TestGerman(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.from("de-AT,de;q=0.9,en;q=0.8", "Europe/Vienna")

	b.open("/sign-in")
	b.sees("Anmelden")
	b.inspect("sign-in")
	b.fill("E-Mail", grace)
	b.fill("Passwort", "not her password")
	if got := b.press("Anmelden"); got != http.StatusUnauthorized {
		t.Errorf("a wrong password: status %d", got)
	}
	b.sees("Anmelden", "Es gibt ein Problem", "Die E-Mail-Adresse oder das Passwort stimmt nicht.")
	b.inspect("wrong-password")
	b.fill("Passwort", d.passwords[grace])
	b.press("Anmelden")
	b.sees("Schützen Sie Ihr Konto besser")
	b.inspect("recommended")
	b.press("Jetzt einrichten")
	b.sees("Neues Gerät hinzufügen")
	if got := b.value("Name des Geräts"); got != "Mein Handy" {
		t.Errorf("the name offered is %q", got)
	}
	b.inspect("add")
	b.fill("Passwort", d.passwords[grace])
	b.press("Hinzufügen")
	b.sees("QR-Code scannen")
	b.inspect("scan")
	phone := scan(t, b.picture())
	b.fill("Bestätigungscode", phone.code(t))
	b.press("Bestätigen")
	b.sees("Backup-Codes aufbewahren", "Jeder gilt einmal.")
	b.inspect("backup-codes")
	b.press("Ich habe sie aufbewahrt")
	b.sees("Zwei-Faktor-Authentifizierung", "Mein Handy", "bestätigt")
	if said := regexp.MustCompile(`Hinzugefügt: heute, \d\d:\d\d MES?Z`); !said.MatchString(b.text()) {
		t.Errorf("no time like %q\non %s", said, b.where())
	}
	b.inspect("devices")
	b.open("/settings")
	b.sees("Profil und Passwort")
	b.inspect("profile")
	b.open("/settings/sessions")
	b.sees("Sitzungen", "dieser Browser")
	b.inspect("sessions")
}
