package texts

// germanPolicy is the page on which administrators decide who needs a second factor, and what everybody sees of that.
var germanPolicy = Catalogue{
	"backup.not_used": "Ihre Organisation verwendet keine Backup-Codes. Gehen alle Ihre Geräte verloren, wenden Sie sich an Ihre Administration.",

	"mail.two_factor_asked.title":   "Richten Sie die Zwei-Faktor-Authentifizierung ein",
	"mail.two_factor_asked.lead":    "{what} Sie brauchen eine Authenticator-App auf Ihrem Handy oder einen anderen Weg, den Ihre Organisation erlaubt. Melden Sie sich an, öffnen Sie die Seite unten und folgen Sie den Schritten; es dauert zwei Minuten.",
	"mail.two_factor_asked.grace":   "Ihre Organisation verlangt beim Anmelden einen zweiten Faktor. Sie haben noch keinen. Ab {time} kommen Sie nur noch hinein, wenn Sie einen einrichten.",
	"mail.two_factor_asked.now":     "Ihre Organisation verlangt beim Anmelden einen zweiten Faktor. Sie haben noch keinen. Bei Ihrer nächsten Anmeldung werden Sie aufgefordert, einen einzurichten.",
	"mail.two_factor_asked.advised": "Ihre Organisation empfiehlt beim Anmelden einen zweiten Faktor. Sie haben noch keinen; wer Ihr Passwort erfährt, kommt hinein.",
	"mail.link.two_factor_asked":    "Zwei-Faktor-Authentifizierung einrichten",
	"mail.two_factor_asked.not_you": "Das hat jemand aus der Administration Ihrer Organisation senden lassen. Wenn Sie zweifeln, gehen Sie auf Ihrem gewohnten Weg zu dieser Seite statt über den Link.",
}
