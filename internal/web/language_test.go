package web_test

import (
	"net/http"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// TestGerman walks from the first visit to a signed-in person's settings with a browser from
// Vienna: pages, errors, names that are offered and times are in German.
func TestGerman(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.Client(t)
		c.Speaks = "de-AT,de;q=0.9,en;q=0.8"
		door := c.Get("/sign-in").Sees(http.StatusOK, "Anmelden", "Passwort").Lacks("Sign in")
		door.Press("Anmelden", "email", apptest.Ada, "password", "not it").
			Sees(http.StatusUnauthorized, "Es gibt ein Problem", "Die E-Mail-Adresse oder das Passwort stimmt nicht.")
		add := door.Press("Anmelden", "email", apptest.Ada, "password", apptest.Password).Follow().Click("Jetzt einrichten")
		if got := add.Find(`id="name"[^>]*value="([^"]*)"`); got != "Mein Handy" {
			t.Errorf("the name offered is %q", got)
		}
		scan := add.Press("Hinzufügen", "password", apptest.Password).Sees(http.StatusOK, "Lassen Sie niemand anderen diesen QR-Code scannen.")
		scan.Find(`<title>(QR-Code für Acme)</title>`)
		phone := scan.Phone()
		scan.Press("Bestätigen", "code", "12345").Sees(http.StatusUnprocessableEntity, "Ein Bestätigungscode hat sechs Ziffern.").
			Press("Bestätigen", "code", phone.Code(s.Clock.Now())).Sees(http.StatusOK, "erzeugt am", "Jeder Code gilt einmal.").
			Press("Ich habe sie aufbewahrt").Follow().Sees(http.StatusOK, "Bewahren Sie Ihre Backup-Codes gut auf.", "Mein Handy", "bestätigt", "Hinzugefügt: heute, ")
		c.Get("/settings/sessions").Sees(http.StatusOK, "Firefox unter Linux")
		c.Get("/nowhere").Sees(http.StatusNotFound, "Hier ist nichts")

		s.Clock.Advance(30 * time.Second)
		other := s.Client(t)
		other.Speaks = c.Speaks
		second := other.Get("/sign-in").Press("Anmelden", "email", apptest.Ada, "password", apptest.Password).Follow().
			Sees(http.StatusOK, "Bestätigungscode eingeben")
		for range 4 {
			second.Press("Bestätigen", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "Dieser Code gilt nicht. Kommt er aus der App")
		}
		second.Press("Bestätigen", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "Warten Sie 30 Sekunden und geben Sie dann einen neuen ein.")
		second.Press("Bestätigen", "code", phone.Code(s.Clock.Now())).
			Sees(http.StatusTooManyRequests, "Zu viele Versuche sind fehlgeschlagen. Warten Sie 30 Sekunden und versuchen Sie es dann noch einmal.")
	})
}

// TestLanguageIsTheBrowsers: the best wish that is spoken here, and English for everybody else.
func TestLanguageIsTheBrowsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		for speaks, want := range map[string]string{
			"": "en", "en-GB": "en", "de": "de", "fr-CH, fr;q=0.9": "en", "fr, de;q=0.2, en;q=0.1": "de", ";;q=,\x80de": "en",
		} {
			c := s.Client(t)
			c.Speaks = speaks
			page := c.Get("/sign-in")
			if got := page.Find(`<html lang="([a-z]+)"`); got != want {
				t.Errorf("%q is answered in %s, want %s", speaks, got, want)
			}
			if got := page.Header.Get("Vary"); got != "Accept-Language" {
				t.Errorf("Vary is %q", got)
			}
		}
		c := s.Client(t)
		r := c.Request(http.MethodGet, "/sign-in", nil)
		r.Header["Accept-Language"] = []string{"fr", "de;q=0.5"} // one list in two lines (RFC 9110, section 5.3)
		if got := c.Send(r).Find(`<html lang="([a-z]+)"`); got != "de" {
			t.Errorf("two lines are answered in %s", got)
		}
	})
}

// TestRefusedInTheirLanguage: a page that says no is one of the person who is signed in, whether the
// guard refuses or the handler: in the language they chose, with the way back to their settings.
func TestRefusedInTheirLanguage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Grace)
		c.Get("/settings").Press("Save", "language", "de").Follow().Sees(http.StatusOK, "Die Sprache ist geändert")
		c.Get("/admin").Sees(http.StatusForbidden, "Das können nur die Inhaber", "Sitzungen")
		c.Post("/settings/sessions/ses_0/end").Sees(http.StatusNotFound, "Diese Sitzung gibt es nicht", "Sitzungen")
	})
}
