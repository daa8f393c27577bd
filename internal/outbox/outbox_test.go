package outbox_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
)

var start = domaintest.Start

func notice(now time.Time, user string) db.Stmt {
	return outbox.Notice(now, "acc_1", user, outbox.FactorAdded, nil, audit.Operator())
}

func run(t *testing.T, d *db.DB, stmts ...db.Stmt) {
	t.Helper()
	if err := d.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
}

func lease(t *testing.T, d *db.DB, now time.Time, limit int) []outbox.Message {
	t.Helper()
	mails, err := outbox.Lease(t.Context(), d, now, outbox.Mail, nil, limit)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := outbox.Lease(t.Context(), d, now, outbox.SMS, nil, limit)
	if err != nil {
		t.Fatal(err)
	}
	return append(mails, texts...)
}

func one(t *testing.T, d *db.DB, now time.Time) outbox.Message {
	t.Helper()
	all := lease(t, d, now, 9)
	if len(all) != 1 {
		t.Fatalf("%d messages are due at %s, want one", len(all), now.Sub(start))
	}
	return all[0]
}

func stateOf(t *testing.T, d *db.DB, m outbox.Message) string {
	t.Helper()
	s, detail, err := outbox.StateOf(t.Context(), d, m.AccountID, m.UserID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return string(s) + detail
}

// TestOfTwoReplicasOneSends is F17: two servers, whose clocks are a little apart, race for five hundred messages.
func TestOfTwoReplicasOneSends(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const messages = 500
		var stmts []db.Stmt
		for i := range messages {
			stmts = append(stmts, notice(start, fmt.Sprint("usr_", i)))
		}
		run(t, d, stmts...)
		var mu sync.Mutex
		sent := map[string]int{}
		var wg sync.WaitGroup
		for replica := range 4 {
			wg.Go(func() {
				for {
					now := start.Add(time.Second - time.Duration(replica)*100*time.Millisecond)
					all, err := outbox.Lease(t.Context(), d, now, outbox.Mail, nil, 16)
					if err != nil {
						t.Error(err)
						return
					}
					for _, m := range all {
						mu.Lock()
						sent[m.ID]++
						mu.Unlock()
						if err := outbox.Settle(t.Context(), d, now, m, outbox.Sent, "", ""); err != nil {
							t.Error(err)
						}
					}
					if due, err := outbox.Due(t.Context(), d, now); err != nil || !due {
						return
					}
				}
			})
		}
		wg.Wait()
		if len(sent) != messages {
			t.Errorf("%d messages were sent, want %d", len(sent), messages)
		}
		twice := 0
		for _, n := range sent {
			if n != 1 {
				twice++
			}
		}
		if twice != 0 {
			t.Errorf("%d messages were sent more than once", twice)
		}
	})
}

// TestLease: it keeps others off, whose clocks may be a little behind; it ends by itself, and one given by a clock far ahead does not count (F15).
func TestLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, notice(start.Add(-time.Minute), "usr_1"))
		first := one(t, d, start)
		for _, at := range []time.Duration{0, -time.Microsecond, -time.Second, -30 * time.Second, outbox.LeaseFor - time.Microsecond} {
			due, err := outbox.Due(t.Context(), d, start.Add(at))
			if again := lease(t, d, start.Add(at), 9); len(again) != 0 || due || err != nil {
				t.Fatalf("%s after the lease: %d messages, due %v, %v; want none", at, len(again), due, err)
			}
		}
		second := one(t, d, start.Add(outbox.LeaseFor))
		if second.ID != first.ID || second.Attempts != 2 {
			t.Errorf("after the lease %s, attempt %d", second.ID, second.Attempts)
		}
		// What the first holder says now is too late.
		for _, err := range []error{
			outbox.Settle(t.Context(), d, start, first, outbox.Failed, "", "late"), outbox.Postpone(t.Context(), d, start, first, "late"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if s := stateOf(t, d, first); s != "queued" {
			t.Errorf("the first holder settled it: %s", s)
		}
		now := start.AddDate(-1, 0, 0)
		run(t, d, notice(now, "usr_2"))
		if other := one(t, d, start.Add(outbox.LeaseFor)); other.UserID != "usr_2" {
			t.Errorf("leased %s", other.UserID)
		}
		if all := lease(t, d, now, 9); len(all) != 1 {
			t.Errorf("with the clock put back a year %d are due, want the one that was due then", len(all))
		}
	})
}

