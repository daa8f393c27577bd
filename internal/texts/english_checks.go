package texts

// englishChecks is what is said about checks: the second factor for programs that keep their own passwords.
var englishChecks = Catalogue{
	"audit.action.user.linked":        "User linked to a program’s id",
	"audit.action.check.begun":        "Check begun",
	"audit.action.check.passed":       "Check passed",
	"audit.action.check.result_given": "Result of a check given",
	"audit.action.check.cancelled":    "Check cancelled",
	"audit.says.user.linked":          "{person} was linked to a program’s id",
	"audit.says.check.begun":          "A program asked for the second factor of {person}",
	"audit.says.check.passed":         "{person} showed their second factor to a program",
	"audit.says.check.result_given":   "A program was told that {person} showed their second factor",
	"audit.says.check.cancelled":      "A check of {person} was cancelled",

	"keys.scope.checks": "ask for the second factor of people",

	"check.done_title":      "Confirmed",
	"check.done":            "Your second factor was right. Go back to where you came from.",
	"check.cancelled_title": "Cancelled",
	"check.cancelled":       "Nothing was confirmed. Go back to where you came from.",
	"check.codes_once":      "Backup codes are shown only once. If you did not save them and lose your device, ask the people whose page you come from: your second factor can be reset.",
	"check.return":          "Go back",
	"field.external_id":     "ID in your program",
	"hint.external_id":      "As the program spells it. Empty for none.",
	"link_user.title":       "ID in your program",
	"link_user.lead":        "A program of yours that keeps its own passwords can ask for the second factor of {who} under this ID. A new one ends their sessions, and what the program has asked for just now.",
	"link_user.button":      "Save",
	"notice.user_linked":    "The ID is saved.",
	"user.do.link":          "Set the ID in your program",
	"check.stuck":           "Right now there is no second factor that you could set up here, so this can’t be finished. Nothing was changed. Go back, and tell the people who run that page.",
	"setup.check":           "The page that you come from asks for a second factor from now on. Set one up here, once.",
}
