// Package channel knows the ways on which messages leave: the deployment's mail servers
// and SMS gateway, and the mail server of an account's own, which goes first for that account (X6).
//
// A method that needs a channel is offered only while there is one (K18). The password of
// an account's server is sealed and never read back by anybody but the sender. An account's
// administrator names a host that this server then connects to, so where the deployment
// says so, addresses inside its own network are refused when the connection is made.
package channel

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/mail"
	"sallyport/internal/seal"
	"sallyport/internal/sms"
	"sallyport/internal/user"
)

// Errors about channels.
var (
	ErrNoMail    = errs.New(errs.Conflict, "no_mail_server", "No mail server is set up, so no mail can be sent. An administrator can set one up under Mail server.")
	ErrNotOwners = errs.New(errs.Conflict, "mail_server_not_owners", "An administrator chose the mail server, so what opens an owner’s or administrator’s account is not sent through it. An owner saves it once more under Mail server.")
	ErrNoOwn     = errs.New(errs.NotFound, "no_own_mail_server", "Your organisation has no mail server of its own.")
	ErrNoSMS     = errs.New(errs.Conflict, "no_sms_gateway", "Text messages can’t be sent here: the server has no SMS gateway.")
)

// Service knows the channels. Mail and SMS are nil where the deployment has none.
type Service struct {
	DB      *db.DB
	Ring    *seal.Ring
	Mail    mail.Sender
	SMS     sms.Sender
	Options mail.Options // for the servers of accounts
	Now     func() time.Time
}

// Open says which channels an account has.
type Open struct{ Mail, SMS bool }

// Of tells which channels an account has.
func (s *Service) Of(ctx context.Context, accountID string) (Open, error) {
	o := Open{Mail: s.Mail != nil, SMS: s.SMS != nil}
	if o.Mail {
		return o, nil
	}
	_, err := read(ctx, s.DB, accountID)
	if errors.Is(err, db.ErrNotFound) {
		return o, nil
	}
	o.Mail = err == nil
	return o, err
}

// AnyMail reports whether any account has a mail server, its own or the deployment's. It says so before it is known who asks.
func (s *Service) AnyMail(ctx context.Context) (bool, error) {
	if s.Mail != nil {
		return true, nil
	}
	return anyServer(ctx, s.DB)
}

// MailTo is MailOf for mail to somebody of that role, which opens their account or does not. A server that an administrator chose can be theirs
// alone, and whoever reads the token of an owner who forgot their password is that owner. So the mail of owners and administrators goes
// through the deployment's, where there is one, and else what opens their account is not sent (security.md B64): that fails with ErrNotOwners.
func (s *Service) MailTo(ctx context.Context, accountID string, role user.Role, opens bool) (mail.Sender, error) {
	own, ok, err := s.Server(ctx, accountID)
	switch {
	case err != nil:
		return nil, err
	case !ok || own.ByOwner || !role.Administers():
		return s.through(own, ok)
	case s.Mail != nil:
		return s.Mail, nil
	case opens:
		return nil, ErrNotOwners
	}
	return s.through(own, ok)
}

// HoldsBack reports whether owners and administrators of an account are mailed nothing that opens their account: an administrator chose its
// server, and the deployment has none.
func (s *Service) HoldsBack(ctx context.Context, accountID string) (bool, error) {
	own, ok, err := s.Server(ctx, accountID)
	return ok && s.Withholds(own), err
}

// Withholds is HoldsBack of the account's own server.
func (s *Service) Withholds(own Server) bool { return !own.ByOwner && s.Mail == nil }

// Kept is the mail server that an owner chose for the account, as MailBefore takes it, for the message that tells the owners of its
// successor; empty if they did not choose it, or if the deployment has one, which nobody in the account can replace.
func (s *Service) Kept(ctx context.Context, accountID string) ([]byte, error) {
	own, ok, err := s.Server(ctx, accountID)
	if err != nil || !ok || !own.ByOwner || s.Mail != nil {
		return nil, err
	}
	server, err := s.open(own)
	if err != nil {
		return nil, nil //nolint:nilerr // a password under a lost key sends nothing, and must not keep the server from being replaced
	}
	return json.Marshal(server)
}

// MailBefore returns who sends what tells owners that an administrator chose or removed the mail server: the deployment's, the one that
// an owner has chosen since, or the one that was kept; never the very server that it tells of. ErrNotOwners or ErrNoMail if there is none of these.
func (s *Service) MailBefore(ctx context.Context, accountID string, kept []byte) (mail.Sender, error) {
	own, ok, err := s.Server(ctx, accountID)
	switch {
	case err != nil:
		return nil, err
	case s.Mail != nil:
		return s.Mail, nil
	case ok && own.ByOwner:
		return s.through(own, true)
	case len(kept) > 0:
		var server mail.Server
		if err := json.Unmarshal(kept, &server); err != nil {
			return nil, err
		}
		return mail.New([]mail.Server{server}, s.Options), nil
	case ok:
		return nil, ErrNotOwners
	}
	return nil, ErrNoMail
}

// MailOf returns who sends an account's mail: its own server if it has one, else the
// deployment's; ErrNoMail if there is neither.
func (s *Service) MailOf(ctx context.Context, accountID string) (mail.Sender, error) {
	own, ok, err := s.Server(ctx, accountID)
	if err != nil {
		return nil, err
	}
	return s.through(own, ok)
}