// TestLeaseLeavesOutTheBusy: a channel and accounts that have enough going on are left alone, and what is given back was not tried.
func TestLeaseLeavesOutTheBusy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		by := audit.Operator()
		for _, account := range []string{"acc_1", "acc_2", "acc_3"} {
			run(t, d, outbox.Notice(start, account, "usr_1", outbox.FactorAdded, nil, by),
				outbox.SendCode(start, account, "usr_1", outbox.NewID(start), outbox.SMS, start.Add(time.Hour), by))
		}
		mails, err := outbox.Lease(t.Context(), d, start, outbox.Mail, []string{"acc_1", "acc_3"}, 9)
		if err != nil || len(mails) != 1 || mails[0].AccountID != "acc_2" || mails[0].Channel != outbox.Mail {
			t.Fatalf("leased %+v, %v; want the mail of acc_2", mails, err)
		}
		if err := outbox.Return(t.Context(), d, mails[0]); err != nil {
			t.Fatal(err)
		}
		again, err := outbox.Lease(t.Context(), d, start, outbox.Mail, nil, 9)
		if err != nil || len(again) != 3 {
			t.Fatalf("leased %d, %v; want three mails", len(again), err)
		}
		for _, m := range again {
			if m.Attempts != 1 {
				t.Errorf("%s counts attempt %d, want 1", m.AccountID, m.Attempts)
			}
		}
	})
}

// TestPostpone: delays grow, and a message keeps what failed last.
func TestPostpone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, notice(start, "usr_1"))
		now := start
		for i, wait := range []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			m := one(t, d, now)
			if err := outbox.Postpone(t.Context(), d, now, m, fmt.Sprint("why", i)); err != nil {
				t.Fatal(err)
			}
			if s := stateOf(t, d, m); s != fmt.Sprint("queuedwhy", i) {
				t.Errorf("after attempt %d: %s", i+1, s)
			}
			if len(lease(t, d, now.Add(wait-time.Microsecond), 9)) != 0 {
				t.Errorf("attempt %d comes before %s", i+2, wait)
			}
			now = now.Add(wait)
		}
	})
}

// TestReceipts is F13: duplicates, receipts out of order, unknown and forged ones, those that overtake the answer.
func TestReceipts(t *testing.T) {
	type said struct {
		s  outbox.State
		by string // "id", "reference", or what else it names
	}
	cases := []struct {
		name    string
		settled outbox.State // by us, before the receipts; empty for after them
		said    []said
		want    string
	}{
		{"delivered", outbox.Sent, []said{{outbox.Delivered, "id"}}, "delivered"},
		{"delivered, by the gateway's name", outbox.Sent, []said{{outbox.Delivered, "reference"}}, "delivered"},
		{"twice", outbox.Sent, []said{{outbox.Delivered, "id"}, {outbox.Delivered, "id"}}, "delivered"},
		{"sent comes late", outbox.Sent, []said{{outbox.Delivered, "id"}, {outbox.Sent, "id"}, {outbox.Sent, "reference"}}, "delivered"},
		{"failed comes late", outbox.Sent, []said{{outbox.Delivered, "id"}, {outbox.Failed, "id"}, {outbox.Failed, "reference"}}, "delivered"},
		{"sent after failed", outbox.Sent, []said{{outbox.Failed, "id"}, {outbox.Sent, "id"}, {outbox.Sent, "reference"}}, "failed"},
		{"delivered after failed", outbox.Sent, []said{{outbox.Failed, "id"}, {outbox.Delivered, "reference"}}, "delivered"},
		{"faster than the answer", "", []said{{outbox.Delivered, "id"}}, "delivered"},
		{"failed faster than the answer", "", []said{{outbox.Failed, "id"}}, "failed"},
		{"of another", outbox.Sent, []said{{outbox.Failed, "msg_0"}, {outbox.Failed, ""}}, "sent"},
		{"never sent", outbox.Dropped, []said{{outbox.Delivered, "id"}, {outbox.Delivered, "reference"}}, "dropped"},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bystander := outbox.NewID(start)
		run(t, d, outbox.SendCode(start.AddDate(1, 0, 0), "acc_1", "usr_2", bystander, outbox.SMS, start.AddDate(2, 0, 0), audit.Operator()))
		for i, c := range cases {
			now, ref := start.Add(time.Duration(i)*time.Minute), fmt.Sprint("ref-", i)
			run(t, d, outbox.SendCode(now, "acc_1", "usr_1", outbox.NewID(now), outbox.SMS, now.Add(time.Hour), audit.Operator()))
			m := one(t, d, now)
			settle := func(s outbox.State) {
				if err := outbox.Settle(t.Context(), d, now, m, s, ref, ""); err != nil {
					t.Fatal(err)
				}
			}
			if c.settled != "" {
				settle(c.settled)
			}
			for _, r := range c.said {
				messageID, reference := r.by, ""
				switch r.by {
				case "id":
					messageID = m.ID
				case "reference":
					messageID, reference = "", ref
				}
				if _, err := outbox.Receipt(t.Context(), d, now, "acc_1", messageID, reference, r.s, ""); err != nil {
					t.Fatal(err)
				}
				if _, err := outbox.Receipt(t.Context(), d, now, "acc_2", m.ID, "", outbox.Failed, "of another account"); err != nil {
					t.Fatal(err)
				}
			}
			if c.settled == "" {
				settle(outbox.Sent)
			}
			if s := stateOf(t, d, m); s != c.want {
				t.Errorf("%s: %s, want %s", c.name, s, c.want)
			}
		}
		if s, _, err := outbox.StateOf(t.Context(), d, "acc_1", "usr_2", bystander); s != outbox.Queued || err != nil {
			t.Errorf("the receipts made another message %s, %v", s, err)
		}
	})
}

