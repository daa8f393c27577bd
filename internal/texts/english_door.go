package texts

// englishDoor is what is said on the way to programs behind the door and back.
var englishDoor = Catalogue{
	"door.failed": "You are not through the door yet",
	"door.again":  "Open the page again",

	"notice.door_again":  "The page that you want asks for a fresh sign-in. Sign in again, and you get there.",
	"notice.door_set_up": "The page that you want needs a second factor, and you have none yet. Set one up here, and you get there.",

	"sign_out.title":  "Sign out",
	"sign_out.lead":   "This ends your sign-in in this browser, here and at every program that you got to with it.",
	"sign_out.button": "Sign out",
	"sign_out.stay":   "Stay signed in",
}
