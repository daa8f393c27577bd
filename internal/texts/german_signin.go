package texts

// germanSignIn is the doors: signing in, and what comes with the first time.
var germanSignIn = Catalogue{
	// Sign-in, first step.
	"signin.title":     "Anmelden",
	"signin.account":   "bei {account}",
	"signin.button":    "Anmelden",
	"signin.forgotten": "Passwort vergessen? Ihre Administration gibt Ihnen ein neues.",
	"signin.nobody":    "Noch kann sich niemand anmelden. Öffnen Sie den Einrichtungslink, den der Server ausgegeben hat.",

	// Sign-in, second step.
	"verify.title":        "Bestätigungscode eingeben",
	"verify.backup_title": "Backup-Code eingeben",
	"verify.open_device":  "Öffnen Sie die Authenticator-App auf „{device}“ und geben Sie den Code ein, den sie anzeigt.",
	"verify.open_any":     "Öffnen Sie Ihre Authenticator-App und geben Sie den Code ein, den sie anzeigt.",
	"verify.locked_title": "Dieses Gerät ist gesperrt",
	"verify.locked":       "Es wurden zu viele falsche Codes hintereinander eingegeben. Melden Sie sich auf einem anderen Weg an, dann gilt das Gerät wieder. Sonst entsperrt es Ihre Administration.",
	"verify.button":       "Bestätigen",
	"verify.use_backup":   "Backup-Code verwenden",
	"verify.other_way":    "Anderen Weg wählen",

	// Sign-in, other ways.
	"ways.title":       "Anderen Weg wählen",
	"ways.lead":        "Wie möchten Sie zeigen, dass Sie es sind?",
	"ways.totp":        "Authenticator-App",
	"ways.passkey":     "Sicherheitsschlüssel oder Passkey",
	"ways.sms":         "SMS",
	"ways.email":       "E-Mail",
	"ways.backup_code": "Backup-Code verwenden",
	"ways.backup_hint": "Einer der zehn, die Sie aufbewahrt haben",
	"ways.none":        "Nichts davon ist möglich? Wenden Sie sich an Ihre Administration.",

	// Sign-in that took too long.
	"expired.title":  "Diese Anmeldung ist beendet",
	"expired.lead":   "Sie wurde nicht innerhalb von zehn Minuten abgeschlossen, oder Ihr Passwort oder Ihre Geräte wurden inzwischen geändert. Nichts ist verloren: Melden Sie sich neu an.",
	"expired.button": "Neu anmelden",

	// Set-up during the sign-in.
	"setup.title":  "Zwei-Faktor-Authentifizierung einrichten",
	"setup.reset":  "Ihre Administration hat Ihre Zwei-Faktor-Authentifizierung zurückgesetzt. Richten Sie sie neu ein, um die Anmeldung abzuschließen.",
	"setup.button": "Hinzufügen",

	// First start of the server.
	"firstrun.title":       "Erste Organisation einrichten",
	"firstrun.lead":        "Sie werden darin Inhaberin oder Inhaber. Diese Seite gilt nur einmal.",
	"firstrun.button":      "Einrichten",
	"firstrun_over.title":  "Dieser Einrichtungslink gilt nicht mehr",
	"firstrun_over.lead":   "Er wurde schon verwendet oder ist unvollständig. Wenn noch niemand eine Organisation eingerichtet hat, starten Sie den Server neu: Er gibt dann einen neuen Link aus.",
	"firstrun_over.button": "Anmelden",

	// After the first sign-in.
	"recommend.title": "Schützen Sie Ihr Konto besser",
	"recommend.lead":  "Ergänzen Sie Ihre Anmeldung um einen zweiten Schritt: einen Code aus einer App auf Ihrem Handy. Wer Ihr Passwort erfährt, kommt dann trotzdem nicht hinein. Das Einrichten dauert etwa zwei Minuten.",
	"recommend.now":   "Jetzt einrichten",
	"recommend.later": "Nicht jetzt",
}
