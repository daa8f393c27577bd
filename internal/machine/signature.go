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

// verify checks the signature of a call and writes nothing but its refusals.
//
// Errors: ErrSecondFactor of a key that has no public key, and those of package httpsig, which are recorded.
func (s *Service) verify(ctx context.Context, cred *apikey.Credential, m httpsig.Message, by audit.Actor) (httpsig.Signature, error) {
	if cred.Key.PublicKey == "" {
		return httpsig.Signature{}, needed(cred)
	}
	signature, err := s.check(cred, m)
	return signature, s.recorded(ctx, cred, by, err)
}

func (s *Service) check(cred *apikey.Credential, m httpsig.Message) (httpsig.Signature, error) {
	public, _, err := httpsig.ParsePublicKey(cred.Key.PublicKey)
	if err != nil {
		return httpsig.Signature{}, err
	}
	signature, err := httpsig.Parse(m)
	if err != nil {
		return httpsig.Signature{}, err
	}
	if signature.KeyID != cred.Key.ID {
		return httpsig.Signature{}, httpsig.ErrWrong.Saying("The signature’s parameter keyid is not the id of the API key that came with it.")
	}
	return signature, signature.Check(m, public, httpsig.Sallyport(m), s.Now())
}

// spend uses up the nonce of a signature that was verified, so that the call counts once on all servers (RFC 9421 §7.2.2). Errors:
// apikey.ErrReplayed, and apikey.ErrKey if the key has ended or has another public key by now. They are recorded.
func (s *Service) spend(ctx context.Context, cred *apikey.Credential, signature httpsig.Signature, by audit.Actor) error {
	err := s.DB.Run(ctx, cred.Key.HeldSigned(), apikey.SpendNonce(cred.Key, signature.Nonce, signature.Created.Add(httpsig.MaxSkew+nonceFor)))
	return s.recorded(ctx, cred, by, err)
}

// recorded records err if it is a refusal, and returns it.
func (s *Service) recorded(ctx context.Context, cred *apikey.Credential, by audit.Actor, err error) error {
	var known *errs.Error
	if errors.As(err, &known) && known.Kind == errs.Unauthenticated {
		return s.refuse(ctx, cred, by, known)
	}
	return err
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
