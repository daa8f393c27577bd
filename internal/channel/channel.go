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
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/mail"
	"sallyport/internal/seal"
	"sallyport/internal/sms"
)

// Errors about channels.
var (
	ErrNoMail = errs.New(errs.Conflict, "no_mail_server", "No mail server is set up, so no mail can be sent. An administrator can set one up under Mail server.")
	ErrNoSMS  = errs.New(errs.Conflict, "no_sms_gateway", "Text messages can’t be sent here: the server has no SMS gateway.")
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

// MailOf returns who sends an account's mail: its own server if it has one, else the
// deployment's; ErrNoMail if there is neither.
func (s *Service) MailOf(ctx context.Context, accountID string) (mail.Sender, error) {
	own, err := read(ctx, s.DB, accountID)
	switch {
	case errors.Is(err, db.ErrNotFound) && s.Mail != nil:
		return s.Mail, nil
	case errors.Is(err, db.ErrNotFound):
		return nil, ErrNoMail
	case err != nil:
		return nil, err
	}
	server, err := s.open(own)
	if err != nil {
		return nil, err
	}
	return &noting{s, accountID, mail.New([]mail.Server{server}, s.Options)}, nil
}

// noting keeps the result of each send, for the page that the administrator looks at.
type noting struct {
	s         *Service
	accountID string
	to        mail.Sender
}

// Send sends and notes how it went.
func (n *noting) Send(ctx context.Context, m mail.Message) error {
	err := n.to.Send(ctx, m)
	result := "ok"
	if e := errs.From(err); e != nil {
		result = e.Code
	}
	return errors.Join(err, n.s.DB.Run(context.WithoutCancel(ctx), note(n.accountID, result, n.s.Now())))
}

// Server is an account's own mail server as its administrators see it: without the password.
type Server struct {
	mail.Server
	HasPassword bool
	Result      string // stable code of the last send, "ok", or empty before the first
	ResultAt    time.Time
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

// Set gives an account a mail server of its own. Without a password in it the one that is stored stays, provided
// that host and user are the same: a new host must not be handed the old one's password.
func (s *Service) Set(ctx context.Context, accountID string, server mail.Server, by audit.Actor) error {
	if own, ok, err := s.Server(ctx, accountID); err != nil {
		return err
	} else if ok && server.Password == "" && server.User != "" && own.HasPassword {
		if own.Host != server.Host || own.User != server.User || own.Port != server.Port || own.Security != server.Security {
			return ErrPassword
		}
		kept, err := s.open(own)
		if err != nil {
			return err
		}
		server.Password = kept.Password
	}
	if err := server.Check(); err != nil {
		return err
	}
	sealed, err := s.Ring.Seal([]byte(server.Password), ad(accountID))
	if err != nil {
		return err
	}
	return s.DB.Run(ctx, put(accountID, server, sealed, s.Now()), audit.Record(s.Now(), audit.Event{
		AccountID: accountID, Action: audit.MailServerSet, Actor: by, Target: accountID,
		Detail: map[string]string{"host": server.Host, "sender": server.From},
	}))
}

// ErrPassword asks for the password again, because the server that it is for was changed.
var ErrPassword = errs.New(errs.Invalid, "mail_password_needed", "Enter the password too: the stored one belongs to the server you had before.").In("password")

// Remove takes an account's own mail server away.
func (s *Service) Remove(ctx context.Context, accountID string, by audit.Actor) error {
	return s.DB.Run(ctx, remove(accountID), audit.Record(s.Now(), audit.Event{
		AccountID: accountID, Action: audit.MailServerRemoved, Actor: by, Target: accountID,
	}))
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
