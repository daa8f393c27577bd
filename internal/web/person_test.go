package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// TestManySessionsOfOnePerson: their page names the twenty that were used last, says how many more there are, and leads to where all end.
func TestManySessionsOfOnePerson(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		ada := s.SignedInWith(t, apptest.Ada, phone)
		path := "/admin/users/" + s.Grace.ID
		named := func(p *apptest.Page) int { return strings.Count(p.Body, "/end-sessions?session=") }
		for range 20 {
			s.SignedIn(t, apptest.Grace)
		}
		if n := named(ada.Get(path).Sees(http.StatusOK, "20 browsers are signed in").Lacks("used longer ago")); n != 20 {
			t.Errorf("%d sessions are named, want 20", n)
		}
		s.Clock.Advance(time.Second)
		s.SignedIn(t, apptest.Grace)
		ada.Get(path).Sees(http.StatusOK, "21 browsers are signed in", "And one more, used longer ago. End all sessions")
		s.SignedIn(t, apptest.Grace)
		page := ada.Get(path).Sees(http.StatusOK, "22 browsers are signed in", "And 2 more, used longer ago. End all sessions")
		if n := named(page); n != 20 {
			t.Errorf("%d sessions are named, want 20", n)
		}
		page.Click("End all sessions").Press("End all sessions").Follow().Sees(http.StatusOK, "Signed in nowhere").Lacks("used longer ago")
	})
}
