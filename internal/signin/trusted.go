package signin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/throttle"
)

// In a trusted browser the password is enough (X15). The browser is looked at before the password is: it has a counter of its
// own, so that strangers who try passwords and codes elsewhere keep nobody out of it (security.md B28), and what is wrong with it ends the
// trust whatever the password is: whoever holds a copied cookie must not try environments.

// trusted is the cookie of a trusted browser that the browser has for the person; empty if it has none.
func (c Credentials) trusted(p person) string {
	if !p.known() || c.Trusted == nil {
		return ""
	}
	return c.Trusted(p.user.AccountID, p.user.ID)
}

// trusted tells what the cookie is worth for the person, and ends at once what is found to be over. Whoever must have a passkey and has none
// sets one up: neither a trusted browser nor the code that makes one must spare them that.
func (s *Service) trusted(ctx context.Context, p person, cookie string, by audit.Actor) (browser.Verdict, error) {
	if cookie == "" || p.account.Owes(p.user.Standing(p.devices), s.Now()).AddPasskey {
		return browser.Verdict{}, nil
	}
	v, err := s.Browsers.Check(ctx, p.account, p.user, cookie, s.Browsers.Environment(by.UserAgent, by.Address))
	if err != nil || !v.Found {
		return v, err
	}
	now := s.Now()
	stmts := v.End(now, by)
	if v.Why == browser.UsedTwice { // one of the two may be a thief, and may be signed in
		stmts = append(stmts, session.ClearTrusted(p.user.AccountID, p.user.ID),
			outbox.Notice(now, p.user.AccountID, p.user.ID, outbox.BrowserUsedTwice, nil, by))
	}
	// It is ended even if the client has left, like every failure that is counted.
	if err := s.DB.Run(context.WithoutCancel(ctx), stmts...); !errors.Is(err, browser.ErrTurn) {
		return v, err
	}
	return v, nil // another request has ended it, and told what there is to tell
}

// enterTrusted signs somebody in whose password was right and whose browser is trusted. It fails with browser.ErrTurn, and nothing
// is done, if the trust was used or ended meanwhile. Failures that were counted elsewhere stay counted: they may be a stranger's.
func (s *Service) enterTrusted(ctx context.Context, v browser.Verdict, step Step, stmts []db.Stmt, by audit.Actor) (Step, error) {
	now := s.Now()
	var use, insert db.Stmt
	step.State, step.Method = SignedIn, TrustedBrowser
	step.Trusted, use = v.Use(now, by)
	step.TrustFor = v.Browser.ExpiresAt.Sub(now)
	step.Cookie, step.Session, insert = session.IssueTrusted(now, step.Account, step.User, by)
	stmts = append([]db.Stmt{throttle.Pass(now, v.Browser.Counter())}, stmts...)
	stmts = append(stmts, use, session.MakeRoom(step.User, step.User.Epoch), insert, signedIn(now, step.User, by, string(TrustedBrowser)))
	if v.Failures > 0 {
		stmts = append(stmts, throttle.Clear(v.Browser.Counter()))
	}
	if err := s.DB.Run(ctx, stmts...); err != nil {
		return Step{}, throttle.Explain(ctx, s.DB, now, err, v.Browser.Counter())
	}
	return step, nil
}

// MayTrust reports whether this sign-in can make its browser a trusted one, so that the page offers it.
func (p *Pending) MayTrust(now time.Time) bool {
	return p.purpose == ofSignIn && p.Account.Policy.TrustedBrowserDays > 0 && !p.Owed(now).AddPasskey
}

// trust makes the browser a trusted one, if its person wants that and may. A code that an administrator gave out proves that the
// administrator believes them, once (K14).
func (s *Service) trust(now time.Time, p *Pending, a Attempt, m factor.Match, step *Step, by audit.Actor) []db.Stmt {
	if !a.Trust || m.Issued || !p.MayTrust(now) {
		return nil
	}
	cookie, b, stmts := browser.Trust(now, p.Account, p.User, s.Browsers.Environment(by.UserAgent, by.Address), by)
	step.Trusted, step.TrustFor = cookie, b.ExpiresAt.Sub(now)
	return stmts
}
