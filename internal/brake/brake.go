// Package brake bounds how many codes are sent, because each costs money and reaches a
// telephone that may be a stranger's (SMS pumping, security.md B94).
//
// Every send is charged in the transaction that queues it: to the address (three in ten
// minutes, five in an hour, whoever asks, and of these two in an hour from people who have not
// proved yet that it is theirs), to the person (five in an hour), and for texts
// to the account's, the network's and the deployment's day. The limits of minutes and
// hours are exact over any span of that length, not per clock hour: each send takes the
// slot of one that is old enough, and where there is none it is refused.
package brake

import (
	"encoding/hex"
	"errors"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/token"
)

// ErrStopped says that too many codes were sent already.
var ErrStopped = errs.New(errs.TooMany, "too_many_codes_sent",
	"Too many codes were sent. Use another way, or wait an hour and ask for a new code.")

// ErrMails says that too many mails with a token were asked for.
var ErrMails = errs.New(errs.TooMany, "too_many_mails", "Too many mails were asked for. Wait an hour, then ask again.")

// ErrTests says that an account's administrators sent too many test messages.
var ErrTests = errs.New(errs.TooMany, "too_many_tests", "Too many test messages were sent. Wait ten minutes before you send another.")

// ErrGiven says that an administrator gave out as many backup codes as one may.
var ErrGiven = errs.New(errs.TooMany, "too_many_codes_given", "You have given out ten backup codes within an hour. Wait before you give out another, or ask another administrator.")

// Limit names a limit, for the record and the metrics.
type Limit string

// The limits.
const (
	PerAddress Limit = "address"
	PerUser    Limit = "user"
	PerAccount Limit = "account"
	PerPrefix  Limit = "prefix"
	PerDay     Limit = "deployment"
)

// Limits are the daily limits of texts; 0 stops them all.
type Limits struct {
	Account int // of one account; an account's policy may ask for less
	Prefix  int // to one network range, over all accounts
	Day     int // in all
}

// Send is one code that is to be sent.
type Send struct {
	AccountID, UserID string
	Address           string // canonical: E.164, or an e-mail address
	Unproved          bool   // the person has not proved yet that the address is theirs
	Text              bool   // a text message; mails have no daily limits
	Prefix            string // of a number: its network range
	Budget            int    // the account's own daily limit of texts; 0 for the deployment's
	Tells             bool   // a text that only tells: what caused it was charged, so the day's limits alone bound it
}

// ChargeMail returns the statements that charge a mail with a token. What names the purpose: what a stranger asks
// for must not use up the codes that go to the same mailbox. Where a limit is reached they fail with ErrMails.
func ChargeMail(now time.Time, what string, s Send) []db.Stmt {
	var limits []exact
	if s.UserID != "" {
		limits = append(limits, exact{PerUser, s.AccountID, what + ":" + s.UserID, 5, time.Hour})
	}
	var stmts []db.Stmt
	for _, x := range append(limits, perAddress(what, s.Address)...) {
		charge := take(x, now)
		charge.Else = ErrMails.Because(&stop{x.limit})
		stmts = append(stmts, slots(x), charge)
	}
	return stmts
}

// perAddress bounds what goes to one address.
func perAddress(what, address string) []exact {
	return []exact{
		{PerAddress, "", what + "10m:" + hashed(address), 3, 10 * time.Minute},
		{PerAddress, "", what + "1h:" + hashed(address), 5, time.Hour},
	}
}

// unproved bounds the part of perAddress that goes to people who only say that an address is theirs. What is left is for those who
// have proved it: one code in any ten minutes and three in any hour, however many strangers in however many accounts enter the address.
func unproved(address string) exact {
	return exact{PerAddress, "", "unproved:" + hashed(address), 2, time.Hour}
}

// hashed is an address as a subject: nobody should read a list of addresses in the table.
func hashed(address string) string { return hex.EncodeToString(token.Hash(address)) }

// stopped is ErrStopped with the limit that it was.
func stopped(l Limit) error { return ErrStopped.Because(&stop{l}) }

type stop struct{ limit Limit }

func (s *stop) Error() string { return "limit per " + string(s.limit) }

// LimitOf tells which limit stopped a send, "" if err is none of this package's.
func LimitOf(err error) Limit {
	var s *stop
	if errors.As(err, &s) {
		return s.limit
	}
	return ""
}

// exact is a limit over any span of a length.
type exact struct {
	limit     Limit
	accountID string
	subject   string
	most      int
	span      time.Duration
}

// Charge returns the statements that charge a send. Where a limit is reached they fail with
// ErrStopped, and nothing of their transaction happens.
func (l Limits) Charge(now time.Time, s Send) []db.Stmt {
	var stmts []db.Stmt
	if !s.Tells {
		limits := append([]exact{{PerUser, s.AccountID, "user:" + s.UserID, 5, time.Hour}}, perAddress("", s.Address)...)
		if s.Unproved {
			limits = append(limits, unproved(s.Address))
		}
		for _, x := range limits {
			stmts = append(stmts, slots(x), take(x, now))
		}
	}
	if !s.Text {
		return stmts
	}
	budget := l.Account
	if s.Budget > 0 {
		budget = min(budget, s.Budget)
	}
	return append(stmts,
		count(PerAccount, s.AccountID, "texts", budget, now),
		count(PerPrefix, "", "prefix:"+s.Prefix, l.Prefix, now),
		count(PerDay, "", "texts", l.Day, now))
}

// ChargeTest returns the statements that charge a test message: five in ten minutes for an account. Each connects to a
// host that somebody chose, so without an end they would search a network. Where the limit is reached they fail with ErrTests.
func ChargeTest(now time.Time, accountID string) []db.Stmt {
	x := exact{PerAccount, accountID, "tests", 5, 10 * time.Minute}
	charge := take(x, now)
	charge.Else = ErrTests
	return []db.Stmt{slots(x), charge}
}

// ChargeGiven returns the statements that charge a backup code that an administrator gives out: ten in an hour, so that one
// who is careless, or whose session was stolen, opens no more doors than that. Where the limit is reached they fail with ErrGiven.
func ChargeGiven(now time.Time, accountID, adminID string) []db.Stmt {
	x := exact{PerUser, accountID, "given:" + adminID, 10, time.Hour}
	charge := take(x, now)
	charge.Else = ErrGiven
	return []db.Stmt{slots(x), charge}
}

// invitations is how many invitations an account may send a day.
const invitations = 500

// ChargeInvitation returns the statements that charge an invitation, to the address and to the account's day: each is a mail to
// somebody who may never have heard of us. Where a limit is reached they fail with ErrMails.
func ChargeInvitation(now time.Time, accountID, address string) []db.Stmt {
	day := count(PerAccount, accountID, "invitations", invitations, now)
	day.Else = ErrMails.Because(&stop{PerAccount})
	return append(ChargeMail(now, "invite", Send{Address: address}), day)
}
