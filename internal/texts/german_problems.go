package texts

// germanProblems is the page for a request that failed as a whole, by HTTP status.
var germanProblems = Catalogue{
	"problem.400.title": "Diese Anfrage war nicht lesbar",
	"problem.400.lead":  "Etwas darin fehlte oder war anders als erwartet. Gehen Sie zurück und versuchen Sie es noch einmal.",
	"problem.403.title": "Das ist nicht erlaubt",
	"problem.403.lead":  "Sie haben dazu kein Recht. Wenden Sie sich an Ihre Administration, wenn Sie es brauchen.",
	"problem.404.title": "Hier ist nichts",
	"problem.404.lead":  "Vielleicht ist die Adresse falsch geschrieben, oder was sie zeigte, wurde entfernt.",
	"problem.405.title": "So lässt sich das nicht öffnen",
	"problem.405.lead":  "Das geht nur mit der Schaltfläche auf der zugehörigen Seite. Öffnen Sie diese Seite und verwenden Sie sie.",
	"problem.409.title": "Das geht im Moment nicht",
	"problem.409.lead":  "Seit dem Öffnen der Seite hat sich etwas geändert. Gehen Sie zurück, sehen Sie noch einmal nach und versuchen Sie es dann erneut.",
	"problem.410.title": "Das hat zu lange gedauert",
	"problem.410.lead":  "Es ist inzwischen beendet. Beginnen Sie von vorne.",
	"problem.413.title": "Das war zu viel Text",
	"problem.413.lead":  "Das Formular war größer, als der Server annimmt. Kürzen Sie es und senden Sie es noch einmal.",
	"problem.421.title": "Das ist nicht die Adresse dieses Servers",
	"problem.421.lead":  "Er antwortet nur unter {address}. Gehen Sie dorthin und berichtigen Sie den Link oder das Lesezeichen, von dem Sie kommen.",
	"problem.429.title": "Zu viele Versuche",
	"problem.429.lead":  "Warten Sie einen Moment, bevor Sie es noch einmal versuchen. Es wurde nichts geändert.",
	"problem.500.title": "Bei uns ist etwas schiefgegangen",
	"problem.500.lead":  "Es wurde nichts geändert. Versuchen Sie es noch einmal und melden Sie es Ihrer Administration, wenn es so bleibt.",
	"problem.503.title": "Der Server ist ausgelastet",
	"problem.503.lead":  "Er kann Ihre Anfrage im Moment nicht annehmen. Es wurde nichts geändert. Versuchen Sie es in Kürze noch einmal.",
	"problem.reference": "Referenz: {id}",
	"problem.home":      "Zur Startseite",
}
