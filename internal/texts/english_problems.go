package texts

// englishProblems is the page for a request that failed as a whole, by HTTP status.
var englishProblems = Catalogue{
	// A request that failed as a whole.
	"problem.400.title": "That request could not be read",
	"problem.400.lead":  "Something in it was missing or not as expected. Go back and try once more.",
	"problem.403.title": "That is not allowed",
	"problem.403.lead":  "You do not have the right to do this. Ask your administrator if you need it.",
	"problem.404.title": "There is nothing here",
	"problem.404.lead":  "The address may be mistyped, or what it showed has been removed.",
	"problem.405.title": "That can’t be opened this way",
	"problem.405.lead":  "It works only from a button on its own page. Go there and press the button.",
	"problem.409.title": "That can’t be done just now",
	"problem.409.lead":  "Something has changed since the page was opened. Go back, look again, and try once more.",
	"problem.410.title": "That took too long",
	"problem.410.lead":  "It has ended meanwhile. Begin again.",
	"problem.413.title": "That was too much text",
	"problem.413.lead":  "The form was larger than the server accepts. Shorten it and send it again.",
	"problem.421.title": "This is not the address of this server",
	"problem.421.lead":  "It answers at {address} only. Go there, and correct the link or bookmark that brought you here.",
	"problem.429.title": "Too many tries",
	"problem.429.lead":  "Wait for a moment before you try again. Nothing was changed.",
	"problem.500.title": "Something went wrong on our side",
	"problem.500.lead":  "Nothing was changed. Try again, and tell your administrator if it stays.",
	"problem.503.title": "The server is busy",
	"problem.503.lead":  "It can’t take your request just now. Nothing was changed. Try again shortly.",
	"problem.reference": "Reference: {id}",
	"problem.home":      "Go to the start page",
}
