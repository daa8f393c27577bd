package texts

// englishGate is what the door says that stands in front of other programs.
var englishGate = Catalogue{
	"gate.refused.title": "You can’t open this page",
	"gate.refused.home":  "Go to your sign-in",
}
