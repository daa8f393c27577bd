package texts

// germanDoor is englishDoor in German.
var germanDoor = Catalogue{
	"door.failed": "Sie sind noch nicht durch die Tür",
	"door.again":  "Die Seite noch einmal öffnen",

	"notice.door_again":  "Die Seite, zu der Sie wollen, verlangt eine frische Anmeldung. Melden Sie sich noch einmal an, dann kommen Sie hin.",
	"notice.door_set_up": "Die Seite, zu der Sie wollen, verlangt einen zweiten Faktor, und Sie haben noch keinen. Richten Sie hier einen ein, dann kommen Sie hin.",

	"sign_out.title":  "Abmelden",
	"sign_out.lead":   "Das beendet Ihre Anmeldung in diesem Browser, hier und bei jedem Programm, zu dem Sie damit gekommen sind.",
	"sign_out.button": "Abmelden",
	"sign_out.stay":   "Angemeldet bleiben",
}

// germanDoorErrors are errors, which English says itself.
var germanDoorErrors = Catalogue{
	"error.door_no_cookie": "Ihr Browser hat das Cookie nicht zurückgebracht, das er hier bekommen hat. Erlauben Sie Cookies für diese Seite und öffnen Sie sie noch einmal in dem Browser, in dem Sie begonnen haben, innerhalb von 10 Minuten.",
	"error.door_ticket":    "Dieser Weg hinein wurde schon benutzt oder hat zu lange gedauert. Öffnen Sie die Seite, zu der Sie wollten, noch einmal.",
	"error.door_site":      "Dieser Link führt zu einer Website, die diese Anmeldung nicht kennt, deshalb geht es hier nicht weiter. Wenn Sie von einem Programm Ihrer Organisation kommen, sagen Sie es denen, die es betreiben: Die Einstellung door_origins muss seine Adresse nennen.",
	"error.door_link":      "Dieser Link ist nicht vollständig. Öffnen Sie die Seite, zu der Sie wollten, noch einmal.",
}
