package texts

var germanPeople = Catalogue{
	"confirm_identity.title":  "Bestätigen Sie, dass Sie es sind",
	"confirm_identity.lead":   "Was jetzt kommt, betrifft den Zugang anderer Personen. Deshalb braucht es einen Code, den Sie gerade eben eingeben.",
	"confirm_identity.hint":   "Von einem Ihrer Geräte, oder einer Ihrer Backup-Codes.",
	"confirm_identity.button": "Bestätigen",

	"error.factor_needed": "Dafür braucht es einen Bestätigungscode, den Sie in den letzten 15 Minuten eingegeben haben. Bestätigen Sie, dass Sie es sind, und wiederholen Sie dann, was Sie getan haben.",
}
