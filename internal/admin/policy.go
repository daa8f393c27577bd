package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/adoption"
	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/phone"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Errors of the reminder.
var (
	ErrNothingAsked = errs.New(errs.Conflict, "nothing_asked", "Your organisation leaves the second factor to everybody’s own choice, so there is nothing to remind them of. Recommend or require it first.")
	ErrNoWay        = errs.New(errs.Conflict, "no_way_to_set_up", "Nobody can set up a second factor now: none of the allowed ways is part of your plan and working. See under Overview what is missing.")
)

// checkPolicy refuses what only this deployment knows to be wrong in place of a's policy: what has the shape of a country's code and is none, and
// what it can't do about passkeys.
func (s *Service) checkPolicy(a account.Account, is account.Policy) error {
	if _, err := phone.ParseCountries(is.SMSCountries); err != nil {
		return account.ErrPolicy.In("sms_countries").Because(err)
	}
	return s.Plans.CheckPasskeys(a, is, s.Now())
}

// Rollout is how far an account's people are, as its administrators see it.
type Rollout struct {
	Today    adoption.Day // the zero Day until a large account was counted for the first time
	Days     []adoption.Day
	Reminder adoption.Reminder
	NoWay    bool // nobody can set anything up
}

// chartDays is how far the chart goes back.
const chartDays = 90

// AdoptionOf tells an administrator how many have a second factor.
func (s *Service) AdoptionOf(ctx context.Context, w *session.Signed) (adoption.Day, error) {
	if err := Administrator(w.User); err != nil {
		return adoption.Day{}, err
	}
	return s.Adoption.Current(ctx, w.Account)
}

// Rollout tells an administrator who is set up, who is asked by when, and how that went over time.
func (s *Service) Rollout(ctx context.Context, w *session.Signed) (r Rollout, err error) {
	if r.Today, err = s.AdoptionOf(ctx, w); err != nil {
		return r, err
	}
	if r.Days, err = s.Adoption.History(ctx, w.Account, r.Today, chartDays); err != nil {
		return r, err
	}
	if r.Reminder, err = s.Adoption.Reminder(ctx, w.Account.ID); err != nil {
		return r, err
	}
	r.NoWay, err = s.noWay(ctx, w.Account)
	return r, err
}

// noWay reports whether nobody of an account can set up a second factor.
func (s *Service) noWay(ctx context.Context, a account.Account) (bool, error) {
	open, err := s.Channels.Of(ctx, a.ID)
	return account.NoWay(s.Plans.Offers(a, open.Mail, open.SMS, s.Now())), err
}

// Preview is what another policy does at once.
type Preview struct {
	Demands []Effect // what is another demand than now, owners first
	Names   []string // how the first are called who have no second factor and of whom one is demanded
	Ended   int      // people who are signed in without one, and whose sessions end
	Only    int      // people whose only second factors are of methods that are allowed no more; these go on to work
	Gone    []account.Method
	// Passkeys is how many people with a second factor must add a passkey before they are in again.
	Passkeys  int
	TrustEnds bool      // every browser that is trusted now is asked again
	NoWay     bool      // nothing can be set up: who is asked can't get in
	Counted   time.Time // when the numbers were counted; zero for just now
}

// Effect is what the policy asks of the people of a role who have no second factor.
type Effect struct {
	Role   user.Role
	Owed   account.Owed // by who has been there longest; newcomers may have more time
	People int
}

// Preview tells an administrator what putting p in place of the account's policy would do now, and whether that is so much that it
// is to be confirmed: something is demanded that was not, or sooner, or a method goes.
func (s *Service) Preview(ctx context.Context, w *session.Signed, p account.Policy) (v Preview, stricter bool, err error) {
	if err := acting(w); err != nil {
		return v, false, err
	}
	if err := s.checkPolicy(w.Account, p); err != nil {
		return v, false, err
	}
	now, was, is := s.Now(), w.Account, w.Account.Under(p, s.Now())
	for _, m := range was.Policy.Methods {
		if !slices.Contains(p.Methods, m) {
			v.Gone = append(v.Gone, m)
		}
	}
	today, err := s.Adoption.Current(ctx, w.Account)
	if err != nil {
		return v, false, err
	}
	v.Only = today.Only(v.Gone)
	if !today.Live {
		v.Counted = today.CountedAt
	}
	administrators := true
	for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
		somebody := user.User{Role: role, CreatedAt: w.Account.CreatedAt}.Standing(0)
		before, after := was.Owes(somebody, now), is.Owes(somebody, now)
		if !after.Stricter(before) {
			continue
		}
		v.Demands = append(v.Demands, Effect{role, after, today.Roles[role].Without})
		administrators = administrators && role.Administers()
	}
	wider := p.WantsMorePasskeys(was.Policy)
	stricter = len(v.Demands) > 0 || len(v.Gone) > 0 || wider
	v.TrustEnds = !is.TrustFrom.Equal(was.TrustFrom) && was.Policy.TrustedBrowserDays > 0
	if wider {
		if v.Passkeys, err = user.CountWithoutPasskey(ctx, s.DB, w.Account.ID, p.PasskeyRequired == account.PasskeyAdmins); err != nil {
			return v, stricter, err
		}
	}
	if len(v.Demands) > 0 || wider {
		if v.Names, err = adoption.Names(ctx, s.DB, w.Account.ID, administrators, 3); err != nil {
			return v, stricter, err
		}
		if v.NoWay, err = s.noWay(ctx, is); err != nil {
			return v, stricter, err
		}
		v.Ended, err = session.CountEnded(ctx, s.DB, is, now)
	}
	return v, stricter, err
}

