package brake_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
)

var start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

var wide = brake.Limits{Account: 1000, Prefix: 1000, Day: 10_000}

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(every, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return every
}

func mail(user, address string) brake.Send {
	return brake.Send{AccountID: "acc_1", UserID: user, Address: address}
}

func text(account, user, number string) brake.Send {
	return brake.Send{AccountID: account, UserID: user, Address: number, Text: true, Prefix: number[:5]}
}

// TestExactWindows: the limits hold over any span of their length, at its borders to the microsecond.
func TestExactWindows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := start
		send := func(after time.Duration, s brake.Send, want brake.Limit) {
			t.Helper()
			now = now.Add(after)
			err := d.Run(t.Context(), wide.Charge(now, s)...)
			if got := brake.LimitOf(err); got != want || (err != nil) != errors.Is(err, brake.ErrStopped) {
				t.Fatalf("at %s: %v, want the limit %q", now.Sub(start), err, want)
			}
		}
		const a = "a@acme.test"
		for range 3 {
			send(0, mail("usr_1", a), "")
		}
		send(10*time.Minute-time.Microsecond, mail("usr_1", a), brake.PerAddress)
		send(0, mail("usr_2", a), brake.PerAddress) // whoever asks
		send(0, brake.Send{AccountID: "acc_2", UserID: "usr_9", Address: a}, brake.PerAddress)
		send(0, mail("usr_1", "b@acme.test"), "") // another address is free; that is the person's fourth
		send(time.Microsecond, mail("usr_1", a), "")
		send(0, mail("usr_1", "c@acme.test"), brake.PerUser)
		send(0, mail("usr_2", a), "") // the address's fifth
		send(10*time.Minute, mail("usr_2", a), brake.PerAddress)
		send(39*time.Minute+59*time.Second, mail("usr_1", "c@acme.test"), brake.PerUser)
		send(time.Second, mail("usr_1", "c@acme.test"), "") // an hour after the first three
		if e := errs.From(d.Run(t.Context(), wide.Charge(now.Add(-time.Hour), mail("usr_1", a))...)); e != nil && e.Kind != errs.TooMany {
			t.Errorf("a stop is of the kind %d, want TooMany", e.Kind)
		}
	})
}

// TestUnprovedTakeASmallPart: whoever has not proved an address takes two of its five codes an hour, of the same five.
func TestUnprovedTakeASmallPart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const number = "+436641234567"
		now, users := start, 0
		send := func(after time.Duration, unproved bool, want brake.Limit) {
			t.Helper()
			now, users = now.Add(after), users+1
			s := text(fmt.Sprint("acc_", users), fmt.Sprint("usr_", users), number)
			s.Unproved = unproved
			if got := brake.LimitOf(d.Run(t.Context(), wide.Charge(now, s)...)); got != want {
				t.Fatalf("at %s, unproved %t: stopped by %q, want %q", now.Sub(start), unproved, got, want)
			}
		}
		send(0, true, "")
		send(0, true, "")
		send(0, true, brake.PerAddress) // there would be a third in ten minutes
		send(0, false, "")
		send(0, false, brake.PerAddress) // for them too it is three in ten minutes
		send(10*time.Minute, true, brake.PerAddress)
		send(0, false, "")
		send(0, false, "")
		send(0, false, brake.PerAddress) // and five in an hour
		send(50*time.Minute-time.Microsecond, true, brake.PerAddress)
		send(time.Microsecond, false, "") // an hour after the first three
		send(0, false, "")
		send(0, false, "")
		send(0, true, brake.PerAddress) // what the others took is taken
		send(10*time.Minute, true, "")
	})
}

// TestAnySpan draws hours of sends and looks at every span afterwards.
func TestAnySpan(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		now, sent, unproved := start, map[string][]time.Time{}, map[string][]time.Time{}
		for range rapid.IntRange(1, 60).Draw(r, "sends") {
			now = now.Add(time.Duration(rapid.OneOf(rapid.Int64Range(0, 120), rapid.Int64Range(0, 1500)).Draw(r, "seconds")) * time.Second)
			user, address := fmt.Sprintf("usr_%d_%d", round, rapid.IntRange(1, 2).Draw(r, "user")), fmt.Sprintf("%d.%d@acme.test", round, rapid.IntRange(1, 3).Draw(r, "address"))
			s := mail(user, address)
			s.Unproved = rapid.Bool().Draw(r, "unproved")
			err := d.Run(t.Context(), wide.Charge(now, s)...)
			free := count(sent[address], now, 10*time.Minute) < 3 && count(sent[address], now, time.Hour) < 5 && count(sent[user], now, time.Hour) < 5 &&
				(!s.Unproved || count(unproved[address], now, time.Hour) < 2)
			if free != (err == nil) {
				r.Fatalf("%s to %s by %s, unproved %t: %v, though the limits say %v", now.Sub(start), address, user, s.Unproved, err, free)
			}
			if err == nil {
				sent[user], sent[address] = append(sent[user], now), append(sent[address], now)
				if s.Unproved {
					unproved[address] = append(unproved[address], now)
				}
			}
		}
	})
}

