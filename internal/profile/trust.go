package profile

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/session"
)

// TrustedBrowsers lists the browsers that the person trusts, the last used first.
func (s *Service) TrustedBrowsers(ctx context.Context, w *session.Signed) ([]browser.Browser, error) {
	return browser.List(ctx, s.DB, w.Account, w.User, s.Now())
}

// TrustedBrowser is one of them. Errors: browser.ErrNotFound, for those of others too.
func (s *Service) TrustedBrowser(ctx context.Context, w *session.Signed, browserID string) (browser.Browser, error) {
	return browser.One(ctx, s.DB, w.Account, w.User, browserID, s.Now())
}

// RenameBrowser gives one of the person's trusted browsers a name. Errors: browser.ErrName, browser.ErrNotFound.
func (s *Service) RenameBrowser(ctx context.Context, w *session.Signed, browserID, name string, by audit.Actor) error {
	b, err := s.TrustedBrowser(ctx, w, browserID)
	if err != nil {
		return err
	}
	stmts, err := browser.Rename(s.Now(), b, name, by)
	if err != nil {
		return err
	}
	return s.held(ctx, w, stmts)
}

// RevokeBrowser ends the trust in one of the person's browsers. Errors: browser.ErrNotFound.
func (s *Service) RevokeBrowser(ctx context.Context, w *session.Signed, browserID string, by audit.Actor) error {
	b, err := s.TrustedBrowser(ctx, w, browserID)
	if err != nil {
		return err
	}
	return s.held(ctx, w, browser.Revoke(s.Now(), b, "", by))
}

// RevokeBrowsers ends the trust in all of the person's browsers.
func (s *Service) RevokeBrowsers(ctx context.Context, w *session.Signed, by audit.Actor) error {
	return s.held(ctx, w, browser.RevokeAll(s.Now(), w.User, "", by))
}

// held runs statements provided that the session is still there: an ended one is remembered for less than a second, and must do nothing then.
func (s *Service) held(ctx context.Context, w *session.Signed, stmts []db.Stmt) error {
	return s.DB.Run(ctx, append([]db.Stmt{w.Held()}, stmts...)...)
}