// SetPolicy puts p in place of the policy that the administrator was shown. Every server follows it within a second.
//
// Errors: ErrNotAdministrator, session.ErrLevel, reauth.ErrFactorNeeded; account.ErrPolicy, whose field names the setting; account.ErrChanged if
// somebody else was faster.
func (s *Service) SetPolicy(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, was, p account.Policy, by audit.Actor) error {
	if err := s.may(proof, w); err != nil {
		return err
	}
	// What the session knows of the account may be old by a second, and since when something is demanded decides whose sessions end.
	a, err := account.Get(ctx, s.DB, w.Account.ID)
	if err != nil {
		return err
	}
	if a.Policy.Fingerprint() != was.Fingerprint() {
		return account.ErrChanged
	}
	if err := s.checkPolicy(a, p); err != nil {
		return err
	}
	if p.Fingerprint() == was.Fingerprint() {
		return nil
	}
	now := s.Now()
	more := append(still(w), user.EndOwing(a, a.Under(p, now), now)...)
	if err := account.ReplacePolicy(ctx, s.DB, now, a, p, by, more...); err != nil {
		return gone(err)
	}
	s.Adoption.Want(a.ID, now)
	return nil
}

// changed is the account as it is now, and its policy with the settings, each "name=value". Where version is given it is the
// fingerprint of the policy that the caller has seen, and it must still be that one.
func (s *Service) changed(ctx context.Context, w *session.Signed, version string, settings []string) (a account.Account, p account.Policy, err error) {
	if a, err = s.Account(ctx, w); err != nil {
		return a, p, err
	}
	if version != "" && version != a.Policy.Fingerprint() {
		return a, p, account.ErrChanged
	}
	p, err = a.Policy.With(settings...)
	return a, p, err
}

// ChangePolicy changes the settings, each "name=value", and nothing else: what somebody else changes of the others at the same moment
// stands, unless the version is given that the caller has seen, a policy's fingerprint. It returns the policy as it is then.
//
// Errors: those of SetPolicy; account.ErrChanged for another version only.
func (s *Service) ChangePolicy(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, version string, settings []string, by audit.Actor) (account.Policy, error) {
	defer s.Sessions.Forget(w.User.AccountID, w.User.ID) // who did it sees it at once
	for {
		a, p, err := s.changed(ctx, w, version, settings)
		if err != nil {
			return p, err
		}
		// Each lost round is somebody else's change that succeeded, so the loop ends.
		if err := s.SetPolicy(ctx, proof, w, a.Policy, p, by); version != "" || !errors.Is(err, account.ErrChanged) {
			return p, err
		}
	}
}

// PreviewChange is Preview of what ChangePolicy would do, with the policy that would be.
func (s *Service) PreviewChange(ctx context.Context, w *session.Signed, version string, settings []string) (Preview, account.Policy, bool, error) {
	a, p, err := s.changed(ctx, w, version, settings)
	if err != nil {
		return Preview{}, p, false, err
	}
	now := *w
	now.Account = a
	v, stricter, err := s.Preview(ctx, &now, p)
	return v, p, stricter, err
}

// Remind mails everybody who has no second factor and of whom one is demanded or wished. It returns how many were told at once;
// where there are many, the rest is told soon.
//
// Errors: ErrNotAdministrator, session.ErrLevel, reauth.ErrFactorNeeded, ErrNothingAsked, ErrNoWay, adoption.ErrReminded.
func (s *Service) Remind(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, by audit.Actor) (told adoption.Reminder, err error) {
	if err := s.may(proof, w); err != nil {
		return told, err
	}
	if p := w.Account.Policy; p.Enforcement == account.Optional && p.EnforcementAdmins == account.Optional {
		return told, ErrNothingAsked
	}
	if none, err := s.noWay(ctx, w.Account); err != nil {
		return told, err
	} else if none {
		return told, ErrNoWay
	}
	now := s.Now()
	err = s.DB.Run(ctx, append(still(w), adoption.Remind(now, w.Account.ID, by),
		audit.Record(now, audit.Event{AccountID: w.Account.ID, Action: audit.AccountReminded, Actor: by, Target: w.Account.ID}))...)
	if err != nil {
		return told, s.Adoption.Explain(ctx, w.Account.ID, gone(err))
	}
	if err := s.Adoption.RemindSome(ctx, w.Account.ID); err != nil {
		return told, err
	}
	return s.Adoption.Reminder(ctx, w.Account.ID)
}
