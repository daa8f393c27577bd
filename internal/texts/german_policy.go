package texts

// germanPolicy is the page on which administrators decide who needs a second factor, and what everybody sees of that.
var germanPolicy = Catalogue{
	"backup.not_used": "Ihre Organisation verwendet keine Backup-Codes. Gehen alle Ihre Geräte verloren, wenden Sie sich an Ihre Administration.",
}
