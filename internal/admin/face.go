package admin

import (
	"context"
	"sync"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/session"
	"sallyport/internal/texts"
)

// Who shows people an account's pages can ask them for anything, so all of this is for administrators with a second factor,
// and each change is held to their session in its transaction.
// The errors that each method has beside those of package account are ErrNotAdministrator and session.ErrLevel.

// SetLook changes the account's name, accent colour, support address and the name in authenticator apps (A17).
func (s *Service) SetLook(ctx context.Context, w *session.Signed, l account.Look, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	return gone(account.SetLook(ctx, s.DB, s.Now(), w.Account.ID, l, by, still(w)...))
}

// ChangeLook is SetLook for some of it. Who made it sees it at once.
func (s *Service) ChangeLook(ctx context.Context, w *session.Signed, c account.LookChange, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	defer s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return gone(account.ChangeLook(ctx, s.DB, s.Now(), w.Account.ID, c, by, still(w)...))
}

// Account reads an administrator's account as it is now: what a session knows of it may be old by a second.
func (s *Service) Account(ctx context.Context, w *session.Signed) (account.Account, error) {
	if err := Administrator(w.User); err != nil {
		return account.Account{}, err
	}
	return account.Get(ctx, s.DB, w.Account.ID)
}

// pen is held by one at a time; whoever waits for it may give up. The zero value is ready.
type pen struct {
	made sync.Once
	held chan struct{}
}

// take waits for the pen, at most as long as the context lives.
func (p *pen) take(ctx context.Context) (putBack func(), err error) {
	p.made.Do(func() { p.held = make(chan struct{}, 1) })
	select {
	case p.held <- struct{}{}:
		return func() { <-p.held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// SetLogo gives the account a logo. Reading a picture takes memory, so one is read at a time.
func (s *Service) SetLogo(ctx context.Context, w *session.Signed, file []byte, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	putBack, err := s.pen.take(ctx)
	if err != nil {
		return err
	}
	defer putBack()
	return gone(account.SetLogo(ctx, s.DB, s.Now(), w.Account.ID, file, by, still(w)...))
}

// RemoveLogo takes the account's logo away.
func (s *Service) RemoveLogo(ctx context.Context, w *session.Signed, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	return gone(account.RemoveLogo(ctx, s.DB, s.Now(), w.Account.ID, by, still(w)...))
}

// OwnTexts tells an administrator which texts the account words itself (K19).
func (s *Service) OwnTexts(ctx context.Context, w *session.Signed, l texts.Language) (map[string]string, error) {
	if err := Administrator(w.User); err != nil {
		return nil, err
	}
	return account.OwnTexts(ctx, s.DB, w.Account.ID, l)
}

// SetText gives the account its own wording of a text.
func (s *Service) SetText(ctx context.Context, w *session.Signed, l texts.Language, key, own string, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	return gone(account.SetText(ctx, s.DB, s.Now(), w.Account.ID, l, key, own, by, still(w)...))
}

// RestoreText takes the account's own wording of a text back.
func (s *Service) RestoreText(ctx context.Context, w *session.Signed, l texts.Language, key string, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	return gone(account.RestoreText(ctx, s.DB, s.Now(), w.Account.ID, l, key, by, still(w)...))
}
