package notify

import (
	"slices"
	"strings"
	"sync"

	"sallyport/internal/outbox"
)

// channels are the ways, each with hands of its own.
var channels = []outbox.Channel{outbox.Mail, outbox.SMS}

// lane is what must not hold up others: a channel, or one account's part of it.
type lane struct {
	channel   outbox.Channel
	accountID string // empty for the whole channel
}

// hands counts the messages that are being sent.
type hands struct {
	all   sync.WaitGroup
	freed chan struct{} // says that a hand became free

	mu   sync.Mutex // guards busy
	busy map[lane]int
}

// room tells how many more messages a channel may take, and which accounts have enough of it.
func (h *hands) room(ch outbox.Channel) (n int, full []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l, n := range h.busy {
		if l.channel == ch && l.accountID != "" && n >= perAccount {
			full = append(full, l.accountID)
		}
	}
	slices.Sort(full)
	return atOnce - h.busy[lane{ch, ""}], full
}

// take counts a message in, unless its account has enough.
func (h *hands) take(m outbox.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy[lane{m.Channel, m.AccountID}] >= perAccount {
		return false
	}
	h.busy[lane{m.Channel, m.AccountID}]++
	h.busy[lane{m.Channel, ""}]++
	h.all.Add(1)
	return true
}

// free counts a message out, and wakes who waits for a hand.
func (h *hands) free(m outbox.Message) {
	h.mu.Lock()
	h.busy[lane{m.Channel, ""}]--
	own := lane{m.Channel, m.AccountID}
	if h.busy[own]--; h.busy[own] == 0 {
		delete(h.busy, own)
	}
	h.mu.Unlock()
	select {
	case h.freed <- struct{}{}:
	default:
	}
	h.all.Done()
}

// hidden is an error whose text is fit for the log.
type hidden struct {
	err  error
	text string
}

func (h *hidden) Error() string { return h.text }
func (h *hidden) Unwrap() error { return h.err }

// discreet takes from an error's text what a server repeated to us: "550 <ada@acme.test>: unknown".
func discreet(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, s := range secrets {
		if s = strings.TrimPrefix(s, "+"); s != "" {
			text = strings.ReplaceAll(text, s, "•••")
		}
	}
	return &hidden{err, text}
}
