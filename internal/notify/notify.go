// Package notify sends what stands in the outbox: codes, tokens and notices, by mail
// and as text messages.
//
// Any replica may run it; a leased row is one replica's. What is sent is looked up when
// it is sent: a code or token that is dead by then never leaves. A notice goes to the
// address that was the person's when what it tells of happened. A slow server holds nobody up but its own messages: each channel has
// hands of its own, and one account never has them all. No request ever waits for one. What failed for now is tried again with growing delays until
// the message's end; what was refused for good is marked so, and the code page offers
// another way. Neither a code nor a token nor an address is ever logged.
package notify

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mail"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/place"
	"sallyport/internal/seal"
	"sallyport/internal/sms"
	"sallyport/internal/user"
)

const (
	// pollEvery is how often the queue is looked at. The look is one indexed read.
	pollEvery = 250 * time.Millisecond
	// attemptFor bounds one attempt, below the lease.
	attemptFor = 45 * time.Second
)

// Service sends. All fields are needed.
type Service struct {
	DB        *db.DB
	Faces     *account.Faces
	Ring      *seal.Ring
	Factors   *factor.Service
	Channels  *channel.Service
	Product   string
	PublicURL func() *url.URL // known for certain only once the server listens
	Places    *place.Database // nil if no place is known
	Now       func() time.Time
	Log       *slog.Logger
	Count     func(kind, channel, result string)
}

// Run takes what is due until taking ends. What it took by then is sent to its end, unless sending ends too: then it
// is due again. Run returns when the last attempt has ended.
func (s *Service) Run(taking, sending context.Context) {
	h := newHands(s.Now)
	defer h.all.Wait()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := s.take(taking, sending, h); err != nil && taking.Err() == nil {
			s.Log.Warn("the outbox cannot be read; it is tried again", "error", err)
		}
		select {
		case <-taking.Done():
			return
		case <-h.freed:
		case <-tick.C:
		}
	}
}

