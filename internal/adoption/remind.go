package adoption

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/outbox"
)

// remindEvery is how often an account's people can be reminded.
const remindEvery = 24 * time.Hour

// ErrReminded says that people were reminded less than a day ago.
var ErrReminded = errs.New(errs.TooMany, "reminded_today", "They were reminded less than a day ago. Wait until a day has passed: who gets the same mail twice reads neither.")

// Reminder is the last time that an account's people were reminded.
type Reminder struct {
	At   time.Time // zero for never
	Told int       // so far
	Done bool      // nobody is left to tell
}

// Explain returns ErrReminded with the time that is left, and other errors as they are.
func (s *Service) Explain(ctx context.Context, accountID string, err error) error {
	if !errors.Is(err, ErrReminded) {
		return err
	}
	last, readErr := s.Reminder(ctx, accountID)
	if left := last.Left(s.now()); readErr == nil && left > 0 {
		return ErrReminded.After(left)
	}
	return err
}

// Reminder tells when an account's people were reminded last, and how many.
func (s *Service) Reminder(ctx context.Context, accountID string) (Reminder, error) {
	return lastReminder(ctx, s.db, accountID)
}

// Left is how long nobody can be reminded again at now. A time that is yet to come, of a clock that was ahead, does not count.
func (r Reminder) Left(now time.Time) time.Duration {
	if r.At.After(now.Add(db.Skew)) {
		return 0
	}
	return max(0, r.At.Add(remindEvery).Sub(now))
}

// RemindSome mails the first people of an account whose reminder has begun, so that in a small one everybody is told at once; the
// rest is the background's.
func (s *Service) RemindSome(ctx context.Context, accountID string) error {
	_, err := s.remindBatch(ctx, accountID)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return err
}

// remind goes on with every reminder that was begun and not ended.
func (s *Service) remind(ctx context.Context) error {
	ids, err := running(ctx, s.db, batch)
	if err != nil {
		return err
	}
	for _, accountID := range ids {
		for more := true; more; {
			if more, err = s.remindBatch(ctx, accountID); err != nil {
				return err
			}
		}
	}
	return nil
}

// remindBatch reminds the next people of an account, and reports whether there may be more. How far it got stands in the row
// that the same transaction moves on, so of all servers that try one tells each person.
func (s *Service) remindBatch(ctx context.Context, accountID string) (more bool, err error) {
	a, err := account.Get(ctx, s.db, accountID)
	if err != nil {
		return false, err
	}
	r, err := readReminder(ctx, s.db, accountID)
	if err != nil || r.done || r.accountID == "" {
		return false, err
	}
	people, err := without(ctx, s.db, accountID, r.after, batch)
	if err != nil {
		return false, err
	}
	now, next := s.now(), r
	next.done = len(people) < batch
	var notices []db.Stmt
	for _, u := range people {
		next.after = u.ID
		if asked := facts(a.Owes(u.Standing(0), now)); asked != nil {
			next.told++
			notices = append(notices, outbox.Notice(now, accountID, u.ID, outbox.TwoFactorAsked, asked, r.by))
		}
	}
	err = s.db.Run(ctx, append([]db.Stmt{move(r, next)}, notices...)...)
	if errors.Is(err, errMoved) {
		return true, nil // another server told these people; the rest is looked at again
	}
	return !next.done, err
}

// facts are what a reminder says of what somebody owes; nil if that is nothing.
func facts(o account.Owed) map[string]string {
	switch o.Demand {
	case account.Advised, account.SetUp:
		return map[string]string{"demand": string(o.Demand)}
	case account.InGrace:
		return map[string]string{"demand": string(o.Demand), "until": o.By.UTC().Format(time.RFC3339)}
	default:
		return nil
	}
}
