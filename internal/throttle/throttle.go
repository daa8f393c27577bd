// Package throttle makes guessing slow: failures in a row are counted and the
// waits after them grow.
//
// The counters are rows, because there may be many replicas and restarts must not
// forgive (security.md D2, D3). A wait is decided in the transaction that decides
// the attempt itself, with the counter's row held, so parallel guesses share one
// limit. Nothing but a complete sign-in clears a counter.
package throttle

import (
	"fmt"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
)

// Lock is how many failures in a row lock a factor until somebody clears it
// (product.md section 3; NIST SP 800-63B-4, rate limiting).
const Lock = 100

// ErrBlocked says that the wait after failed attempts is not over.
var ErrBlocked = errs.New(errs.TooMany, "too_many_attempts", "Too many attempts failed. Wait before you try again.")

// Blocked is ErrBlocked with the time that is left, said in words.
func Blocked(left time.Duration) *errs.Error {
	if left < time.Second {
		left = time.Second
	}
	return ErrBlocked.After(left).Saying(fmt.Sprintf("Too many attempts failed. Wait %s, then try again.", Words(left)))
}

// Words says a wait as people do, rounded up: "30 seconds", "1 minute", "15 minutes".
func Words(d time.Duration) string {
	if d <= 90*time.Second {
		return count(int((d+time.Second-1)/time.Second), "second")
	}
	return count(int((d+time.Minute-1)/time.Minute), "minute")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Longest is the longest wait there is.
const Longest = 15 * time.Minute

// Far is the instant after which no wait can end that began before now. One that seems to was begun by a
// clock that was ahead, and does not count (security.md F15), or it would keep somebody out for as long as that was wrong. Up to db.Apart
// ahead it does: what one server's clock forgives, a guesser of two servers gets for free, each time anew.
func Far(now time.Time) time.Time { return now.Add(Longest + db.Apart) }

// Remaining is how long a wait until then still lasts at now; zero if it is over or does not count.
func Remaining(until, now time.Time) time.Duration {
	if left := until.Sub(now); left > 0 && !until.After(Far(now)) {
		return left
	}
	return 0
}

// Wait is how long nothing is accepted after so many failures in a row: none
// below five, then 30 s, 1, 2, 4, 8 and from then on 15 minutes.
func Wait(failures int64) time.Duration {
	switch {
	case failures < 5:
		return 0
	case failures == 5:
		return 30 * time.Second
	case failures < 10:
		return time.Minute << (failures - 6)
	default:
		return Longest
	}
}