// count tells how many lie in the span that ends at now.
func count(all []time.Time, now time.Time, span time.Duration) (n int) {
	for _, at := range all {
		if now.Sub(at) < span {
			n++
		}
	}
	return n
}

// TestParallelSendsShareTheLimits: at one moment as many as the limit allows are sent, no fewer and no more.
func TestParallelSendsShareTheLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		cases := []struct {
			name string
			want int64
			send func(i int) brake.Send
		}{
			{"one address, many people", 3, func(i int) brake.Send { return mail(fmt.Sprint("usr_", i), "one@acme.test") }},
			{"one person, many addresses", 5, func(i int) brake.Send { return mail("usr_x", fmt.Sprint(i, "@acme.test")) }},
			{"one account", 20, func(i int) brake.Send { return text("acc_2", fmt.Sprint("usr_", i), fmt.Sprint("+436641234", 100+i)) }},
		}
		limits := brake.Limits{Account: 20, Prefix: 1000, Day: 10_000}
		burst := func(at time.Time, senders int64, send func(i int) brake.Send) int64 {
			var sent atomic.Int64
			var wg sync.WaitGroup
			for i := range senders {
				wg.Go(func() {
					switch err := d.Run(t.Context(), limits.Charge(at, send(int(i)))...); {
					case err == nil:
						sent.Add(1)
					case !errors.Is(err, brake.ErrStopped):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			return sent.Load()
		}
		for _, c := range cases {
			for day := range 4 { // from the second on, all rows are there
				at := start.AddDate(0, 0, day)
				if n := burst(at, c.want, c.send); n != c.want {
					t.Errorf("%s: of as many as the limit allows %d were sent, want %d", c.name, n, c.want)
				}
				if n := burst(at, 30, c.send); n != 0 {
					t.Errorf("%s: %d more were sent", c.name, n)
				}
			}
		}
	})
}

// TestClockJumps is F15: a clock that was ahead stops nobody for longer than a span, one that is put back a little frees nobody.
func TestClockJumps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		try := func(now time.Time) error {
			return d.Run(t.Context(), wide.Charge(now, mail("usr_1", "a@acme.test"))...)
		}
		for range 3 {
			if err := try(start.AddDate(10, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := try(start); err != nil {
				t.Fatalf("after a clock that was ten years ahead: %v", err)
			}
		}
		for _, back := range []time.Duration{time.Microsecond, time.Second, 9 * time.Minute} {
			if err := try(start.Add(-back)); !errors.Is(err, brake.ErrStopped) {
				t.Errorf("with the clock put back by %s: %v, want a stop", back, err)
			}
		}
	})
}

// TestDaysOfTexts: the account's own budget, the deployment's for an account, the network's, the day's; a new day is a new count.
func TestDaysOfTexts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		limits := brake.Limits{Account: 4, Prefix: 6, Day: 9}
		n := 0
		send := func(account string, budget int, prefix string, at time.Time) brake.Limit {
			n++
			s := text(account, fmt.Sprint("usr_", n), fmt.Sprint("+43664", 1_000_000+n))
			s.Budget, s.Prefix = budget, prefix
			err := d.Run(t.Context(), limits.Charge(at, s)...)
			if err != nil && !errors.Is(err, brake.ErrStopped) {
				t.Fatal(err)
			}
			return brake.LimitOf(err)
		}
		expect := func(what string, got, want brake.Limit) {
			t.Helper()
			if got != want {
				t.Errorf("%s: stopped by %q, want %q", what, got, want)
			}
		}
		for range 2 {
			expect("within its budget", send("acc_1", 2, "+43664", start), "")
		}
		expect("above its budget", send("acc_1", 2, "+43664", start), brake.PerAccount)
		for range 4 {
			expect("without a budget", send("acc_2", 0, "+43664", start), "")
		}
		expect("above the deployment's limit", send("acc_2", 9, "+43664", start), brake.PerAccount)
		expect("above the network's", send("acc_3", 0, "+43664", start), brake.PerPrefix)
		for range 3 {
			expect("another network", send("acc_3", 0, "+43660", start), "")
		}
		expect("above the day's", send("acc_4", 0, "+43699", start), brake.PerDay)
		expect("the next day", send("acc_1", 2, "+43664", start.AddDate(0, 0, 1)), "")
		if err := d.Run(t.Context(), limits.Charge(start, mail("usr_m", "m@acme.test"))...); err != nil {
			t.Errorf("a mail, which has no day's limit: %v", err)
		}
		for _, zero := range []brake.Limits{{Prefix: 9, Day: 9}, {Account: 9, Day: 9}, {Account: 9, Prefix: 9}} {
			if err := d.Run(t.Context(), zero.Charge(start.AddDate(0, 0, 9), text("acc_9", "usr_9", "+436641234567"))...); !errors.Is(err, brake.ErrStopped) {
				t.Errorf("%+v: %v, want all stopped", zero, err)
			}
		}
	})
}

