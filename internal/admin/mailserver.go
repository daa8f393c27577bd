package admin

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrNotAdministrator refuses what only owners and administrators may do.
var ErrNotAdministrator = errs.New(errs.Forbidden, "not_administrator",
	"Only the owners and administrators of your organisation can do this. Ask one of them.")

// errPlainRelay refuses mail without encryption: that goes to a relay on the server's own machine, which is the operator's.
var errPlainRelay = mail.ErrServer.In("security").Saying("Choose how the connection is encrypted: STARTTLS or TLS.")

// testFor bounds a test message, within the time that a request has.
const testFor = 15 * time.Second

// Administrator refuses somebody who does not administer their account, with ErrNotAdministrator.
func Administrator(u user.User) error {
	if u.Role != user.Owner && u.Role != user.Admin {
		return ErrNotAdministrator
	}
	return nil
}

// acting refuses whoever may look but not change: an administrator acts with a second factor only (ASVS 6.3.3),
// and not with one that a trusted browser stood for.
func acting(w *session.Signed) error {
	if err := Administrator(w.User); err != nil {
		return err
	}
	switch {
	case w.Level != session.AAL2:
		return session.ErrLevel
	case w.Spared():
		return reauth.ErrFactorNeeded
	}
	return nil
}

// MailServer is how an account's mail leaves, as its administrators see it.
type MailServer struct {
	Own        *channel.Server // nil if the account has none of its own
	Deployment bool            // there is one for everybody behind it
	Mailboxes  int             // people who have e-mail codes as a second factor
	HoldsBack  bool            // owners and administrators are mailed nothing that opens their account
}

// MailServer tells an administrator how mail leaves.
func (s *Service) MailServer(ctx context.Context, w *session.Signed) (MailServer, error) {
	m := MailServer{Deployment: s.Channels.Mail != nil}
	if err := Administrator(w.User); err != nil {
		return m, err
	}
	own, ok, err := s.Channels.Server(ctx, w.Account.ID)
	if err != nil {
		return m, err
	}
	if ok {
		m.Own, m.HoldsBack = &own, s.Channels.Withholds(own)
	}
	m.Mailboxes, err = factor.CountPeople(ctx, s.DB, w.Account.ID, factor.Email)
	return m, err
}

// CheckMailServer says what SetMailServer would say of a server, so that a slip costs nobody a try at their password.
func (s *Service) CheckMailServer(ctx context.Context, w *session.Signed, server mail.Server) error {
	if err := acting(w); err != nil {
		return err
	}
	if server.Security == mail.None {
		return errPlainRelay
	}
	_, err := s.Channels.Complete(ctx, w.Account.ID, server)
	return err
}

// SetMailServer gives the account a mail server of its own (X6). Whoever has that server reads every code and token
// that is mailed, so it asks for the proof, and the administrator is told, and with them the owners. What opens
// the account of an owner or administrator goes through one that an owner chose only.
//
// Errors: ErrNotAdministrator, session.ErrLevel, reauth.ErrProofNeeded, mail.ErrServer, channel.ErrPassword.
func (s *Service) SetMailServer(ctx context.Context, proof reauth.Proof, w *session.Signed, server mail.Server, by audit.Actor) error {
	if err := s.CheckMailServer(ctx, w, server); err != nil {
		return err
	}
	if err := proof.Check(w.User.AccountID, w.User.ID, s.Now()); err != nil {
		return err
	}
	told, err := s.telling(ctx, w, server, outbox.MailServerSet, outbox.MailServerChosen, by)
	if err != nil {
		return err
	}
	return gone(s.Channels.Set(ctx, w.Account.ID, server, w.User.Role == user.Owner, by, append(still(w), told...)...))
}

// telling returns the statements that tell whoever changed the mail server and, if it was an administrator, the owners. They hear of it through a
// server that the administrator does not name: if the deployment has none, through the one that an owner chose and that is replaced here.
func (s *Service) telling(ctx context.Context, w *session.Signed, server mail.Server, mine, owners outbox.Kind, by audit.Actor) ([]db.Stmt, error) {
	now, facts := s.Now(), map[string]string{"host": server.String(), "sender": server.From}
	told := []db.Stmt{outbox.Notice(now, w.Account.ID, w.User.ID, mine, facts, by)}
	if w.User.Role == user.Owner {
		return told, nil
	}
	way, err := s.Channels.Kept(ctx, w.Account.ID)
	if err != nil {
		return nil, err
	}
	all, err := user.Owners(ctx, s.DB, w.Account.ID)
	if err != nil {
		return nil, err
	}
	facts["admin"] = w.User.Email
	for _, u := range all {
		stmt, err := outbox.NoticeBy(now, s.Ring, way, u.AccountID, u.ID, owners, facts, by)
		if err != nil {
			return nil, err
		}
		told = append(told, stmt)
	}
	return told, nil
}

// RemoveMailServer takes the account's own mail server away.
//
// Errors: those of SetMailServer that are not about the server, and channel.ErrNoOwn.
func (s *Service) RemoveMailServer(ctx context.Context, proof reauth.Proof, w *session.Signed, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	if err := proof.Check(w.User.AccountID, w.User.ID, s.Now()); err != nil {
		return err
	}
	own, ok, err := s.Channels.Server(ctx, w.Account.ID)
	if err != nil {
		return err
	}
	if !ok {
		return channel.ErrNoOwn
	}
	told, err := s.telling(ctx, w, own.Server, outbox.MailServerGone, outbox.MailServerTaken, by)
	if err != nil {
		return err
	}
	return gone(s.Channels.Remove(ctx, w.Account.ID, by, append(still(w), told...)...))
}

// TestMailServer sends a test message to the administrator's own address through the server that counts, and waits
// for what comes of it, fifteen seconds at most. Whatever fails there is the mail server's and no fault of this one, and so a conflict.
//
// Errors: ErrNotAdministrator, session.ErrLevel, brake.ErrTests, channel.ErrNoMail, those of package mail.
func (s *Service) TestMailServer(ctx context.Context, w *session.Signed, by audit.Actor) error {
	if err := acting(w); err != nil {
		return err
	}
	if err := s.DB.Run(ctx, append(still(w), brake.ChargeTest(s.Now(), w.Account.ID)...)...); err != nil {
		return gone(err)
	}
	ctx, cancel := context.WithTimeout(ctx, testFor)
	defer cancel()
	err := s.SendTest(ctx, w.Account, w.User, by)
	if e := errs.From(err); e != nil && e.Kind != errs.Internal {
		e = e.In("") // a copy
		e.Kind = errs.Conflict
		return e
	}
	return err
}
