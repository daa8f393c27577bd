package texts

// englishPasskeyPages is about passkeys: adding one, the ways in with it, and what browsers say against it.
var englishPasskeyPages = Catalogue{
	// On the list of methods.
	"two_factor.passkey":       "Passkeys",
	"two_factor.empty_passkey": "Your fingerprint, face, screen lock or security key in place of a code, and of the password too. A passkey can’t be given away on a forged page.",
	"passkey.add":              "Add a passkey",
	"passkey.another":          "Add another passkey",
	"passkey.full.one":         "You have 1 passkey, which is the limit. Remove it to add another.",
	"passkey.full.other":       "You have {n} passkeys, which is the limit. Remove one to add another.",
	"passkey.synced":           "synced",
	"passkey.bound":            "only on this device",
	"passkey.unnamed":          "New passkey",
	"passkeys.one":             "1 passkey",
	"passkeys.other":           "{n} passkeys",

	// Adding one.
	"passkey.add_title":    "Add a passkey",
	"passkey.add_lead":     "A passkey is kept by your phone, your computer, your password manager or a security key. It opens only for your fingerprint, your face or your screen lock, and works only at the true address.",
	"passkey.name":         "Name of the passkey (optional)",
	"passkey.name_hint":    "Leave it empty and it gets the name of what keeps it. You can change it later.",
	"passkey.create_title": "Create the passkey",
	"passkey.create_lead":  "Your browser asks where to keep it, and for your fingerprint, face, screen lock or security key.",
	"passkey.create":       "Create the passkey",
	"passkey.ends":         "Finish by {time}.",
	"passkey.others":       "Set up another way",

	// Signing in.
	"passkey.sign_in":       "Sign in with a passkey",
	"passkey.use":           "Use a passkey",
	"passkey.instead":       "Use a passkey instead of a code",
	"verify.passkey_title":  "Use your passkey",
	"verify.passkey_device": "Your browser asks for “{device}”: your fingerprint, your face, your screen lock, or to touch the key.",
	"verify.passkey_any":    "Your browser asks for one of your passkeys: your fingerprint, your face, your screen lock, or to touch the key.",
	"verify.use_passkey":    "Use your passkey",
	"setup.hint_passkey":    "Your fingerprint, face, screen lock or security key. It can’t be given away on a forged page.",
	"setup.passkey_lead":    "A passkey is kept by your phone, your computer, your password manager or a security key. Your browser asks for it in the next step.",
	"remove.effect_passkey": "It stops opening your account at once. Delete it from the device or password manager that keeps it too, or you go on being offered it there.",

	"confirm_identity.lead_passkey": "What comes next concerns other people’s access, so it needs a passkey or a code that you use just now.",

	// What browsers say against it.
	"passkey.no_script":     "A passkey needs JavaScript, which is off in this browser. Switch it on, or use another way.",
	"passkey.unsupported":   "Passkeys do not work in this browser. Use a newer one, at an address that begins with https, or another way.",
	"passkey.not_allowed":   "No passkey was used: it was cancelled, took too long, was not confirmed, or there is none for this account here. Try again, or use another way.",
	"passkey.not_created":   "No passkey was created: it was cancelled, took too long, or was not confirmed. Try again.",
	"passkey.there":         "What you chose keeps a passkey for this account already. Choose another device, or go back: the one there works.",
	"passkey.unfit":         "What you chose can’t keep a passkey for this account. Choose another device.",
	"passkey.wrong_address": "Passkeys do not work at this address. Open the address that your organisation gave you for signing in, and try again there.",
	"passkey.offline":       "The server did not answer. Wait a moment, then try again.",
	"passkey.failed":        "The browser could not use the passkey. Try again, or use another way.",
}