// take leases as many messages as there are hands free, and begins to send them.
func (s *Service) take(ctx, sending context.Context, h *hands) error {
	due, err := outbox.Due(ctx, s.DB, s.Now())
	if err != nil || !due {
		return err
	}
	for _, ch := range channels {
		room, full := h.room(ch)
		if room == 0 {
			continue
		}
		messages, err := outbox.Lease(sending, s.DB, s.Now(), ch, full, room) // never cut off by taking: what is leased is sent
		for _, m := range messages {
			if !h.take(m) {
				s.noted(m, outbox.Return(context.WithoutCancel(ctx), s.DB, m))
				continue
			}
			go func() {
				defer h.free(m)
				s.attempt(sending, m)
			}()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Deliver sends what is due now, one message after the other, and returns how many it tried.
func (s *Service) Deliver(ctx context.Context) (n int, err error) {
	for _, ch := range channels {
		messages, err := outbox.Lease(ctx, s.DB, s.Now(), ch, nil, 100)
		for _, m := range messages {
			s.attempt(ctx, m)
		}
		if n += len(messages); err != nil {
			return n, err
		}
	}
	return n, nil
}

// dropped says why a message is not sent any more.
type dropped struct{ why string }

func (d *dropped) Error() string { return "not sent: " + d.why }

// attempt tries to send a message and notes what came of it.
func (s *Service) attempt(ctx context.Context, m outbox.Message) {
	bounded, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	reference, err := s.send(bounded, m)
	now, code := s.Now(), ""
	if e := errs.From(err); e != nil {
		code = e.Code
	}
	result := outbox.Sent
	var gone *dropped
	switch {
	case errors.As(err, &gone):
		result, code = outbox.Dropped, gone.why
	case err != nil && s.again(err) && now.Add(outbox.Delay(m.Attempts)).Before(m.ExpiresAt):
		s.count(m, "deferred")
		s.Log.Warn("a message could not be sent yet", "message", m.ID, "kind", string(m.Kind), "channel", string(m.Channel), "attempt", m.Attempts, "error_code", code, "error", err)
		s.noted(m, outbox.Postpone(context.WithoutCancel(ctx), s.DB, now, m, code))
		return
	case err != nil:
		result = outbox.Failed
		s.Log.Warn("a message could not be sent", "message", m.ID, "kind", string(m.Kind), "channel", string(m.Channel), "attempt", m.Attempts, "error_code", code, "error", err)
	}
	s.count(m, string(result))
	var more []db.Stmt
	if code == channel.ErrNotOwners.Code { // whoever waits for it is told nothing, since they may be a stranger; owners and administrators find it here
		more = append(more, audit.Record(now, audit.Event{
			AccountID: m.AccountID, Action: audit.MailHeldBack, Actor: audit.Actor{Kind: audit.KindNobody}, Target: m.UserID, Detail: map[string]string{"kind": string(m.Kind)},
		}))
	}
	s.noted(m, outbox.Settle(context.WithoutCancel(ctx), s.DB, now, m, result, reference, code, more...))
}

func (s *Service) count(m outbox.Message, result string) {
	s.Count(string(m.Kind), string(m.Channel), result)
}

// noted logs that a result could not be written: the lease ends, and the message is sent once more.
func (s *Service) noted(m outbox.Message, err error) {
	if err != nil {
		s.Log.Warn("what came of a message could not be noted; it may be sent twice", "message", m.ID, "error", err)
	}
}

// again reports whether a failed message may succeed later: by the word of the package that sends. A server
// that refuses our login or proves not who it is has taken nothing, and is its operator's to mend; until they
// have, nothing is lost. The same is true of faults of ours.
func (s *Service) again(err error) bool {
	switch e := errs.From(err); {
	case e.Is(mail.ErrLogin), e.Is(sms.ErrLogin), e.Is(sms.ErrCertificate):
		return true
	case e.Is(db.ErrUnavailable), e.Is(db.ErrBusy), e.Is(db.ErrFull):
		return true
	default:
		return e.Kind == errs.Internal || mail.Temporary(err) || sms.Temporary(err)
	}
}

// send writes and sends one message. The reference is the gateway's.
func (s *Service) send(ctx context.Context, m outbox.Message) (reference string, err error) {
	if !s.Now().Before(m.ExpiresAt) {
		return "", &dropped{"expired"}
	}
	a, err := account.Get(ctx, s.DB, m.AccountID)
	if errors.Is(err, account.ErrNotFound) {
		return "", &dropped{"account_gone"}
	} else if err != nil {
		return "", err
	}
	u, err := user.Get(ctx, s.DB, m.AccountID, m.UserID)
	switch {
	case errors.Is(err, user.ErrNotFound) && m.Kind != outbox.UserRemoved: // that they are gone is what this one tells
		return "", &dropped{"user_gone"}
	case err != nil && !errors.Is(err, user.ErrNotFound):
		return "", err
	}
	if m.Kind == outbox.Code || m.HasToken() {
		switch { // what they could do with it, they can't do now; that something happened they are told all the same
		case !u.LockedAt.IsZero():
			return "", &dropped{"user_locked"}
		case !a.SuspendedAt.IsZero():
			return "", &dropped{"account_suspended"}
		}
	}
	l, err := s.letter(ctx, m, a, u)
	if err != nil {
		return "", err
	}
	if err := s.fetch(ctx, &m, &l); err != nil {
		return "", err
	}
	if m.Channel == outbox.SMS {
		reference, err = s.text(ctx, l)
	} else {
		err = s.mail(ctx, l)
	}
	return reference, discreet(err, l.to, l.secret)
}

// letter begins a message, in the account's own words and under its own name where it has them.
func (s *Service) letter(ctx context.Context, m outbox.Message, a account.Account, u user.User) (letter, error) {
	l := letter{message: m, account: a, user: u, to: cmp.Or(m.Recipient, u.Email), product: s.Product, public: s.PublicURL(), atlas: s.Places}
	var err error
	l.say, err = s.Faces.Catalogue(ctx, a, l.language())
	return l, err
}

// fetch adds what a message carries: the code or token, if it is alive.
func (s *Service) fetch(ctx context.Context, m *outbox.Message, l *letter) error {
	if m.Kind == outbox.Code {
		d, err := s.Factors.Deliver(ctx, m.AccountID, m.UserID, m.ID)
		if errors.Is(err, factor.ErrCodeOver) {
			return &dropped{"code_over"}
		}
		l.to, l.secret = d.Address, d.Code
		l.enrolling = d.Factor.State == factor.Pending
		return err
	}
	if id := m.Facts[outbox.ToFactor]; id != "" {
		f, err := s.Factors.Stored(ctx, m.AccountID, m.UserID, id)
		if errors.Is(err, factor.ErrNotFound) {
			return &dropped{"factor_gone"}
		}
		if err == nil {
			l.to, err = s.Factors.Address(f)
		}
		if err != nil {
			return err
		}
	}
	if m.Kind == outbox.DisableCancel && l.user.TwoFactorEndsAt.IsZero() {
		return &dropped{"called_off"}
	}
	if err := m.Open(s.Ring); err != nil {
		return err
	}
	if m.Kind.ToOwners() {
		l.way = m.Secret
		return nil
	}
	l.secret = string(m.Secret)
	purpose, carries := map[outbox.Kind]mailtoken.Purpose{
		outbox.DisableToken: mailtoken.Disable, outbox.ResetToken: mailtoken.Reset,
		outbox.SetUpToken: mailtoken.SetUp, outbox.EmailToken: mailtoken.Email, outbox.DisableCancel: mailtoken.Keep, outbox.Invitation: mailtoken.Invite,
	}[m.Kind]
	if !carries {
		return nil
	}
	alive, err := mailtoken.Alive(ctx, s.DB, s.Now(), l.user, purpose, l.secret)
	if err == nil && !alive {
		return &dropped{"token_over"}
	}
	return err
}

func (s *Service) mail(ctx context.Context, l letter) error {
	m, err := l.mail()
	if err != nil {
		return err
	}
	// Codes count for little without the password, and what keeps the second factor on is sent in any case.
	opens := l.secret != "" && l.message.Kind != outbox.Code && l.message.Kind != outbox.DisableCancel
	var sender mail.Sender
	switch { // whoever took an account's mail over would keep back what tells of it
	case l.message.Kind.ToOwners():
		sender, err = s.Channels.MailBefore(ctx, l.account.ID, l.way)
	case l.message.Kind == outbox.TestMail: // of the account's own server, whoever chose it and whoever asks
		sender, err = s.Channels.MailOf(ctx, l.account.ID)
	case s.Channels.Mail != nil && aboutServer(l.message.Kind):
		sender = s.Channels.Mail
	default:
		sender, err = s.Channels.MailTo(ctx, l.account.ID, l.user.Role, opens)
	}
	if errors.Is(err, channel.ErrNoMail) && l.secret == "" && l.message.Kind != outbox.TestMail {
		// Who runs a server without mail has chosen that nobody gets notices; a warning for each would bury the others.
		return &dropped{channel.ErrNoMail.Code}
	}
	if errors.Is(err, channel.ErrNotOwners) {
		return &dropped{channel.ErrNotOwners.Code}
	}
	if err != nil {
		return err
	}
	return sender.Send(ctx, m)
}

// aboutServer says whether a message tells whoever did it of a change of the account's own mail server.
func aboutServer(k outbox.Kind) bool { return k == outbox.MailServerSet || k == outbox.MailServerGone }

// Test sends the test message to a person at once, past the queue, because they wait for what comes of it.
// Errors: channel.ErrNoMail, and those of package mail.
func (s *Service) Test(ctx context.Context, a account.Account, u user.User, by audit.Actor) error {
	now := s.Now()
	m := outbox.Message{
		AccountID: a.ID, ID: outbox.NewID(now), UserID: u.ID, Channel: outbox.Mail, Kind: outbox.TestMail, Language: by.Language, CreatedAt: now,
	}
	l, err := s.letter(ctx, m, a, u)
	if err == nil {
		err = s.mail(ctx, l)
	}
	result := outbox.Sent
	if err != nil {
		result = outbox.Failed
	}
	s.count(m, string(result))
	return err
}

func (s *Service) text(ctx context.Context, l letter) (string, error) {
	if s.Channels.SMS == nil {
		return "", channel.ErrNoSMS
	}
	text, err := l.text()
	if err != nil {
		return "", err
	}
	accepted, err := s.Channels.SMS.Send(ctx, sms.Message{ID: ReceiptID(l.account.ID, l.message.ID), To: l.to, Text: text})
	return accepted.Reference, err
}
