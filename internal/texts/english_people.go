package texts

// englishPeople is what administrators see and do about other people, and what those are told.
var englishPeople = Catalogue{
	"confirm_identity.title":  "Confirm that it is you",
	"confirm_identity.lead":   "What comes next concerns other people’s access, so it needs a code that you enter just now.",
	"confirm_identity.hint":   "From any of your devices, or one of your backup codes.",
	"confirm_identity.button": "Confirm",
}
