package adoption

import (
	"context"
	"errors"
	"sync"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
)

const (
	// again is how old a large account's count may be before looking at it asks for a new one.
	again = 5 * time.Minute
	// every is how often the background looks for days without a row.
	every = time.Minute
	// batch is how many accounts it counts at a time, and how many people one transaction reminds.
	batch = 100
)

// Service counts. Make it with New.
type Service struct {
	db  *db.DB
	now func() time.Time

	mu     sync.Mutex           // guards wanted and full
	wanted map[string]time.Time // accounts to count, unless that was done after the instant; losing it costs a later count
	full   int64                // the day that every account has a row of, as far as this server knows
	wake   chan struct{}
}

// New makes a Service.
func New(d *db.DB, now func() time.Time) *Service {
	return &Service{db: d, now: now, wanted: map[string]time.Time{}, wake: make(chan struct{}, 1)}
}

// Current is where an account's people stand: now for a small account, for a large one as it was counted last. The zero
// Day says that a large account has not been counted yet.
func (s *Service) Current(ctx context.Context, a account.Account) (Day, error) {
	now := s.now()
	last, err := newest(ctx, s.db, a.ID)
	if err != nil {
		return Day{}, err
	}
	if last.People() <= Most {
		c, err := count(ctx, s.db, a, now, Most)
		if !errors.Is(err, errMany) {
			return Day{Counts: c, Day: now.UTC().Truncate(24 * time.Hour), CountedAt: now, Live: true}, err
		}
	}
	s.Want(a.ID, now.Add(-again))
	return last, nil
}

// Want asks for a count of a large account off the request, unless one was made after the instant since.
func (s *Service) Want(accountID string, since time.Time) {
	s.mu.Lock()
	if since.After(s.wanted[accountID]) {
		s.wanted[accountID] = since
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Count counts an account's people now, however many they are: for the command line, where nobody else waits.
func (s *Service) Count(ctx context.Context, a account.Account) (Counts, error) {
	return count(ctx, s.db, a, s.now(), 0)
}

// History is how an account's people stood on each of the last days that were counted, the oldest first, and today as it is given.
func (s *Service) History(ctx context.Context, a account.Account, today Day, days int) ([]Day, error) {
	all, err := history(ctx, s.db, a.ID, number(s.now())-int64(days)+1)
	if err != nil || today.CountedAt.IsZero() {
		return all, err
	}
	if n := len(all); n > 0 && all[n-1].Day.Equal(today.Day) {
		all = all[:n-1]
	}
	return append(all, today), nil
}

// Run counts and reminds until ctx ends. failed is told what went wrong; it is tried again.
func (s *Service) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Work(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// Work does what waits: counts that are wanted, the day's row of each account, and reminders that were asked for.
func (s *Service) Work(ctx context.Context) error {
	s.mu.Lock()
	wanted := s.wanted
	s.wanted = map[string]time.Time{}
	full := s.full
	s.mu.Unlock()
	for accountID, since := range wanted {
		if err := s.recount(ctx, accountID, since); err != nil {
			return err
		}
	}
	if today := number(s.now()); full < today {
		if err := s.everyAccount(ctx, today); err != nil {
			return err
		}
	}
	return s.remind(ctx)
}

// everyAccount gives each account its row of the day.
func (s *Service) everyAccount(ctx context.Context, today int64) error {
	found := 0
	for after := ""; ; {
		ids, err := uncounted(ctx, s.db, today, after, batch)
		if err != nil {
			return err
		}
		for _, accountID := range ids {
			if err := s.recount(ctx, accountID, s.now()); err != nil {
				return err
			}
			after = accountID
		}
		if found += len(ids); len(ids) < batch {
			break
		}
	}
	if found == 0 { // else another server may have begun and not ended
		s.mu.Lock()
		s.full = today
		s.mu.Unlock()
	}
	return nil
}

// recount counts an account into the day's row, if it was not counted after since and nobody else is doing it.
func (s *Service) recount(ctx context.Context, accountID string, since time.Time) error {
	now := s.now()
	if taken, err := take(ctx, s.db, accountID, now, since); err != nil || !taken {
		return err
	}
	a, err := account.Get(ctx, s.db, accountID)
	if err != nil {
		return err
	}
	c, err := count(ctx, s.db, a, now, 0)
	if err != nil {
		return err
	}
	return s.db.Run(ctx, put(accountID, c, now))
}
