package texts

// germanAPIKeys is englishAPIKeys in German.
var germanAPIKeys = Catalogue{
	"mail.fact.key": "API-Schlüssel",

	"mail.api_key_made.title":                    "Sie haben einen neuen API-Schlüssel",
	"mail.api_key_made.lead":                     "Damit kann ein Programm in Ihrem Namen tun, was Sie dürfen.",
	"mail.link.api_key_made":                     "Ihre API-Schlüssel ansehen",
	"mail.api_key_made.not_you":                  "Waren Sie das nicht, entfernen Sie den Schlüssel sofort, ändern Sie Ihr Passwort und sagen Sie es Ihrer Administration.",
	"mail.api_key_removed.title":                 "Einer Ihrer API-Schlüssel wurde entfernt",
	"mail.api_key_removed.lead":                  "Das Programm, das ihn verwendet hat, kann in Ihrem Namen nichts mehr tun.",
	"mail.link.api_key_removed":                  "Ihre API-Schlüssel ansehen",
	"mail.api_key_removed.not_you":               "Waren Sie das nicht, wenden Sie sich an Ihre Administration.",
	"mail.api_key_second_factor_changed.title":   "Der zweite Faktor eines API-Schlüssels wurde geändert",
	"mail.api_key_second_factor_changed.lead":    "Sein eigenes Gerät oder der öffentliche Schlüssel, mit dem seine Aufrufe signiert werden, wurde hinzugefügt, ersetzt oder entfernt.",
	"mail.link.api_key_second_factor_changed":    "Ihre API-Schlüssel ansehen",
	"mail.api_key_second_factor_changed.not_you": "Waren Sie das nicht, entfernen Sie den Schlüssel sofort, ändern Sie Ihr Passwort und sagen Sie es Ihrer Administration.",
	"mail.api_key_locked.title":                  "Das Gerät eines API-Schlüssels ist gesperrt",
	"mail.api_key_locked.lead":                   "Mit diesem Schlüssel kamen hundert falsche Codes hintereinander. Ihre eigene Anmeldung ist davon nicht betroffen. Mit einem neuen Gerät gilt der Schlüssel wieder.",
	"mail.link.api_key_locked":                   "Ihre API-Schlüssel ansehen",
	"mail.api_key_locked.not_you":                "War das nicht Ihr Programm, hat jemand anderes den Schlüssel: Entfernen Sie ihn.",
	"mail.api_keys_ended.title":                  "Ihre API-Schlüssel wurden beendet",
	"mail.api_keys_ended.lead":                   "Programme, die sie verwendet haben, können in Ihrem Namen nichts mehr tun.",
	"mail.link.api_keys_ended":                   "Ihre API-Schlüssel ansehen",
	"mail.api_keys_ended.not_you":                "Wissen Sie nicht, warum, wenden Sie sich an Ihre Administration.",

	"audit.group.api_keys":                       "API-Schlüssel",
	"audit.action.api_key.made":                  "API-Schlüssel erstellt",
	"audit.action.api_key.removed":               "API-Schlüssel entfernt",
	"audit.action.api_key.all_ended":             "Alle API-Schlüssel beendet",
	"audit.action.api_key.second_factor_changed": "API-Schlüssel: zweiter Faktor geändert",
	"audit.action.api_key.refused":               "API-Schlüssel abgewiesen",
	"audit.action.api_key.token_issued":          "Zugang auf Zeit ausgestellt",

	"audit.says.api_key.made":                       "{actor} hat für {person} den API-Schlüssel {name} erstellt",
	"audit.says.api_key.made.self":                  "{actor} hat den API-Schlüssel {name} erstellt",
	"audit.says.api_key.removed":                    "{actor} hat den API-Schlüssel {name} von {person} entfernt",
	"audit.says.api_key.removed.self":               "{actor} hat den eigenen API-Schlüssel {name} entfernt",
	"audit.says.api_key.all_ended":                  "{actor} hat die API-Schlüssel von {person} beendet",
	"audit.says.api_key.second_factor_changed":      "Der zweite Faktor des API-Schlüssels {name} von {person} wurde geändert",
	"audit.says.api_key.second_factor_changed.self": "{actor} hat den zweiten Faktor des eigenen API-Schlüssels {name} geändert",
	"audit.says.api_key.refused":                    "Ein Aufruf mit dem API-Schlüssel {name} von {person} wurde abgewiesen",
	"audit.says.api_key.token_issued":               "Für den API-Schlüssel {name} von {person} wurde ein Zugang auf Zeit ausgestellt",

	"policy.programs":              "Programme",
	"policy.api_second_factor":     "API-Schlüssel brauchen einen zweiten Faktor",
	"policy.api_second_factor_why": "Wenn ja, ist ein API-Schlüssel von jemandem, der einen zweiten Faktor hat oder haben muss, allein nichts wert: Das Programm weist einen eigenen zweiten Faktor des Schlüssels nach. Wenn nein, tun das nur Schlüssel, die einen haben. Was die Administration tut, braucht in jedem Fall einen, ebenso wer einen zweiten Faktor hat und einen hinzufügen oder entfernen will. Voreinstellung: ja.",
}

// germanAPIKeysErrors are errors, which English says itself.
var germanAPIKeysErrors = Catalogue{
	"error.api_key_not_found":  "Diesen API-Schlüssel gibt es nicht. Vielleicht wurde er schon entfernt.",
	"error.api_key_name":       "Geben Sie dem Schlüssel einen Namen von 1 bis 40 Zeichen, etwa den des Programms, das ihn verwendet.",
	"error.api_key_name_taken": "Sie haben schon einen Schlüssel mit diesem Namen. Wählen Sie einen anderen.",
	"error.api_key_scopes":     "Wählen Sie mindestens eine Sache, für die der Schlüssel verwendet werden darf, von denen, die Sie selbst tun dürfen.",
	"error.api_key_expiry":     "Das Enddatum muss in der Zukunft liegen und höchstens zehn Jahre entfernt sein.",
	"error.api_key_networks":   "Schreiben Sie Adressen wie 192.0.2.7 oder 2001:db8::/32, durch Leerzeichen getrennt, höchstens 20.",
	"error.api_key_limit":      "Sie haben 20 API-Schlüssel, mehr gehen nicht. Entfernen Sie einen, der nicht mehr verwendet wird.",
}