// through sends through an account's own server, if it has one, else through the deployment's.
func (s *Service) through(own Server, ok bool) (mail.Sender, error) {
	switch {
	case !ok && s.Mail != nil:
		return s.Mail, nil
	case !ok:
		return nil, ErrNoMail
	}
	server, err := s.open(own)
	if err != nil {
		return nil, err
	}
	return &noting{s, own, mail.New([]mail.Server{server}, s.Options)}, nil
}

// noting keeps the result of each send, for the page that the administrator looks at.
type noting struct {
	s   *Service
	own Server
	to  mail.Sender
}

// Send sends and notes how it went. The note is a courtesy: that it can't be written is no reason to
// call a mail unsent that is on its way, and to send it a second time.
func (n *noting) Send(ctx context.Context, m mail.Message) error {
	err := n.to.Send(ctx, m)
	_ = n.s.DB.Run(context.WithoutCancel(ctx), note(n.own, resultOf(err, n.s.Now())))
	return err
}

// Result is how a send went.
type Result struct {
	Code   string // stable, ResultOK, or empty before the first send
	Detail string // what it was in English, with what the server's certificate says; untrusted
	At     time.Time
}

// ResultOK is the code of a send that the server took.
const ResultOK = "ok"

func resultOf(err error, now time.Time) Result {
	if e := errs.From(err); e != nil {
		return Result{e.Code, e.Message, now}
	}
	return Result{ResultOK, "", now}
}

// Server is an account's own mail server as its administrators see it: without the password.
type Server struct {
	mail.Server
	HasPassword bool
	ByOwner     bool // an owner or the operator chose it
	Last        Result
	sealed      []byte
	accountID   string
}

// Server returns the account's own mail server; false if it has none.
func (s *Service) Server(ctx context.Context, accountID string) (Server, bool, error) {
	own, err := read(ctx, s.DB, accountID)
	if errors.Is(err, db.ErrNotFound) {
		return Server{}, false, nil
	}
	return own, err == nil, err
}

// Complete returns a server with the password that is stored, if it has none itself, or says what is wrong with it. The
// stored password stays only while host, port, security and user are the same: none else may be handed it.
func (s *Service) Complete(ctx context.Context, accountID string, server mail.Server) (mail.Server, error) {
	own, ok, err := s.Server(ctx, accountID)
	if err != nil {
		return server, err
	}
	if ok && own.HasPassword && server.User != "" && server.Password == "" {
		if own.Host != server.Host || own.Port != server.Port || own.Security != server.Security || own.User != server.User {
			return server, ErrPassword
		}
		kept, err := s.open(own)
		if err != nil {
			return server, err
		}
		server.Password = kept.Password
	}
	return server, server.Check()
}

// Set gives an account a mail server of its own, completed by Complete; byOwner says that an owner or the operator chose it.
// More is written in the same transaction.
func (s *Service) Set(ctx context.Context, accountID string, server mail.Server, byOwner bool, by audit.Actor, more ...db.Stmt) error {
	server, err := s.Complete(ctx, accountID, server)
	if err != nil {
		return err
	}
	sealed, err := s.Ring.Seal([]byte(server.Password), ad(accountID))
	if err != nil {
		return err
	}
	return s.DB.Run(ctx, append(more, put(accountID, server, sealed, byOwner, s.Now()), audit.Record(s.Now(), audit.Event{
		AccountID: accountID, Action: audit.MailServerSet, Actor: by, Target: accountID,
		Detail: map[string]string{"host": server.String(), "sender": server.From},
	}))...)
}

// ErrPassword asks for the password again, because the server that it is for was changed.
var ErrPassword = errs.New(errs.Invalid, "mail_password_needed", "Enter the password too: the stored one belongs to the server you had before.").In("password")

// Remove takes an account's own mail server away; ErrNoOwn if it has none. More is written in the same transaction.
func (s *Service) Remove(ctx context.Context, accountID string, by audit.Actor, more ...db.Stmt) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		var was mail.Server
		if err := tx.Run(ctx, remove(accountID, &was)); err != nil {
			return err
		}
		return tx.Run(ctx, append(more, audit.Record(s.Now(), audit.Event{
			AccountID: accountID, Action: audit.MailServerRemoved, Actor: by, Target: accountID,
			Detail: map[string]string{"host": was.String(), "sender": was.From},
		}))...)
	})
}

func (s *Service) open(own Server) (mail.Server, error) {
	plain, err := s.Ring.Unseal(own.sealed, ad(own.accountID))
	server := own.Server
	server.Password = string(plain)
	return server, err
}

func ad(accountID string) string { return seal.AD("mail_servers", accountID) }

// Reseal seals every stored password with the primary key and returns how many were sealed with another.
func (s *Service) Reseal(ctx context.Context) (changed int, err error) {
	all, err := list(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	for _, own := range all {
		if seal.KeyID(own.sealed) == s.Ring.Primary() {
			continue
		}
		server, err := s.open(own)
		if err != nil {
			return changed, err
		}
		sealed, err := s.Ring.Seal([]byte(server.Password), ad(own.accountID))
		if err != nil {
			return changed, err
		}
		if err := s.DB.Run(ctx, reseal(own, sealed)); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
