package sentcode_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/sentcode"
)

// TestWhatCannotBeACode is D6: it costs nothing, or is read as what was meant.
func TestWhatCannotBeACode(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		code := mustSend(t, w, sms, "ses_1")
		for _, typed := range []string{"", "abcdef", code[:5], code + "1", code + "\x00", "\x00", "\xff\xff", "1e5000", "-12345", "١٢٣٤٥٦", " ", code + "\n" + code} {
			want(t, fmt.Sprintf("%q", typed), enter(w, w.Ada, "ses_1", typed), factor.ErrMalformed)
		}
		if n := failures(t, w, sms); n != 0 {
			t.Fatalf("charged %d times", n)
		}
		want(t, "with a blank", enter(w, w.Ada, "ses_1", code[:3]+" "+code[3:]), nil)
		w.Clock.Advance(time.Minute)
		wide := ""
		for _, r := range mustSend(t, w, sms, "ses_1") {
			wide += string(r - '0' + '０')
		}
		want(t, "in full width", enter(w, w.Ada, "ses_1", wide), nil)
	})
}

// TestNothingIsSentToTheBlocked: to a device that takes no code none is sent, and none is charged.
func TestNothingIsSentToTheBlocked(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		if err := w.DB.Run(t.Context(), db.Write(`UPDATE factors SET failures = 100 WHERE factor_id = $1`, sms.ID)); err != nil {
			t.Fatal(err)
		}
		before := len(w.Letters(t))
		want(t, "locked", send(w, sms, "ses_1"), factor.ErrLocked)
		if n := len(w.Letters(t)); n != before {
			t.Errorf("%d messages were queued", n-before)
		}
	})
}

// TestStopIsRecordedOnce: in the audit log once a day, in the metrics each time; and nothing is queued.
func TestStopIsRecordedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		stopped := map[brake.Limit]int{}
		w.Codes.Stopped = func(l brake.Limit) { stopped[l]++ }
		recorded := func() (n int) {
			if err := w.DB.Get(t.Context(), `SELECT count(*) FROM audit_events WHERE action = 'code.send_stopped' AND target_id = $1`, []any{sms.ID}, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for day := range 2 {
			for i := range 3 {
				mustSend(t, w, sms, fmt.Sprint("ses_", day, i))
			}
			before := len(w.Letters(t))
			for range 4 {
				want(t, "a fourth", send(w, sms, "ses_9"), brake.ErrStopped)
			}
			if n := recorded(); n != day+1 {
				t.Errorf("day %d: recorded %d times", day+1, n)
			}
			if stopped[brake.PerAddress] != 4*(day+1) {
				t.Errorf("day %d: counted %v", day+1, stopped)
			}
			if n := len(w.Letters(t)); n != before {
				t.Errorf("%d messages were queued", n-before)
			}
			w.Clock.Advance(24 * time.Hour)
		}
	})
}

// TestSendWritesAllOrNothing: code, charge, message and record are one transaction.
func TestSendWritesAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		count := func(table string) (n int) {
			if err := w.DB.Get(t.Context(), `SELECT count(*) FROM `+table, nil, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		mustSend(t, w, sms, "ses_1")
		letters, events := count("outbox"), count("audit_events")
		want(t, "too soon", send(w, sms, "ses_1"), factor.ErrTooSoon)
		if count("outbox") != letters || count("audit_events") != events {
			t.Error("a send that was refused left something")
		}
		mustSend(t, w, sms, "ses_2")
		if count("outbox") != letters+1 || count("audit_events") != events+1 {
			t.Error("a send is one message and one event")
		}
	})
}

// TestDeadCodesAreNotDelivered: an old one after a newer, one used, one too late, one of a device that is gone.
func TestDeadCodesAreNotDelivered(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		deliver := func(id string) error {
			_, err := w.Factors.Deliver(t.Context(), w.Ada.AccountID, w.Ada.ID, id)
			return err
		}
		sent := func(request string) string {
			mustSend(t, w, sms, request)
			c, err := factor.Sent(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID, request)
			if err != nil || c.Code != "" {
				t.Fatalf("%+v, %v; want a code that is not opened", c, err)
			}
			return c.ID
		}
		old := sent("ses_1")
		w.Clock.Advance(time.Minute)
		newest := sent("ses_1")
		want(t, "the old one", deliver(old), factor.ErrCodeOver)
		want(t, "the new one", deliver(newest), nil)
		if _, err := w.Factors.Deliver(t.Context(), w.Alan.AccountID, w.Alan.ID, newest); !errors.Is(err, factor.ErrCodeOver) {
			t.Errorf("of another person: %v", err)
		}
		want(t, "its use", enter(w, w.Ada, "ses_1", w.SentCode(t, w.Ada, "ses_1")), nil)
		want(t, "a used one", deliver(newest), factor.ErrCodeOver)
		late := sent("ses_2")
		w.Clock.Advance(10 * time.Minute)
		want(t, "a late one", deliver(late), factor.ErrCodeOver)
		w.Clock.Advance(time.Hour)
		gone := sent("ses_3")
		if err := w.DB.Run(t.Context(), db.Write(`DELETE FROM factors WHERE factor_id = $1`, sms.ID)); err != nil {
			t.Fatal(err)
		}
		want(t, "of a device that is gone", deliver(gone), factor.ErrCodeOver)
	})
}

// TestSweepSent leaves what can still be entered.
func TestSweepSent(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		sweep := func() {
			if _, err := factor.SweepSent(t.Context(), w.DB, w.Clock.Now(), 100); err != nil {
				t.Fatal(err)
			}
		}
		code := mustSend(t, w, sms, "ses_1")
		w.Clock.Advance(9 * time.Minute)
		sweep()
		want(t, "after a sweep", enter(w, w.Ada, "ses_1", code), nil)
		w.Clock.Advance(time.Hour)
		sweep()
		if _, err := factor.Sent(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID, "ses_1"); !errors.Is(err, factor.ErrNotFound) {
			t.Errorf("after an hour it lies there still: %v", err)
		}
	})
}

// FuzzClean: whatever is typed becomes six digits, in the same form again, or is refused.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "１２３４５６", "12345", "1234567", "\x00", "123\u200b456", "abc", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := sentcode.Method{Of: factor.SMS}.Clean(typed)
		if err != nil {
			if !errors.Is(err, factor.ErrMalformed) {
				t.Fatalf("%q: %v", typed, err)
			}
			return
		}
		if len(code) != 6 {
			t.Fatalf("%q became %q", typed, code)
		}
		if again, err := (sentcode.Method{}).Clean(code); again != code || err != nil {
			t.Fatalf("%q became %q, and that %q, %v", typed, code, again, err)
		}
	})
}
