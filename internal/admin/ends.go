package admin

import (
	"cmp"
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// What a person is signed in with and where they are trusted is ended by administrators and by the operator alike, one or all of it, and the
// person is told each time.

// Session is the session of a person's that an administrator means to end, for the page that asks whether they are sure.
// Errors: those of Target, session.ErrNotFound.
func (s *Service) Session(ctx context.Context, w *session.Signed, userID, sessionID string) (session.Session, error) {
	u, err := s.Target(ctx, w, userID)
	if err != nil {
		return session.Session{}, err
	}
	return session.One(ctx, s.DB, u, sessionID)
}

// Browser is the same for a trusted browser. Errors: those of Target, browser.ErrNotFound.
func (s *Service) Browser(ctx context.Context, w *session.Signed, userID, browserID string) (browser.Browser, error) {
	u, err := s.Target(ctx, w, userID)
	if err != nil {
		return browser.Browser{}, err
	}
	return browser.One(ctx, s.DB, w.Account, u, browserID, s.Now())
}

// EndSessions ends a person's session with this id, or if it is empty all that signs them in without their password: sessions,
// half-finished sign-ins, mailed tokens and the trust in their browsers.
//
// Errors: those of who may act at all, ErrInvited, session.ErrNotFound.
func (s *Service) EndSessions(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID, sessionID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, _ actor, target user.User) error {
		return s.endSessions(ctx, tx, target, sessionID, by)
	})
}

// OperatorEndSessions is EndSessions for the operator.
func (s *Service) OperatorEndSessions(ctx context.Context, u user.User, sessionID string) error {
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error {
		return s.endSessions(ctx, tx, target, sessionID, audit.Operator())
	})
}

func (s *Service) endSessions(ctx context.Context, tx *db.Tx, target user.User, sessionID string, by audit.Actor) error {
	now := s.Now()
	if !target.InvitedAt.IsZero() { // a new epoch would end the invitation
		return ErrInvited
	}
	if sessionID == "" {
		return tx.Run(ctx, user.EndSessions(target), ended(now, target, outbox.SessionsEnded, "", "", "", by),
			audit.Record(now, audit.Event{AccountID: target.AccountID, Action: audit.AllSessionsEnd, Actor: by, Target: target.ID}))
	}
	one, err := session.One(ctx, tx, target, sessionID)
	if err != nil {
		return err
	}
	return tx.Run(ctx, append(session.Removing(now, one, by), ended(now, target, outbox.SessionsEnded, "", one.UserAgent, one.Address, by))...)
}

// EndBrowsers ends the trust in a person's browser with this id, or if it is empty in all.
//
// Errors: those of who may act at all, ErrSoAlready, browser.ErrNotFound.
func (s *Service) EndBrowsers(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID, browserID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, who actor, target user.User) error {
		return s.endBrowsers(ctx, tx, who.account, target, browserID, by)
	})
}

// OperatorEndBrowsers is EndBrowsers for the operator.
func (s *Service) OperatorEndBrowsers(ctx context.Context, a account.Account, u user.User, browserID string) error {
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error {
		return s.endBrowsers(ctx, tx, a, target, browserID, audit.Operator())
	})
}

func (s *Service) endBrowsers(ctx context.Context, tx *db.Tx, a account.Account, target user.User, browserID string, by audit.Actor) error {
	now := s.Now()
	if browserID == "" {
		if all, err := browser.List(ctx, tx, a, target, now); err != nil || len(all) == 0 {
			return cmp.Or(err, error(ErrSoAlready))
		}
		return tx.Run(ctx, append(browser.RevokeAll(now, target, "", by), ended(now, target, outbox.BrowsersEnded, "", "", "", by))...)
	}
	b, err := browser.One(ctx, tx, a, target, browserID, now)
	if err != nil {
		return err
	}
	return tx.Run(ctx, append(browser.Revoke(now, b, "", by), ended(now, target, outbox.BrowsersEnded, b.Name, b.UserAgent, b.Address, by))...)
}

// ended tells a person which of their browsers it was, or that it was all, which is of none in particular.
func ended(now time.Time, u user.User, kind outbox.Kind, called, agent, address string, by audit.Actor) db.Stmt {
	return outbox.Notice(now, u.AccountID, u.ID, kind, map[string]string{"of": called, "of_agent": agent, "of_address": address}, by)
}
