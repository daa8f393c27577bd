package texts

// germanPasskeyPages is englishPasskeyPages in German.
var germanPasskeyPages = Catalogue{
	// On the list of methods.
	"two_factor.passkey":       "Passkeys",
	"two_factor.empty_passkey": "Ihr Fingerabdruck, Ihr Gesicht, Ihre Bildschirmsperre oder ein Sicherheitsschlüssel statt eines Codes, und auch statt des Passworts. Einen Passkey kann man auf keiner gefälschten Seite verraten.",
	"passkey.add":              "Passkey hinzufügen",
	"passkey.another":          "Weiteren Passkey hinzufügen",
	"passkey.full.one":         "Sie haben 1 Passkey, mehr sind nicht erlaubt. Entfernen Sie ihn, um einen anderen hinzuzufügen.",
	"passkey.full.other":       "Sie haben {n} Passkeys, mehr sind nicht erlaubt. Entfernen Sie einen, um einen anderen hinzuzufügen.",
	"passkey.synced":           "synchronisiert",
	"passkey.bound":            "nur auf diesem Gerät",
	"passkey.unnamed":          "Neuer Passkey",
	"passkeys.one":             "1 Passkey",
	"passkeys.other":           "{n} Passkeys",

	// Adding one.
	"passkey.add_title":    "Passkey hinzufügen",
	"passkey.add_lead":     "Einen Passkey bewahrt Ihr Handy, Ihr Computer, Ihr Passwortmanager oder ein Sicherheitsschlüssel auf. Er öffnet sich nur mit Ihrem Fingerabdruck, Ihrem Gesicht oder Ihrer Bildschirmsperre und gilt nur unter der echten Adresse.",
	"passkey.name":         "Name des Passkeys (freiwillig)",
	"passkey.name_hint":    "Bleibt er leer, heißt der Passkey wie das, was ihn aufbewahrt. Sie können ihn später ändern.",
	"passkey.create_title": "Passkey erstellen",
	"passkey.create_lead":  "Ihr Browser fragt, wo er aufbewahrt werden soll, und nach Ihrem Fingerabdruck, Ihrem Gesicht, Ihrer Bildschirmsperre oder einem Sicherheitsschlüssel.",
	"passkey.create":       "Passkey erstellen",
	"passkey.ends":         "Schließen Sie bis {time} ab.",
	"passkey.others":       "Etwas anderes einrichten",

	// Signing in.
	"passkey.sign_in":       "Mit einem Passkey anmelden",
	"passkey.use":           "Passkey verwenden",
	"passkey.instead":       "Passkey statt eines Codes verwenden",
	"verify.passkey_title":  "Passkey verwenden",
	"verify.passkey_device": "Ihr Browser fragt nach „{device}“: Ihrem Fingerabdruck, Ihrem Gesicht, Ihrer Bildschirmsperre oder einer Berührung des Schlüssels.",
	"verify.passkey_any":    "Ihr Browser fragt nach einem Ihrer Passkeys: Ihrem Fingerabdruck, Ihrem Gesicht, Ihrer Bildschirmsperre oder einer Berührung des Schlüssels.",
	"verify.use_passkey":    "Passkey verwenden",
	"setup.hint_passkey":    "Ihr Fingerabdruck, Ihr Gesicht, Ihre Bildschirmsperre oder ein Sicherheitsschlüssel. Auf keiner gefälschten Seite kann man ihn verraten.",
	"setup.passkey_lead":    "Einen Passkey bewahrt Ihr Handy, Ihr Computer, Ihr Passwortmanager oder ein Sicherheitsschlüssel auf. Im nächsten Schritt fragt Ihr Browser danach.",
	"remove.effect_passkey": "Er öffnet Ihr Konto ab sofort nicht mehr. Löschen Sie ihn auch auf dem Gerät oder im Passwortmanager, der ihn aufbewahrt, sonst wird er Ihnen dort weiter angeboten.",

	"confirm_identity.lead_passkey": "Was jetzt kommt, betrifft den Zugang anderer Personen. Deshalb braucht es einen Passkey oder einen Code, den Sie gerade eben verwenden.",

	// What browsers say against it.
	"passkey.no_script":     "Ein Passkey braucht JavaScript, und das ist in diesem Browser aus. Schalten Sie es ein, oder wählen Sie einen anderen Weg.",
	"passkey.unsupported":   "In diesem Browser sind Passkeys nicht möglich. Verwenden Sie einen neueren, unter einer Adresse mit https, oder wählen Sie einen anderen Weg.",
	"passkey.not_allowed":   "Es wurde kein Passkey verwendet: Der Vorgang wurde abgebrochen, dauerte zu lange oder wurde nicht bestätigt, oder für dieses Konto gibt es hier keinen. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.",
	"passkey.not_created":   "Es wurde kein Passkey erstellt: Der Vorgang wurde abgebrochen, dauerte zu lange oder wurde nicht bestätigt. Versuchen Sie es noch einmal.",
	"passkey.there":         "Was Sie gewählt haben, bewahrt schon einen Passkey für dieses Konto auf. Wählen Sie ein anderes Gerät, oder gehen Sie zurück: Der vorhandene gilt.",
	"passkey.unfit":         "Was Sie gewählt haben, kann keinen Passkey für dieses Konto aufbewahren. Wählen Sie ein anderes Gerät.",
	"passkey.wrong_address": "Unter dieser Adresse sind Passkeys nicht möglich. Öffnen Sie die Adresse, die Ihnen Ihre Organisation für die Anmeldung gegeben hat, und versuchen Sie es dort noch einmal.",
	"passkey.offline":       "Der Server hat nicht geantwortet. Warten Sie einen Augenblick und versuchen Sie es dann noch einmal.",
	"passkey.failed":        "Der Browser konnte den Passkey nicht verwenden. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.",
}