// TestPumping is B94: thousands of requests over one number, by as many people and accounts as one likes.
func TestPumping(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now, sent, requests := start, []time.Time(nil), soak(600, 10_000)
		for i := range requests {
			now = now.Add(10 * time.Second)
			err := d.Run(t.Context(), wide.Charge(now, text(fmt.Sprint("acc_", i%7), fmt.Sprint("usr_", i), "+436641234567"))...)
			if err == nil {
				sent = append(sent, now)
			} else if !errors.Is(err, brake.ErrStopped) {
				t.Fatal(err)
			}
		}
		for i, at := range sent {
			if i >= 3 && at.Sub(sent[i-3]) < 10*time.Minute || i >= 5 && at.Sub(sent[i-5]) < time.Hour {
				t.Fatalf("text %d, at %s, is too many", i, at.Sub(start))
			}
		}
		if most := 5 * (requests/360 + 1); len(sent) == 0 || len(sent) > most {
			t.Errorf("%d of %d were sent, at most %d", len(sent), requests, most)
		}
	})
}

// TestSweepForgetsNoLimit: what can still bound anything stays, the rest goes, and nothing grows for ever.
func TestSweepForgetsNoLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 3 {
			if err := d.Run(t.Context(), wide.Charge(start, text("acc_1", fmt.Sprint("usr_", i), "+436641234567"))...); err != nil {
				t.Fatal(err)
			}
		}
		sweep := func(now time.Time) {
			t.Helper()
			for {
				if n, err := brake.Sweep(t.Context(), d, now, 7); err != nil {
					t.Fatal(err)
				} else if n == 0 {
					return
				}
			}
		}
		sweep(start.Add(9 * time.Minute))
		if err := d.Run(t.Context(), wide.Charge(start.Add(9*time.Minute), text("acc_1", "usr_9", "+436641234567"))...); !errors.Is(err, brake.ErrStopped) {
			t.Errorf("after a sweep: %v, want a stop", err)
		}
		already := errors.New("noted")
		for i, want := range []error{nil, already} {
			if err := d.Run(t.Context(), brake.FirstStop(start, brake.PerUser, "acc_1", "usr_1", already)); !errors.Is(err, want) {
				t.Errorf("note %d of a stop: %v, want %v", i+1, err, want)
			}
		}
		sweep(start.AddDate(0, 0, 3))
		var left int
		if err := d.Get(t.Context(), `SELECT (SELECT count(*) FROM send_slots) + (SELECT count(*) FROM send_days)`, nil, &left); err != nil || left != 0 {
			t.Errorf("%d rows are left after three days, %v", left, err)
		}
	})
}

// TestClocksApartSendNoMore: of servers whose clocks are apart by more than a limit's span each finds what the other sent, but for the first round.
func TestClocksApartSendNoMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for ahead, most := range map[time.Duration]int{0: 15, 90 * time.Second: 20, 11 * time.Minute: 20} {
			sent := 0
			for minute := range 30 {
				for _, off := range []time.Duration{0, ahead, 0, ahead} {
					for range 5 {
						switch err := d.Run(t.Context(), brake.ChargeTest(start.Add(time.Duration(minute)*time.Minute+off), "acc_"+ahead.String())...); {
						case err == nil:
							sent++
						case !errors.Is(err, brake.ErrTests):
							t.Fatal(err)
						}
					}
				}
			}
			if sent > most {
				t.Errorf("%s apart: %d tests in half an hour, at most %d", ahead, sent, most)
			}
		}
	})
}
