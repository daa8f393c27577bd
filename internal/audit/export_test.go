package audit

// The statements of the pages, for the test of how they are carried out.
const (
	PageOfAll    = pageOfAll
	PageOfAction = pageOfAction
	PageOfPerson = pageOfPerson
	PageOfActor  = pageOfActor
)
