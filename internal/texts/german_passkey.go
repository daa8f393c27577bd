package texts

// germanPasskey is englishPasskey in German.
var germanPasskey = Catalogue{
	"unavailable.roots":            "Nur bestimmte Modelle von Passkeys sind erlaubt, und dieser Server kann Modelle nicht prüfen. Solange das so ist, kann niemand einen hinzufügen.",
	"unavailable.domain":           "Passkeys brauchen einen Server, der über einen Namen erreicht wird, dieser wird über seine Nummer erreicht.",
	"audit.action.passkey.refused": "Passkey abgelehnt",
	"audit.says.passkey.refused":   "Ein Passkey wurde für {person} abgelehnt",
	"mail.passkey_copied.title":    "Einer Ihrer Passkeys wurde vielleicht kopiert",
	"mail.passkey_copied.lead":     "Er wurde verwendet, aber sein Zähler war seit dem letzten Mal nicht gestiegen, als gäbe es ihn zweimal. Diese Anmeldung wurde abgelehnt.",
	"mail.passkey_copied.not_you":  "Wenn Sie es waren und es so bleibt, entfernen Sie diesen Passkey und fügen Sie ihn neu hinzu. Wenn Sie es nicht waren, entfernen Sie ihn sofort und ändern Sie Ihr Passwort.",
}

// germanPasskeyErrors are what englishPasskey leaves to the errors themselves.
var germanPasskeyErrors = Catalogue{
	"error.passkey_refused":       "Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal oder nehmen Sie einen anderen Weg.",
	"error.passkey_over":          "Das hat zu lange gedauert, die Antwort des Passkeys gilt nicht mehr. Versuchen Sie es noch einmal.",
	"error.passkey_model":         "In Ihrer Organisation sind nur bestimmte Modelle von Passkeys erlaubt, und dieser hat nicht gezeigt, dass er dazugehört. Nehmen Sie einen anderen oder fragen Sie Ihre Administration, welche es sind.",
	"error.passkey_roots_missing": "In Ihrer Organisation sind nur bestimmte Modelle von Passkeys erlaubt, und dieser Server kann Modelle nicht prüfen: Niemand kann jetzt einen hinzufügen. Wählen Sie einen anderen Weg und sagen Sie es Ihrer Administration.",
	"error.passkey_needed":        "Ihre Organisation verlangt hier einen Passkey. Verwenden Sie Ihren oder einen Backup-Code.",
	"error.passkeys_no_domain":    "Passkeys brauchen einen Server mit einem Namen, dieser wird über seine Nummer erreicht. Wählen Sie einen anderen Weg und sagen Sie es Ihrer Administration.",
}
