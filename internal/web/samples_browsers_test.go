package web

import "time"

// browsersSamples are the list of trusted browsers, and the pages on which administrators end sessions and trust.
func browsersSamples(ada, boss, long Chrome) []sample {
	ago := func(d time.Duration) time.Time { return sampleNow.Add(-d) }
	day := 24 * time.Hour
	ada.Place, long.Place, boss.Place = PlaceBrowsers, PlaceBrowsers, PlaceUsers
	noticed := func(n Notice) Chrome { c := ada; c.Notice = n; return c }
	here := TrustedBrowser{ID: "trb_1", Browser: "Firefox on Linux, Vienna", Address: "203.0.113.7", Trusted: ago(40 * day), LastUsed: ago(2 * time.Hour), Ends: sampleNow.Add(50 * day), Current: true}
	named := TrustedBrowser{ID: "trb_2", Name: "Laptop <in the kitchen>, beside the window", Browser: "Safari on macOS", Address: "2001:db8:85a3:1234:5678:8a2e:370:7334", Trusted: ago(10 * day), LastUsed: ago(26 * time.Hour), Ends: sampleNow.Add(80 * day)}
	unknown := TrustedBrowser{ID: "trb_3", Browser: "Unknown browser", Address: "198.51.100.23", Trusted: ago(89 * day), LastUsed: ago(89 * day), Ends: sampleNow.Add(day)}
	list := []TrustedBrowser{here, named, unknown}
	session := Session{ID: "ses_2", Browser: "Safari on iOS, Linz", Address: "203.0.113.90", SignedIn: ago(20 * time.Hour), LastUsed: ago(15 * time.Hour), How: "trusted"}
	alan := Somebody{ID: "usr_2", Name: "Alan Turing", Email: "alan@acme.test"}
	nobody := Somebody{ID: "usr_4", Email: long.Person.Email}
	return []sample{
		{"browsers", ada, Browsers{Browsers: list, Days: 90}},
		{"browsers-long", long, Browsers{Browsers: list[1:], Days: 90}},
		{"browsers-none", ada, Browsers{Days: 90}},
		{"browsers-one-day", ada, Browsers{Days: 1}},
		{"browsers-off", ada, Browsers{}},
		{"browsers-renamed", noticed(NoticeBrowserRenamed), Browsers{Browsers: list, Days: 90}},
		{"browsers-ended", noticed(NoticeBrowserEnded), Browsers{Browsers: list[:1], Days: 90}},
		{"browsers-all-ended", noticed(NoticeBrowsersEnded), Browsers{Days: 90}},
		{"rename-browser", ada, RenameBrowser{ID: "trb_1", Present: here.Browser}},
		{"rename-browser-wrong", ada, RenameBrowser{ID: "trb_2", Present: named.Name, Name: named.Name + ", third from the left", Error: &FormError{
			Field: "name", Message: "A name has at most 40 characters and no control characters. Leave it empty for what the browser says of itself.", Code: "browser_name",
		}}},
		{"end-session", boss, EndSessions{Somebody: alan, One: &session}},
		{"end-sessions", boss, EndSessions{Somebody: nobody}},
		{"end-sessions-invited", boss, EndSessions{Somebody: alan, Error: &FormError{Message: "This person has not accepted the invitation yet. To change something about it, invite them again, or remove them.", Code: "still_invited"}}},
		{"end-browser", boss, EndBrowsers{Somebody: nobody, One: &named}},
		{"end-browsers", boss, EndBrowsers{Somebody: alan}},
		{"end-browsers-invited", boss, EndBrowsers{Somebody: alan, Error: &FormError{Message: "That is so already: somebody may have done it a moment ago. Nothing was changed.", Code: "so_already"}}},
	}
}
