package texts

// englishPasskey is about passkeys, besides the pages.
var englishPasskey = Catalogue{
	"unavailable.roots":            "Only certain models of passkeys are allowed, and this server can’t check models. Until it can, nobody can add one.",
	"unavailable.domain":           "Passkeys need a server that is reached by a name, and this one is reached by its number.",
	"audit.action.passkey.refused": "Passkey refused",
	"audit.says.passkey.refused":   "A passkey was refused for {person}",
	"mail.passkey_copied.title":    "A passkey of yours may have been copied",
	"mail.passkey_copied.lead":     "It was used, but its counter had not gone up since the last time, as if there were two of it. That sign-in was refused.",
	"mail.passkey_copied.not_you":  "If it was you and it stays so, remove this passkey and add it again. If it wasn’t you, remove it now and change your password.",
}
