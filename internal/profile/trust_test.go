package profile_test

import (
	"errors"
	"strings"
	"testing"

	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
)

// TestTrustedBrowsersAreOnesOwn: nobody renames or ends another's, an ended session does nothing any more, and what has ended is not there.
func TestTrustedBrowsersAreOnesOwn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		ada, cookie := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Firefox))
		id := browser.ID(cookie)
		grace, gone := w.Browse(t, w.Grace), w.Browse(t, w.Ada)
		if err := w.Sessions.SignOut(t.Context(), gone.Signed, gone.As()); err != nil {
			t.Fatal(err)
		}
		names := func() (all string) {
			t.Helper()
			list, err := w.Profile.TrustedBrowsers(t.Context(), ada.Signed)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range list {
				all += b.Name + "/"
			}
			return all
		}
		refused := func(what string, err, want error) {
			t.Helper()
			if !errors.Is(err, want) || err == nil {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
			if got := names(); got != "/" {
				t.Errorf("%s: the list is now %q", what, got)
			}
		}
		for who, by := range map[string]struct {
			domaintest.Browser
			want error
		}{"Grace": {grace, browser.ErrNotFound}, "an ended session": {gone, session.ErrNone}} {
			refused(who+" renames", w.Profile.RenameBrowser(t.Context(), by.Signed, id, "Mine", by.As()), by.want)
			refused(who+" ends it", w.Profile.RevokeBrowser(t.Context(), by.Signed, id, by.As()), by.want)
		}
		refused("an ended session ends all", w.Profile.RevokeBrowsers(t.Context(), gone.Signed, gone.As()), session.ErrNone)
		if err := w.Profile.RevokeBrowsers(t.Context(), grace.Signed, grace.As()); err != nil || names() != "/" {
			t.Errorf("Grace ends all of hers: %v, Ada’s are %q", err, names())
		}
		for _, bad := range []string{strings.Repeat("x", 41), "a\x00b", "a\xffb", "a\x1b[31m"} {
			refused("the name "+bad, w.Profile.RenameBrowser(t.Context(), ada.Signed, id, bad, ada.As()), browser.ErrName)
		}
		for _, none := range []string{"", "trb_none", "\x00\xff"} {
			refused("end "+none, w.Profile.RevokeBrowser(t.Context(), ada.Signed, none, ada.As()), browser.ErrNotFound)
		}
		if err := w.Profile.RenameBrowser(t.Context(), ada.Signed, id, "  Kitchen  laptop ", ada.As()); err != nil || names() != "Kitchen laptop/" {
			t.Errorf("rename: %v, %q", err, names())
		}
		if err := w.Profile.RevokeBrowser(t.Context(), ada.Signed, id, ada.As()); err != nil || names() != "" {
			t.Errorf("end: %v, %q", err, names())
		}
		if err := w.Profile.RevokeBrowser(t.Context(), ada.Signed, id, ada.As()); !errors.Is(err, browser.ErrNotFound) {
			t.Errorf("end it again: %v", err)
		}
	})
}
