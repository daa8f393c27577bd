package domaintest

import (
	"context"
	"testing"

	"sallyport/internal/outbox"
)

// Letter is a row of the outbox.
type Letter struct {
	ID, UserID      string
	Channel         outbox.Channel
	Kind            outbox.Kind
	State           outbox.State
	Detail, Facts   string
	Recipient, Once string
	Attempts        int64
}

// Letters are the rows of the outbox, the oldest first.
func (w *World) Letters(tb testing.TB) (all []Letter) {
	tb.Helper()
	err := w.DB.Each(context.Background(), `
		SELECT message_id, user_id, channel, kind, state, detail, facts, recipient, once, attempts FROM outbox ORDER BY created_at, message_id`, nil,
		func(scan func(...any) error) error {
			var l Letter
			err := scan(&l.ID, &l.UserID, &l.Channel, &l.Kind, &l.State, &l.Detail, &l.Facts, &l.Recipient, &l.Once, &l.Attempts)
			all = append(all, l)
			return err
		})
	if err != nil {
		tb.Fatalf("read the outbox: %v", err)
	}
	return all
}