// TestAReceiptIsOfTheNewest: a gateway has used its name for a text again, and says twice that the newer one arrived.
func TestAReceiptIsOfTheNewest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var texts []outbox.Message
		for i := range 2 {
			now := start.Add(time.Duration(i) * time.Minute)
			run(t, d, outbox.SendCode(now, "acc_1", "usr_1", outbox.NewID(now), outbox.SMS, now.Add(time.Hour), audit.Operator()))
			m := one(t, d, now)
			if err := outbox.Settle(t.Context(), d, now, m, outbox.Sent, "7", ""); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, m)
		}
		for range 2 {
			if _, err := outbox.Receipt(t.Context(), d, start, "", "", "7", outbox.Delivered, ""); err != nil {
				t.Fatal(err)
			}
		}
		if older, newer := stateOf(t, d, texts[0]), stateOf(t, d, texts[1]); older != "sent" || newer != "delivered" {
			t.Errorf("the older is %s and the newer %s", older, newer)
		}
	})
}

// TestReceiptIsEarly: a receipt by the gateway's name that comes before the gateway's answer is noted is asked for again, and
// one about what nobody sent is not.
func TestReceiptIsEarly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		receipt := func(want error) {
			t.Helper()
			if news, err := outbox.Receipt(t.Context(), d, start, "", "", "7", outbox.Delivered, ""); news || !errors.Is(err, want) {
				t.Errorf("news %v, %v; want %v", news, err, want)
			}
		}
		run(t, d, outbox.SendCode(start, "acc_1", "usr_1", outbox.NewID(start), outbox.SMS, start.Add(time.Hour), audit.Operator()), notice(start, "usr_1"))
		receipt(nil) // waits, but nobody sends it yet
		all := lease(t, d, start, 9)
		receipt(outbox.ErrEarly)
		for _, m := range all {
			if m.Channel == outbox.SMS {
				if err := outbox.Settle(t.Context(), d, start, m, outbox.Sent, "8", ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		receipt(nil) // a mail is still being sent, which has none
	})
}

// TestAMailHasNoReceipt: whoever knows a mail's id marks nothing by it.
func TestAMailHasNoReceipt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, notice(start, "usr_1"))
		m := one(t, d, start)
		if _, err := outbox.Receipt(t.Context(), d, start, "acc_1", m.ID, "", outbox.Delivered, ""); err != nil {
			t.Fatal(err)
		}
		if s := stateOf(t, d, m); s != "queued" {
			t.Errorf("a mail is %s by a receipt", s)
		}
	})
}

