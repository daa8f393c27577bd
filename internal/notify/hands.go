package notify

import (
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/internal/outbox"
)

// channels are the ways, each with hands of its own.
var channels = []outbox.Channel{outbox.Mail, outbox.SMS}

const (
	// atOnce is how many messages of one channel a replica sends at the same time, and perAccount how
	// many of these may be one account's: its own mail server, which its administrators name, may never answer.
	atOnce     = 32
	perAccount = 8
	// slowAfter is when a hand counts as waiting for a slow server and no longer among atOnce: or a few such servers would keep
	// everybody's messages back.
	slowAfter = 5 * time.Second
	// inAll bounds the hands of a channel with those that wait. When half of them are busy, an account whose server is slow has one.
	inAll = 256
)

// lane is one account's part of a channel.
type lane struct {
	channel   outbox.Channel
	accountID string
}

// hands knows the messages that are being sent.
type hands struct {
	now   func() time.Time
	all   sync.WaitGroup
	freed chan struct{} // says that a hand became free

	mu   sync.Mutex                    // guards what follows
	busy map[lane]map[string]time.Time // since when a hand has a message, by its id
	slow map[lane]bool                 // whose last message took long, or one takes long now
}

func newHands(now func() time.Time) *hands {
	return &hands{now: now, freed: make(chan struct{}, 1), busy: map[lane]map[string]time.Time{}, slow: map[lane]bool{}}
}

// room tells how many more messages a channel may take, and which accounts have enough of it.
func (h *hands) room(ch outbox.Channel) (n int, full []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, moving := h.now(), 0
	for l, taken := range h.busy {
		for _, since := range taken {
			switch {
			case now.Sub(since) >= slowAfter:
				h.slow[l] = true
			case l.channel == ch:
				moving++
			}
		}
		if l.channel == ch && h.full(l) {
			full = append(full, l.accountID)
		}
	}
	slices.Sort(full)
	return max(0, min(atOnce-moving, inAll-h.count(ch))), full
}

// count is how many hands of a channel are busy.
func (h *hands) count(ch outbox.Channel) (n int) {
	for l, taken := range h.busy {
		if l.channel == ch {
			n += len(taken)
		}
	}
	return n
}

// full says whether an account has enough of a channel.
func (h *hands) full(l lane) bool {
	if h.slow[l] && h.count(l.channel) >= inAll/2 {
		return len(h.busy[l]) > 0
	}
	return len(h.busy[l]) >= perAccount
}

// take counts a message in, unless its account has enough.
func (h *hands) take(m outbox.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := lane{m.Channel, m.AccountID}
	if h.full(l) {
		return false
	}
	if h.busy[l] == nil {
		h.busy[l] = map[string]time.Time{}
	}
	h.busy[l][m.ID] = h.now()
	h.all.Add(1)
	return true
}

// free counts a message out, and wakes who waits for a hand.
func (h *hands) free(m outbox.Message) {
	h.mu.Lock()
	l := lane{m.Channel, m.AccountID}
	if h.now().Sub(h.busy[l][m.ID]) < slowAfter {
		delete(h.slow, l)
	} else {
		h.slow[l] = true
	}
	if delete(h.busy[l], m.ID); len(h.busy[l]) == 0 {
		delete(h.busy, l)
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
