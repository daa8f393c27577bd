package web

// doorSamples are the pages on the way to programs behind the door.
func doorSamples(outside, ada Chrome) []sample {
	again, setUp := outside, ada
	again.Notice = NoticeDoorAgain
	setUp.Notice, setUp.Place = NoticeDoorSetUp, PlaceTwoFactor
	const next = "/door?challenge=jZae727K08KaOmKSgOaGzww_XVqGr_PKEgIMkjrcbJI&level=aal2&to=https%3A%2F%2Fapp.example.com%2Freport"
	return []sample{
		{"door-again", again, SignIn{Next: next}},
		{"door-verify", outside, Verify{Method: "fac_1", Device: "My Phone", Next: next}},
		{"door-expired", outside, SignInExpired{Account: "acme", Next: next}},
		{"door-set-up", setUp, AddDevice{Name: "My Phone", AskPassword: true, Email: "ada@acme.test", Next: next}},
		{"door-site", outside, Problem{Status: 403, Code: errDoorSite.Code, Message: errDoorSite.Message, Reference: "req_01kcz7"}},
		{"door-link", ada, Problem{Status: 422, Code: errDoorLink.Code, Message: errDoorLink.Message, Reference: "req_01kcz7"}},
		{"signout", ada, SignOut{}},
	}
}
