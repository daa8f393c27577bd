package texts

// germanSignIn is the doors: signing in, and what comes with the first time.
var germanSignIn = Catalogue{
	// Sign-in, first step.
	"signin.title":     "Anmelden",
	"signin.account":   "bei {account}",
	"signin.button":    "Anmelden",
	"signin.forgotten": "Passwort vergessen?",
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
	"ways.mail_rests":  "An {address} wird bis {time} kein Code gesendet: Ihr Passwort wurde per E-Mail zurückgesetzt, und E-Mail allein darf Ihr Konto nicht öffnen.",
	"ways.none":        "Nichts davon ist möglich? Wenden Sie sich an Ihre Administration.",

	// Sign-in that took too long.
	"expired.title":  "Diese Anmeldung ist beendet",
	"expired.lead":   "Sie wurde nicht innerhalb von zehn Minuten abgeschlossen, oder Ihr Passwort oder Ihre Geräte wurden inzwischen geändert. Nichts ist verloren: Melden Sie sich neu an.",
	"expired.button": "Neu anmelden",

	// Password forgotten.
	"forgot.title":        "Passwort vergessen?",
	"forgot.lead":         "Geben Sie die E-Mail-Adresse ein, mit der Sie sich anmelden. Wir senden Ihnen einen Link, mit dem Sie ein neues Passwort wählen.",
	"forgot.button":       "E-Mail senden",
	"forgot.back":         "Zurück zur Anmeldung",
	"forgot.unavailable":  "Dieser Server kann keine E-Mails senden. Ihre Administration gibt Ihnen ein neues Passwort.",
	"forgot_sent.title":   "Sehen Sie in Ihr Postfach",
	"forgot_sent.lead":    "Wenn es ein Konto mit dieser Adresse gibt, ist eine E-Mail unterwegs. Ihr Link gilt eine Stunde lang und nur einmal.",
	"forgot_sent.next":    "Nach einigen Minuten ist keine da? Sehen Sie im Spam-Ordner nach, und ob Sie sich mit einer anderen Adresse anmelden. Wir senden höchstens drei E-Mails in zehn Minuten. Haben Sie bei mehreren Organisationen ein Konto, beginnen Sie bei der eigenen Anmeldeadresse Ihrer Organisation.",
	"forgot_sent.paste":   "Schlüssel aus der E-Mail eingeben",
	"forgot_sent.again":   "Neue E-Mail verlangen",
	"new_password.title":  "Neues Passwort wählen",
	"new_password.lead":   "Ihre Sitzungen enden überall. Melden Sie sich dann mit dem neuen Passwort an; Ihr zweiter Faktor bleibt, wie er ist.",
	"new_password.button": "Passwort ändern",

	// A new e-mail address is proved.
	"confirm_email.title":  "Neue E-Mail-Adresse bestätigen",
	"confirm_email.lead":   "Ab dann melden Sie sich damit an. Ihre Sitzungen in anderen Browsern enden.",
	"confirm_email.button": "Diese Adresse bestätigen",

	// Set-up during the sign-in.
	"setup.title":            "Zwei-Faktor-Authentifizierung einrichten",
	"setup.reset":            "Ihre Zwei-Faktor-Authentifizierung wurde zurückgesetzt. Richten Sie sie neu ein, um die Anmeldung abzuschließen.",
	"setup.button":           "Hinzufügen",
	"setup.required":         "Ihre Organisation verlangt die Zwei-Faktor-Authentifizierung. Richten Sie sie ein, um die Anmeldung abzuschließen.",
	"setup.required_admin":   "Ihre Organisation verlangt von ihren Inhabern und ihrer Administration die Zwei-Faktor-Authentifizierung. Richten Sie sie ein, um die Anmeldung abzuschließen.",
	"setup.passkey":          "Ihre Organisation verlangt von Ihnen einen Passkey. Der erste Teil ist geschafft: Fügen Sie einen Passkey hinzu, um die Anmeldung abzuschließen.",
	"setup.other":            "Oder auf einem anderen Weg",
	"setup.stuck":            "Im Moment gibt es keinen Weg, den Sie einrichten könnten, deshalb können Sie nicht angemeldet werden. Fragen Sie Ihre Administration.",
	"setup.hint_totp":        "Ein Code aus einer App auf Ihrem Handy. Das geht auch ohne Netz.",
	"setup.hint_sms":         "Bei jeder Anmeldung ein Code per SMS.",
	"setup.hint_email":       "Bei jeder Anmeldung ein Code per E-Mail.",
	"setup_mail.lead":        "Zeigen Sie zuerst, dass das Postfach {email} Ihnen gehört: Wir senden Ihnen einen Schlüssel, den Sie hier einfügen.",
	"setup_mail.mailed":      "Wir haben einen Schlüssel an {email} gesendet. Kopieren Sie ihn aus der E-Mail und fügen Sie ihn hier ein, um zu zeigen, dass das Postfach Ihnen gehört.",
	"setup_mail.button":      "Weiter",
	"grace.title":            "Zwei-Faktor-Authentifizierung einrichten",
	"grace.lead":             "Ab dem {day} verlangt Ihre Organisation sie: Dann richten Sie sie ein, bevor Sie angemeldet werden.",
	"grace.left.one":         "Sie haben noch 1 Tag Zeit.",
	"grace.left.other":       "Sie haben noch {n} Tage Zeit.",
	"recommend.organisation": "Ihre Organisation empfiehlt es.",

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
