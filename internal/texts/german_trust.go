package texts

// germanTrust is englishTrust in German.
var germanTrust = Catalogue{
	"trust.box.one":   "1 Tag lang nicht mehr fragen",
	"trust.box.other": "{n} Tage lang nicht mehr fragen",
	"trust.hint":      "Ein Code kann trotzdem verlangt werden, wenn sich Ihre Systemumgebung, Ihr Passwort oder Ihre Geräte ändern.",
	"trust.issued":    "Ein Code von Ihrer Administration gilt nur für diese eine Anmeldung.",

	"trust.why.browser": "Wir fragen hier wieder, weil das ein anderer Browser ist als der, dem Sie vertraut haben.",
	"trust.why.system":  "Wir fragen hier wieder, weil Ihr Browser auf einem anderen Betriebssystem läuft als bisher.",
	"trust.why.country": "Wir fragen hier wieder, weil Sie in einem anderen Land sind als bisher, oder weil sich nicht mehr sagen lässt, wo Sie sind.",
	"trust.why.over":    "Wir fragen hier wieder, weil die Zeit um ist, die Sie gewählt haben, oder weil sich seither etwas an Ihrer Anmeldung oder an den Regeln Ihrer Organisation geändert hat.",
	"trust.why.used":    "Wir fragen hier wieder, weil das, was Ihr Browser dafür aufbewahrt, zweimal verwendet wurde, als hätte es jemand kopiert. Jede Anmeldung damit haben wir beendet. Wenn Sie zweimal gedrückt haben oder Ihre Verbindung abgebrochen ist, lag es daran.",

	"audit.kind.trusted_browser": "vertrauter Browser",

	"audit.action.browser.trusted":     "Browser vertraut",
	"audit.action.browser.trust_ended": "Vertrauter Browser beendet: er ist jetzt ein anderer",
	"audit.action.browser.used_twice":  "Vertrauter Browser zweimal verwendet",
	"audit.action.browser.renamed":     "Vertrauter Browser umbenannt",
	"audit.action.browser.revoked":     "Vertrauter Browser beendet",
	"audit.action.browser.all_revoked": "Alle vertrauten Browser beendet",

	"audit.says.browser.trusted":          "{actor} wird im Browser {name} nicht mehr nach einem Code gefragt",
	"audit.says.browser.trust_ended":      "Dem Browser {name} von {person} wird nicht mehr vertraut: Seine Umgebung hat sich geändert",
	"audit.says.browser.used_twice":       "Das Cookie des vertrauten Browsers {name} von {person} wurde ein zweites Mal verwendet, deshalb wird ihm nicht mehr vertraut",
	"audit.says.browser.renamed":          "{actor} hat den vertrauten Browser {from} in {to} umbenannt",
	"audit.says.browser.revoked":          "{actor} hat das Vertrauen in den Browser {name} von {person} beendet",
	"audit.says.browser.revoked.self":     "{actor} hat das Vertrauen in den eigenen Browser {name} beendet",
	"audit.says.browser.all_revoked":      "{actor} hat das Vertrauen in alle Browser von {person} beendet",
	"audit.says.browser.all_revoked.self": "{actor} hat das Vertrauen in alle eigenen Browser beendet",

	"mail.browser_used_twice.title":   "Ein vertrauter Browser von Ihnen wurde vielleicht kopiert",
	"mail.browser_used_twice.lead":    "Sie wollten in einem Ihrer Browser nicht mehr nach einem Code gefragt werden. Was dieser Browser dafür vorzeigt, wurde zweimal verwendet; das kommt vor, wenn jemand es kopiert hat. Wir haben dieses Vertrauen und jede Anmeldung ohne Code beendet. Jede Anmeldung braucht jetzt wieder einen Code.",
	"mail.link.browser_used_twice":    "Ihr Passwort ändern",
	"mail.browser_used_twice.not_you": "Wenn Sie beim Anmelden zweimal gedrückt haben oder Ihre Verbindung abgebrochen ist, lag es daran, und es ist nichts zu tun. Wenn nicht, ändern Sie jetzt Ihr Passwort: Ohne dieses nützt eine Kopie nichts.",
}

// germanTrustErrors are errors, which English says itself.
var germanTrustErrors = Catalogue{
	"error.browser_not_found": "Diesen vertrauten Browser gibt es nicht. Vielleicht wurde er schon beendet.",
	"error.browser_turn":      "Dieser Browser hat sich im selben Moment noch einmal angemeldet. Melden Sie sich noch einmal an.",
	"error.browser_name":      "Ein Name hat höchstens 40 Zeichen und keine Steuerzeichen. Lassen Sie das Feld leer, dann steht dort, was der Browser von sich sagt.",
}
