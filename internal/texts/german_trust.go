package texts

// germanTrust is englishTrust in German.
var germanTrust = Catalogue{
	"trust.box.one":   "1 Tag lang nicht mehr fragen",
	"trust.box.other": "{n} Tage lang nicht mehr fragen",
	"trust.hint":      "In diesem Browser genügt dann das Passwort. Ein Code kann trotzdem verlangt werden, wenn sich Ihre Systemumgebung ändert: ein anderer Browser, ein anderes Betriebssystem oder Land, ein neues Passwort oder Gerät.",
	"trust.issued":    "Ein Code von Ihrer Administration gilt nur für diese eine Anmeldung.",

	"trust.why.browser": "Sie wollten hier nicht mehr nach einem Code gefragt werden. Das ist aber ein anderer Browser als der, dem Sie damals vertraut haben. Deshalb fragen wir wieder.",
	"trust.why.system":  "Sie wollten hier nicht mehr nach einem Code gefragt werden. Der Browser nennt aber ein anderes Betriebssystem als bisher. Deshalb fragen wir wieder.",
	"trust.why.country": "Sie wollten hier nicht mehr nach einem Code gefragt werden. Dieser Browser ist aber in einem anderen Land als bisher, oder es lässt sich nicht mehr sagen, wo er ist. Deshalb fragen wir wieder.",
	"trust.why.over":    "Sie wollten hier nicht mehr nach einem Code gefragt werden. Das ist aber vorbei: Die Zeit ist um, Ihr Passwort, Ihre Rolle oder Ihre Geräte wurden geändert, oder die Regeln Ihrer Organisation.",
	"trust.why.used":    "Sie wollten hier nicht mehr nach einem Code gefragt werden. Was dieser Browser dafür vorzeigt, wurde aber schon einmal verwendet. Vielleicht hat es jemand kopiert; es gilt deshalb nicht mehr, und keine Anmeldung damit. Wenn Sie zweimal gedrückt haben oder Ihre Verbindung abgebrochen ist, lag es daran.",

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

	"error.browser_not_found": "Diesen vertrauten Browser gibt es nicht. Vielleicht wurde er schon beendet.",
	"error.browser_turn":      "Dieser Browser hat sich im selben Moment noch einmal angemeldet. Melden Sie sich noch einmal an.",
	"error.browser_name":      "Ein Name hat höchstens 40 Zeichen und keine Steuerzeichen. Lassen Sie das Feld leer, dann steht dort, was der Browser von sich sagt.",
}
