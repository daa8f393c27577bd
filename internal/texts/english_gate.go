package texts

// englishGate is what the door says that stands in front of other programs.
var englishGate = Catalogue{
	"gate.refused.title": "This page does not open",
	"gate.refused.home":  "Look after your sign-in",
}
