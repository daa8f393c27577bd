package machine

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/httpsig"
	"sallyport/internal/session"
)

// nonceFor is how long a nonce is remembered past the time at which its signature is too old by itself: so long may a clock be put back
// without a call counting again (security.md F15).
const nonceFor = time.Hour

// verify checks the signature of a call and uses up its nonce, so that the call counts once on all servers (RFC 9421 §7.2.2).
//
// Errors: ErrSecondFactor of a key that has no public key, those of package httpsig, apikey.ErrReplayed. All but the first are recorded.
func (s *Service) verify(ctx context.Context, cred *apikey.Credential, m httpsig.Message, by audit.Actor) error {
	if cred.Key.PublicKey == "" {
		return needed(cred)
	}
	err := s.spend(ctx, cred, m)
	var known *errs.Error
	if errors.As(err, &known) && known.Kind == errs.Unauthenticated {
		return s.refuse(ctx, cred, by, known)
	}
	return err
}

func (s *Service) spend(ctx context.Context, cred *apikey.Credential, m httpsig.Message) error {
	public, _, err := httpsig.ParsePublicKey(cred.Key.PublicKey)
	if err != nil {
		return err
	}
	signature, err := httpsig.Parse(m)
	if err != nil {
		return err
	}
	if signature.KeyID != cred.Key.ID {
		return httpsig.ErrWrong.Saying("The signature’s parameter keyid is not the id of the API key that came with it.")
	}
	if err := signature.Check(m, public, httpsig.Sallyport(m), s.Now()); err != nil {
		return err
	}
	return s.DB.Run(ctx, cred.Key.HeldSigned(), apikey.SpendNonce(cred.Key, signature.Nonce, signature.Created.Add(httpsig.MaxSkew+nonceFor)))
}

// SetPublicKey registers the public key that a key's calls are signed with, in place of the one it has; with "" it takes that away.
// Errors: those of fresh, httpsig.ErrPublicKey.
func (s *Service) SetPublicKey(ctx context.Context, w *session.Signed, id, text, password string, by audit.Actor) error {
	k, err := s.Key(ctx, w, id)
	if err != nil {
		return err
	}
	public, err := canonical(text)
	if err != nil {
		return err
	}
	what := "public_key_registered"
	if public == "" {
		what = "public_key_removed"
	}
	if _, err := s.fresh(ctx, w, password, by); err != nil {
		return err
	}
	stmts := append([]db.Stmt{w.Held()}, s.changed(w, k, what, by)...)
	return s.run(ctx, k, append(stmts, apikey.SetPublicKey(k, public)))
}
