package throttle

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/db"
)

// PerMinute is how many times in a minute Sparingly writes for one counter.
const PerMinute = 10

// errEnough is inside Sparingly only: the minute has its notes.
var errEnough = errors.New("throttle: enough was noted in this minute")

// Sparingly carries out what record returns, in one transaction with its count, if that was done fewer than PerMinute times in the
// counter's minute; else it writes nothing. It is for the record of what somebody may cause as often as they like, and all servers share
// the count. Of the last in a minute record is told, so that it can say that more may follow.
//
// Such a counter has its count in failures and the end of its minute in blocked_until; nobody waits for it.
func Sparingly(ctx context.Context, d *db.DB, k Key, now time.Time, record func(last bool) []db.Stmt) error {
	// Past the limit this alone is done, so that a flood waits for no writer.
	switch full, err := enough(ctx, d, k, now); {
	case err != nil:
		return err
	case full:
		return nil
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		var n int64
		if err := tx.Run(ctx, note(k, now).Scan(&n)); err != nil {
			return err
		}
		return tx.Run(ctx, record(n == PerMinute)...)
	})
	if errors.Is(err, errEnough) { // others were faster
		return nil
	}
	return err
}
