package web

import (
	"net/http"

	"sallyport/internal/browser"
	"sallyport/internal/httpx"
	"sallyport/internal/texts"
)

const browsersPath = "/settings/browsers"

// browserRows say each trusted browser as its list does.
func (s *Site) browserRows(say texts.Catalogue, list []browser.Browser) ([]TrustedBrowser, error) {
	rows := make([]TrustedBrowser, 0, len(list))
	for _, b := range list {
		words, err := browser.Words(say, b.UserAgent, s.Places.Of(b.Address))
		if err != nil {
			return nil, err
		}
		rows = append(rows, TrustedBrowser{
			ID: b.ID, Name: b.Name, Browser: words, Address: b.Address, Trusted: b.TrustedAt, LastUsed: b.LastUsedAt, Ends: b.ExpiresAt,
		})
	}
	return rows, nil
}

func (s *Site) showBrowsers(w http.ResponseWriter, r *http.Request) error {
	who := signed(r)
	list, err := s.Profile.TrustedBrowsers(r.Context(), who)
	if err != nil {
		return err
	}
	rows, err := s.browserRows(catalogueOf(r), list)
	if err != nil {
		return err
	}
	v := Browsers{Days: who.Account.Policy.TrustedBrowserDays}
	here := browser.ID(trusted(r)(who.User.AccountID, who.User.ID))
	for _, row := range rows {
		if row.Current = row.ID == here; row.Current {
			v.Browsers = append([]TrustedBrowser{row}, v.Browsers...)
		} else {
			v.Browsers = append(v.Browsers, row)
		}
	}
	return s.render(w, r, http.StatusOK, PlaceBrowsers, v)
}

// renameBrowserView describes the page of the browser that the address names.
func (s *Site) renameBrowserView(r *http.Request) (RenameBrowser, error) {
	b, err := s.Profile.TrustedBrowser(r.Context(), signed(r), r.PathValue("id"))
	if err != nil {
		return RenameBrowser{}, err
	}
	rows, err := s.browserRows(catalogueOf(r), []browser.Browser{b})
	if err != nil {
		return RenameBrowser{}, err
	}
	return RenameBrowser{ID: b.ID, Present: rows[0].Called(), Name: b.Name}, nil
}

func (s *Site) showRenameBrowser(w http.ResponseWriter, r *http.Request) error {
	v, err := s.renameBrowserView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceBrowsers, v)
}

func (s *Site) renameBrowser(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "name")
	if err != nil {
		return err
	}
	if err := s.Profile.RenameBrowser(r.Context(), signed(r), r.PathValue("id"), form.Get("name"), by(r)); err != nil {
		v, readErr := s.renameBrowserView(r)
		if readErr != nil {
			return err
		}
		return s.again(r, err, PlaceBrowsers, func(f *FormError) View { v.Name, v.Error = form.Get("name"), f; return v })
	}
	return done(w, browsersPath, NoticeBrowserRenamed)
}

func (s *Site) endBrowser(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.Profile.RevokeBrowser(r.Context(), signed(r), r.PathValue("id"), by(r)); err != nil {
		return err
	}
	return done(w, browsersPath, NoticeBrowserEnded)
}

func (s *Site) endBrowsers(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.Profile.RevokeBrowsers(r.Context(), signed(r), by(r)); err != nil {
		return err
	}
	return done(w, browsersPath, NoticeBrowsersEnded)
}
