package texts

// englishPolicy is the page on which administrators decide who needs a second factor, and what everybody sees of that.
var englishPolicy = Catalogue{
	"backup.not_used": "Your organisation does not use backup codes. If you lose all your devices, ask your administrator.",
}
