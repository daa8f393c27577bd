package web

import (
	"testing"

	"sallyport/internal/texts"
)

// TestOwnWordingIsOfTheSamePages: a page is bound alone for an account with its own wording, and with all others for everybody else. Whatever it
// takes from another page's file would be there for everybody else only.
func TestOwnWordingIsOfTheSamePages(t *testing.T) {
	p := testPages(t)
	for _, l := range texts.Languages() {
		say := texts.In(l)
		for _, s := range samples() {
			s.chrome.Language = l
			shared := rendered(t, p, s)
			s.chrome.Wording = &say
			if rendered(t, p, s) != shared {
				t.Errorf("%s/%s is another page with the account's own wording", l, s.name)
			}
		}
	}
}
