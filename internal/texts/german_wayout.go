package texts

// germanWayOut is englishWayOut in German.
var germanWayOut = Catalogue{
	"disable.link":          "Zwei-Faktor-Authentifizierung ausschalten",
	"disable.lead":          "Wenn Sie keinen Code mehr eingeben können, senden wir einen Schlüssel an {email}. Damit und mit Ihrem Passwort können Sie die Zwei-Faktor-Authentifizierung ausschalten.",
	"disable.mailed":        "Wir haben einen Schlüssel an {email} gesendet. Kopieren Sie ihn aus der E-Mail in dieses Feld. Er gilt einmal und nur in dieser Anmeldung.",
	"disable.now_off":       "Ihre Geräte und Backup-Codes gelten dann nicht mehr, Ihre anderen Sitzungen enden, und Ihr Passwort allein öffnet Ihr Konto. Das lässt sich nicht rückgängig machen, aber Sie können sie jederzeit neu einrichten.",
	"disable.now_set_up":    "Ihre Geräte und Backup-Codes gelten dann nicht mehr, und Ihre anderen Sitzungen enden. Das lässt sich nicht rückgängig machen: Sie richten ein neues Gerät ein, bevor Sie angemeldet sind.",
	"disable.later_off":     "Das geschieht {wait} nach Eingabe des Schlüssels und lässt sich bis dahin absagen: Codes werden verlangt wie bisher, und wir melden es an jede Nummer und Adresse, die wir von Ihnen haben. Dann gelten Ihre Geräte und Backup-Codes nicht mehr, Ihre Sitzungen enden, und Ihr Passwort allein öffnet Ihr Konto.",
	"disable.later_set_up":  "Das geschieht {wait} nach Eingabe des Schlüssels und lässt sich bis dahin absagen: Codes werden verlangt wie bisher, und wir melden es an jede Nummer und Adresse, die wir von Ihnen haben. Dann gelten Ihre Geräte und Backup-Codes nicht mehr, Ihre Sitzungen enden, und Sie richten bei der nächsten Anmeldung ein neues Gerät ein.",
	"disable.send":          "Schlüssel senden",
	"disable.button":        "Zwei-Faktor-Authentifizierung ausschalten",
	"disable.button_set_up": "Neues Gerät einrichten",
	"disable.button_later":  "Vormerken",
	"disable.back":          "Zurück zum Code",
	"disable.resend":        "Neuen Schlüssel senden",
	"disable.wait.one":      "In 1 Sekunde können Sie einen neuen Schlüssel verlangen.",
	"disable.wait.other":    "In {n} Sekunden können Sie einen neuen Schlüssel verlangen.",
	"disable.now":           "Sie können jetzt einen neuen Schlüssel verlangen.",

	"planned.title":       "Das Ende Ihrer Zwei-Faktor-Authentifizierung ist vorgemerkt",
	"planned.when":        "Sie wird ausgeschaltet: {time}.",
	"planned.when_set_up": "Ihre Geräte gelten nicht mehr: {time}. Bei der nächsten Anmeldung danach richten Sie ein neues ein.",
	"planned.until":       "Bis dahin verlangt die Anmeldung einen Code wie bisher. Finden Sie Ihr Gerät wieder, melden Sie sich damit an: Damit ist das Ausschalten abgesagt.",
	"planned.told":        "Jede Nummer und Adresse, die wir von Ihnen haben, erhält eine Nachricht mit einem Schlüssel, mit dem es sich ebenfalls absagen lässt.",
	"planned.button":      "Zurück zur Anmeldung",

	"keep.title":      "Zwei-Faktor-Authentifizierung eingeschaltet lassen",
	"keep.lead":       "Jemand mit Ihrem Passwort und Zugang zu Ihren E-Mails will sie ausschalten. Mit dem Schlüssel aus unserer Nachricht sagen Sie das ab.",
	"keep.otherwise":  "Kein Schlüssel zur Hand, oder er gilt nicht mehr? Melden Sie sich mit einem Code Ihres Geräts oder einem Backup-Code an: Auch damit ist es abgesagt.",
	"keep.hint":       "Die 26 Buchstaben und Ziffern in der Nachricht.",
	"keep.button":     "Eingeschaltet lassen",
	"keep.kept_title": "Ihre Zwei-Faktor-Authentifizierung bleibt eingeschaltet",
	"keep.kept":       "Das geplante Ausschalten ist abgesagt.",
	"keep.not_you":    "Wenn nicht Sie es verlangt haben, kennt jemand Ihr Passwort und liest Ihre E-Mails: Melden Sie sich an und ändern Sie jetzt Ihr Passwort.",

	"two_factor.ends":        "Sie wird ausgeschaltet: {time}. Das wurde bei einer Anmeldung verlangt, mit Ihrem Passwort und einem Schlüssel aus Ihrer E-Mail.",
	"two_factor.ends_set_up": "Ihre Geräte gelten nicht mehr: {time}. Das wurde bei einer Anmeldung verlangt, mit Ihrem Passwort und einem Schlüssel aus Ihrer E-Mail.",

	"notice.token_sent":      "Ein Schlüssel ist unterwegs. Ein früher gesendeter gilt nicht mehr.",
	"notice.mailed_off":      "Sie sind angemeldet. Die Zwei-Faktor-Authentifizierung ist aus.",
	"notice.two_factor_kept": "Die Zwei-Faktor-Authentifizierung bleibt eingeschaltet.",
}
