package texts

// germanErrorsSent are the errors about codes that are sent, and about what sends them.
var germanErrorsSent = Catalogue{
	"error.code_over":             "Der Code, den wir gesendet haben, gilt nicht mehr: Er ist älter als zehn Minuten oder wurde zu oft versucht. Senden Sie einen neuen.",
	"error.resend_too_soon":       "Vor weniger als einer Minute wurde ein Code gesendet. Warten Sie ein wenig und senden Sie dann einen neuen.",
	"error.resend_too_soon.wait":  "Vor weniger als einer Minute wurde ein Code gesendet. Warten Sie {wait} und senden Sie dann einen neuen.",
	"error.too_many_codes_sent":   "Es wurden zu viele Codes gesendet. Wählen Sie einen anderen Weg oder warten Sie eine Stunde und senden Sie dann einen neuen.",
	"error.address_missing":       "Geben Sie die Nummer oder Adresse an, an die die Codes gehen sollen.",
	"error.address_taken":         "Diese Nummer oder Adresse wird in Ihrer Organisation schon verwendet. Geben Sie eine an, die nur Sie verwenden.",
	"error.phone_invalid":         "Diese Nummer gibt es nicht. Prüfen Sie sie und geben Sie sie mit der Landesvorwahl ein, zum Beispiel +43 664 1234567.",
	"error.phone_country_missing": "Die Landesvorwahl fehlt. Geben Sie die Nummer damit ein, zum Beispiel +43 664 1234567.",
	"error.phone_not_mobile":      "Das ist keine Handynummer, und nur diese erhalten SMS. Geben Sie eine Handynummer ein, zum Beispiel +43 664 1234567.",
	"error.country_not_supported": "In das Land dieser Nummer können keine SMS gesendet werden. Verwenden Sie eine Authenticator-App oder eine Nummer aus einem unterstützten Land.",
	"error.factor_not_allowed":    "Ihre Organisation erlaubt diesen Weg der Anmeldung nicht.",
	"error.method_not_in_plan":    "Dieser Weg der Anmeldung ist im Tarif Ihrer Organisation nicht enthalten.",
	"error.method_not_in_trial":   "Dieser Weg der Anmeldung ist während der Testphase nicht verfügbar, zum Schutz vor Missbrauch.",
	"error.method_not_configured": "Dieser Weg der Anmeldung braucht einen Server für Nachrichten, und es ist keiner eingerichtet. Sagen Sie es Ihrer Administration.",
	"error.mail_token_invalid":    "Dieser Schlüssel gilt nicht: Er ist falsch abgeschrieben, wurde schon verwendet oder ist zu alt; nur der neueste, den wir gesendet haben, zählt. Kopieren Sie ihn noch einmal aus der E-Mail oder verlangen Sie einen neuen.",

	// The organisation's mail server.
	"error.no_mail_server":        "Es ist kein Mailserver eingerichtet, deshalb kann keine E-Mail gesendet werden. Die Administration kann unter „Mailserver“ einen einrichten.",
	"error.mail_password_needed":  "Geben Sie auch das Passwort ein: Das gespeicherte gehört zum bisherigen Server.",
	"error.mail_server_invalid":   "Die Einstellungen des Mailservers sind nicht möglich. Prüfen Sie dieses Feld.",
	"error.mail_unreachable":      "Der Mailserver war nicht erreichbar oder hat nicht rechtzeitig geantwortet. Prüfen Sie Namen und Port und ob er läuft.",
	"error.mail_tls_failed":       "Es kam keine verschlüsselte Verbindung zum Mailserver zustande.",
	"error.mail_deferred":         "Der Mailserver will es später noch einmal versuchen lassen. Wenn das so bleibt, sagt sein Protokoll, warum.",
	"error.mail_host_not_allowed": "Der Mailserver hat eine Adresse, die hier nicht verwendet werden darf. Verwenden Sie einen Mailserver im öffentlichen Internet.",
	"error.mail_login_refused":    "Der Mailserver nimmt Benutzernamen und Passwort nicht an. Viele Anbieter verlangen dafür ein eigenes App-Passwort.",
	"error.mail_turned_away":      "Der Mailserver nimmt von diesem Absender oder diesem Rechner keine E-Mails an. Prüfen Sie den Absender und was der Server erlaubt.",
	"error.mail_refused":          "Der Mailserver lehnt diese E-Mail endgültig ab.",
}
