package db

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Time is an instant as both engines store it: Unix microseconds in a bigint, 0 for none.
// The clock is the caller's, never the database's.
type Time int64

// Skew is how far the clocks of servers on one database may be apart, and how much later
// a transaction may run than its own now says. What was written by a clock that is ahead by
// no more than this counts; beyond it the clock was wrong (security.md F15).
const Skew = time.Minute

// Apart is how far the clocks of servers may be apart before the limits on guesses and on sent codes grow weaker. A limit that was noted by
// a clock ahead holds for those behind; by so much longer may somebody wait after such a clock was set right.
const Apart = 15 * time.Minute

// FromTheFuture reports whether at is so far ahead of now that the clock must have been wrong when it was noted: what began then has no
// end that can be trusted (security.md F15).
func FromTheFuture(at, now time.Time) bool { return at.Sub(now) > 5*Skew }

// At turns a time into its stored form; the zero time becomes 0.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMicro())
}

// Std turns it back: UTC, microsecond precision, the zero time for 0.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(t)).UTC()
}

// Scan reads a bigint column; NULL is 0.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = 0
	case int64:
		*t = Time(v)
	default:
		return fmt.Errorf("db: a time is stored as bigint, not %T", src)
	}
	return nil
}

// Value writes a bigint.
func (t Time) Value() (driver.Value, error) { return int64(t), nil }
