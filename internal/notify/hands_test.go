package notify

import (
	"fmt"
	"testing"
	"time"

	"sallyport/internal/outbox"
)

func mailOf(account, n int) outbox.Message {
	return outbox.Message{Channel: outbox.Mail, AccountID: fmt.Sprint("acc_", account), ID: fmt.Sprintf("msg_%d_%d", account, n)}
}

// takeAll has every account take as much as it gets, up to per messages, and returns how many were taken.
func takeAll(h *hands, accounts, per int) (n int) {
	for a := range accounts {
		for m := range per {
			if room, _ := h.room(outbox.Mail); room > 0 && h.take(mailOf(a, n*1000+m)) {
				n++
			}
		}
	}
	return n
}

// TestHands: who may have how many, while servers are quick and while they are slow.
func TestHands(t *testing.T) {
	now := time.Date(2026, time.November, 27, 9, 0, 0, 0, time.UTC)
	h := newHands(func() time.Time { return now })
	if n := takeAll(h, 3, 20); n != 3*perAccount {
		t.Fatalf("three accounts have %d hands", n)
	}
	if n := takeAll(h, 20, 20); n != atOnce-3*perAccount {
		t.Fatalf("the others have %d hands", n)
	}
	if room, full := h.room(outbox.Mail); room != 0 || len(full) < 3 {
		t.Errorf("room for %d, %q have enough", room, full)
	}
	if room, full := h.room(outbox.SMS); room != atOnce || len(full) != 0 {
		t.Errorf("texts: room for %d, %q have enough", room, full)
	}
	now = now.Add(slowAfter - 1)
	if room, _ := h.room(outbox.Mail); room != 0 {
		t.Errorf("room for %d before they are slow", room)
	}
	now = now.Add(1)
	if room, _ := h.room(outbox.Mail); room != atOnce {
		t.Errorf("room for %d beside those that wait for slow servers", room)
	}
	if h.take(mailOf(0, 99)) {
		t.Error("an account has more than it may because its server is slow")
	}

	// Ever more servers do not answer.
	for range 20 {
		takeAll(h, 100, 20)
		now = now.Add(slowAfter)
	}
	if room, _ := h.room(outbox.Mail); room != 0 || h.count(outbox.Mail) != inAll {
		t.Errorf("room for %d, %d in all", room, h.count(outbox.Mail))
	}
	// The first give up: their accounts get one hand each, so those whose servers are quick have room.
	for a := range 3 {
		l := lane{outbox.Mail, fmt.Sprint("acc_", a)}
		for id := range h.busy[l] {
			h.free(outbox.Message{Channel: l.channel, AccountID: l.accountID, ID: id})
		}
	}
	room, _ := h.room(outbox.Mail)
	if room == 0 || !h.take(mailOf(0, 1)) || h.take(mailOf(0, 2)) {
		t.Errorf("room for %d; of a slow account's messages one is to be taken", room)
	}
	h.free(mailOf(0, 1)) // in no time
	for i := range perAccount {
		if !h.take(mailOf(0, 3+i)) {
			t.Errorf("its server is quick again, and it has only %d hands", i)
		}
	}
}