// TestOnce: of all with the same word one is kept, whoever is first; without a word, or of another person, all are.
func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := d.Run(t.Context(), outbox.Unfinished(start, "acc_1", "usr_1", audit.Operator())); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		run(t, d, outbox.Unfinished(start, "acc_1", "usr_2", audit.Operator()), outbox.Unfinished(start.AddDate(0, 0, 1), "acc_1", "usr_1", audit.Operator()),
			notice(start, "usr_1"), notice(start, "usr_1"))
		if n := len(lease(t, d, start.AddDate(0, 0, 2), 99)); n != 5 {
			t.Errorf("%d messages, want 5", n)
		}
	})
}

// TestNoticeIsOfItsTransaction: what is rolled back tells nobody.
func TestNoticeIsOfItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		no := errors.New("no")
		err := d.Run(t.Context(), notice(start, "usr_1"), db.Must(no, `UPDATE outbox SET state = state WHERE account_id = 'nobody'`))
		if !errors.Is(err, no) || len(lease(t, d, start, 9)) != 0 {
			t.Errorf("%v, and the notice is there all the same", err)
		}
	})
}

// TestSecretsEndWithTheMessage: a token lies sealed, opens nowhere else, and is gone when it is sent, failed or taken back.
func TestSecretsEndWithTheMessage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		secret := func() (raw []byte) {
			err := d.Get(t.Context(), `SELECT secret FROM outbox ORDER BY message_id DESC LIMIT 1`, nil, &raw)
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		for i, s := range []outbox.State{outbox.Sent, outbox.Failed, outbox.Dropped} {
			now := start.Add(time.Duration(i) * time.Second)
			stmt, err := outbox.SendToken(now, w.Ring, outbox.Message{
				AccountID: "acc_1", UserID: "usr_1", Channel: outbox.Mail, Kind: outbox.ResetToken, Secret: []byte("canary-token"), ExpiresAt: now.Add(time.Hour),
			}, audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			run(t, d, stmt)
			if raw := secret(); len(raw) == 0 || string(raw) == "canary-token" {
				t.Fatalf("stored as %q", raw)
			}
			m := one(t, d, now)
			moved := m
			moved.ID = "msg_0"
			if err := moved.Open(w.Ring); err == nil {
				t.Error("it opens under another message's id")
			}
			if err := m.Open(w.Ring); err != nil || string(m.Secret) != "canary-token" {
				t.Errorf("opened as %q, %v", m.Secret, err)
			}
			if err := outbox.Settle(t.Context(), d, now, m, s, "", ""); err != nil {
				t.Fatal(err)
			}
			if raw := secret(); len(raw) != 0 {
				t.Errorf("%s, and the token lies there still", s)
			}
		}
	})
}

// TestSweep: what waits or was settled lately stays, the rest goes.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		run(t, d, notice(start, "usr_1"), notice(start.Add(time.Second), "usr_2"))
		for _, c := range []struct {
			at   time.Duration
			want int64
		}{{outbox.Keep, 0}, {outbox.Keep + time.Second, 1}, {outbox.Keep + time.Hour, 1}} {
			if n, err := outbox.Sweep(t.Context(), d, start.Add(c.at), 9); n != c.want || err != nil {
				t.Errorf("after %s %d are swept, %v; want %d", c.at, n, err, c.want)
			}
		}
	})
}

// TestLeaseInOrder: what was queued first comes first, in whatever order the database finds it.
func TestLeaseInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const messages = 200
		for i := range messages {
			at := i * 77 % messages // 77 and 200 share no divisor
			run(t, d, notice(start.Add(time.Duration(at)*time.Millisecond), fmt.Sprint("usr_", at)))
		}
		all := lease(t, d, start.Add(time.Second), messages)
		if len(all) != messages {
			t.Fatalf("%d messages are due, want %d", len(all), messages)
		}
		for i, m := range all {
			if want := fmt.Sprint("usr_", i); m.UserID != want {
				t.Fatalf("message %d is to %s, want %s", i, m.UserID, want)
			}
		}
	})
}
