package texts

// germanChecks is englishChecks in German.
var germanChecks = Catalogue{
	"audit.action.user.linked":        "Person mit der Kennung eines Programms verknüpft",
	"audit.action.check.begun":        "Prüfung begonnen",
	"audit.action.check.passed":       "Prüfung bestanden",
	"audit.action.check.result_given": "Ergebnis einer Prüfung ausgegeben",
	"audit.action.check.cancelled":    "Prüfung abgebrochen",
	"audit.says.user.linked":          "{person} wurde mit der Kennung eines Programms verknüpft",
	"audit.says.check.begun":          "Ein Programm hat nach dem zweiten Faktor von {person} gefragt",
	"audit.says.check.passed":         "{person} hat einem Programm den zweiten Faktor gezeigt",
	"audit.says.check.result_given":   "Ein Programm hat erfahren, dass {person} den zweiten Faktor gezeigt hat",
	"audit.says.check.cancelled":      "Eine Prüfung von {person} wurde abgebrochen",

	"keys.scope.checks": "nach dem zweiten Faktor von Personen fragen",

	"check.done_title":      "Bestätigt",
	"check.done":            "Ihr zweiter Faktor war richtig. Gehen Sie dorthin zurück, woher Sie gekommen sind.",
	"check.cancelled_title": "Abgebrochen",
	"check.cancelled":       "Es wurde nichts bestätigt. Gehen Sie dorthin zurück, woher Sie gekommen sind.",
	"check.codes_once":      "Backup-Codes werden nur einmal angezeigt. Wenn Sie sie nicht gespeichert haben und Ihr Gerät verlieren, wenden Sie sich an die Menschen, von deren Seite Sie kommen: Ihr zweiter Faktor kann zurückgesetzt werden.",
	"check.return":          "Zurück",
	"field.external_id":     "Kennung in Ihrem Programm",
	"hint.external_id":      "Wie das Programm sie schreibt. Leer für keine.",
	"link_user.title":       "Kennung in Ihrem Programm",
	"link_user.lead":        "Eines Ihrer Programme, das eigene Passwörter hat, kann unter dieser Kennung nach dem zweiten Faktor dieser Person fragen: {who}. Eine neue beendet die Sitzungen der Person und alles, wonach das Programm gerade gefragt hat.",
	"link_user.button":      "Speichern",
	"notice.user_linked":    "Die Kennung ist gespeichert.",
	"user.do.link":          "Kennung in Ihrem Programm setzen",
	"check.stuck":           "Im Moment gibt es keinen zweiten Faktor, den Sie hier einrichten könnten, deshalb geht es hier nicht weiter. Es wurde nichts geändert. Gehen Sie zurück, und sagen Sie es denen, die diese Seite betreiben.",
	"setup.check":           "Die Seite, von der Sie kommen, verlangt von jetzt an einen zweiten Faktor. Richten Sie hier einmal einen ein.",
}

// germanChecksErrors are what englishChecks leaves to the errors themselves.
var germanChecksErrors = Catalogue{
	"error.check_not_found":        "Diese Prüfung gibt es nicht. Sie gehört vielleicht einem anderen Programm oder ist älter als einen Tag.",
	"error.check_over":             "Diese Prüfung ist vorbei: Sie wurde bestanden, abgebrochen oder hat zu lange gedauert. Beginnen Sie eine neue.",
	"error.check_not_passed":       "Der zweite Faktor wurde noch nicht gezeigt, also gibt es noch kein Ergebnis.",
	"error.check_taken":            "Das Ergebnis dieser Prüfung wurde schon ausgegeben. Es wird nur einmal ausgegeben.",
	"error.check_link":             "Dieser Link wurde schon verwendet oder ist zu alt. Gehen Sie dorthin zurück, woher Sie gekommen sind, und melden Sie sich dort neu an.",
	"error.check_return_to":        "Die Adresse für den Rückweg muss vollständig sein und zu einer der Adressen in der Einstellung door_origins gehören.",
	"error.check_reference":        "Eine Referenz hat höchstens 200 Zeichen und keine Steuerzeichen.",
	"error.check_program_only":     "Nur ein Programm fragt nach Prüfungen: mit einem API-Schlüssel mit dem Recht „checks“, den jemand aus der Administration erstellt hat, oder mit dem Betriebsschlüssel.",
	"error.check_email_taken":      "Jemand mit dieser E-Mail-Adresse gehört in dieser Organisation schon dazu, unter einer anderen Kennung oder ohne eine. Die Administration kann die Person verknüpfen, mit external_id.",
	"error.check_email_needed":     "Unter dieser Kennung ist noch niemand bekannt. Geben Sie auch die E-Mail-Adresse an, dann wird die Person angelegt.",
	"error.check_user_invited":     "Diese Person hat ihre Einladung noch nicht angenommen und kann vorher nicht nach einem zweiten Faktor gefragt werden.",
	"error.check_no_second_factor": "Diese Person meldet sich hier mit einem eigenen Passwort an und hat noch keinen zweiten Faktor. Sie richtet ihn in ihren Einstellungen hier ein, das Wort von jemand anderem genügt dafür nicht.",
	"error.check_passkey_owed":     "Diese Person meldet sich hier mit einem eigenen Passwort an und muss zuerst einen Passkey hinzufügen. Sie meldet sich hier an und fügt ihn hinzu, das Wort von jemand anderem genügt dafür nicht.",
	"error.check_role_too_high":    "Diese Person ist Inhaber/in oder Administrator/in, und der API-Schlüssel gehört einer anderen Person mit der Rolle Administrator/in. Nach ihr fragt nur ein Schlüssel einer Person mit der Rolle Inhaber/in oder ihr eigener: Falsche Codes zählen gegen die Person, nach der gefragt wird.",
	"error.checked_person":         "Diese Person ist nur durch ein Programm bekannt, das ihr Passwort führt und für ihre Geräte gebürgt hat. Soll sie sich hier anmelden können, entfernen Sie sie und laden Sie sie ein.",
	"error.check_other_person":     "In diesem Browser ist jemand anderes angemeldet. Melden Sie sich hier zuerst ab und öffnen Sie dann den Link noch einmal.",
	"error.external_id_invalid":    "Die Kennung einer Person bei einem Programm hat 1 bis 200 sichtbare Zeichen und keine Leerzeichen.",
	"error.external_id_taken":      "Jemand anderes in dieser Organisation hat diese Kennung schon.",
}
