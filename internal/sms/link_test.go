package sms

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/internal/errs"
)

// centre is a message centre in a bubble of made-up time: it answers what the handler says. The
// real ones are in smpp_test.go; this one is for waits that nobody sits through.
type centre struct {
	handle func(c *centre, p pdu) // nil answers bind, submit_sm, enquire_link and unbind as it should be
	refuse error                  // dialing fails

	mu    sync.Mutex
	dials []time.Duration // since the test's begin
	got   []pdu
	out   chan pdu // of the newest connection
	began time.Time
}

func (c *centre) dial(context.Context) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials = append(c.dials, time.Since(c.began))
	if c.refuse != nil {
		return nil, c.refuse
	}
	ours, theirs := net.Pipe()
	out := make(chan pdu, 1000)
	c.out = out
	done := make(chan struct{})
	go func() {
		for {
			select {
			case p := <-out:
				if _, err := theirs.Write(p.bytes()); err != nil {
					return
				}
			case <-done:
				return
			}
		}
	}()
	go func() {
		defer close(done)
		for {
			p, err := readPDU(theirs)
			if err != nil {
				_ = theirs.Close()
				return
			}
			c.mu.Lock()
			c.got = append(c.got, p)
			c.mu.Unlock()
			if c.handle != nil {
				c.handle(c, p)
			} else {
				c.proper(p)
			}
		}
	}()
	return ours, nil
}

func (c *centre) say(p pdu) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out <- p
}

// proper answers as it should be.
func (c *centre) proper(p pdu) {
	if p.command&response != 0 {
		return
	}
	a := p.answer(statusOK)
	switch p.command {
	case cmdBindTransceiver:
		a.body = []byte("smsc\x00")
	case cmdSubmitSM:
		a.body = []byte("A1\x00")
	}
	c.say(a)
}

func (c *centre) seen(want command) (all []pdu) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.got {
		if p.command == want {
			all = append(all, p)
		}
	}
	return all
}

// inBubble runs a client with the centre, in made-up time; stop ends the client.
func inBubble(t *testing.T, c *centre, onReceipt func(context.Context, Receipt) error, test func(t *testing.T, s *SMPP, stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.began = time.Now()
		s, err := NewSMPP(SMPPConfig{Host: "127.0.0.1", Port: "1", SystemID: "id", Password: "p", From: "Acme", Window: 2}, Options{}, onReceipt)
		if err != nil {
			t.Fatal(err)
		}
		s.dial = c.dial
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.Run(ctx) })
		stop := func() { cancel(); running.Wait() }
		test(t, s, stop)
		stop()
	})
}

func TestThrottledMessagesWait(t *testing.T) {
	for refusals, want := range map[int]struct {
		after time.Duration
		ok    bool
	}{0: {0, true}, 1: {1 * time.Second, true}, 3: {7 * time.Second, true}, 4: {7 * time.Second, false}} {
		left := refusals
		c := &centre{handle: func(c *centre, p pdu) {
			if p.command == cmdSubmitSM && left > 0 {
				left--
				c.say(p.answer([]status{statusThrottled, statusMsgQFul}[left%2]))
				return
			}
			c.proper(p)
		}}
		inBubble(t, c, nil, func(t *testing.T, s *SMPP, _ func()) {
			a, err := s.Send(t.Context(), message("x"))
			if time.Since(c.began) != want.after || (err == nil) != want.ok {
				t.Errorf("after %d refusals: %+v, %v, after %v", refusals, a, err, time.Since(c.began))
			}
			if !want.ok && (!errors.Is(err, ErrThrottled) || errs.From(err).RetryAfter != 8*time.Second) {
				t.Errorf("refused with %v", err)
			}
		})
	}
}

func TestReconnectingWaitsLonger(t *testing.T) {
	c := &centre{refuse: errors.New("nobody listens")}
	inBubble(t, c, nil, func(t *testing.T, s *SMPP, _ func()) {
		synctest.Wait()
		// Once it is known that there is nobody, senders are not kept waiting.
		before := time.Now()
		if _, err := s.Send(t.Context(), message("x")); !errors.Is(err, ErrUnreachable) || time.Since(before) != 0 {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		time.Sleep(4 * time.Minute)
		c.mu.Lock()
		defer c.mu.Unlock()
		var waits []time.Duration
		for i := range c.dials[1:] {
			waits = append(waits, c.dials[i+1]-c.dials[i])
		}
		const s0 = time.Second
		if want := []time.Duration{s0 / 2, s0, 2 * s0, 4 * s0, 8 * s0, 16 * s0, 32 * s0, 60 * s0, 60 * s0}; !slices.Equal(waits, want) {
			t.Errorf("waits %v, want %v", waits, want)
		}
	})
}

// TestShortConnectionsAreNoSuccess: a centre that accepts us and hangs up at once is not asked
// again and again without a wait.
func TestShortConnectionsAreNoSuccess(t *testing.T) {
	c := &centre{handle: func(c *centre, p pdu) {
		c.proper(p)
		if p.command == cmdBindTransceiver {
			c.say(pdu{command: cmdUnbind, sequence: 1})
		}
	}}
	inBubble(t, c, nil, func(t *testing.T, _ *SMPP, _ func()) {
		time.Sleep(time.Minute)
		c.mu.Lock()
		defer c.mu.Unlock()
		if n := len(c.dials); n != 7 {
			t.Errorf("%d connections in a minute, want 7: %v", n, c.dials)
		}
	})
}

// TestLongConnectionsAreSuccess: after one, the waits begin at the shortest again.
func TestLongConnectionsAreSuccess(t *testing.T) {
	c := &centre{refuse: errors.New("nobody listens")}
	inBubble(t, c, nil, func(t *testing.T, _ *SMPP, _ func()) {
		time.Sleep(2 * time.Minute)
		c.mu.Lock()
		c.refuse = nil
		c.mu.Unlock()
		time.Sleep(10 * time.Minute)
		c.say(pdu{command: cmdUnbind, sequence: 1})
		ended := time.Since(c.began)
		time.Sleep(time.Minute)
		c.mu.Lock()
		defer c.mu.Unlock()
		if last := c.dials[len(c.dials)-1]; last != ended+firstWait {
			t.Errorf("the connection ended at %v, the next try was at %v", ended, last)
		}
	})
}

func TestSilenceIsNoticed(t *testing.T) {
	deaf := &centre{handle: func(c *centre, p pdu) {
		if p.command != cmdEnquireLink {
			c.proper(p)
		}
	}}
	inBubble(t, deaf, nil, func(t *testing.T, _ *SMPP, _ func()) {
		time.Sleep(enquireEvery + defaultTimeout + firstWait + time.Millisecond)
		synctest.Wait()
		if n := len(deaf.seen(cmdBindTransceiver)); n != 2 {
			t.Errorf("%d binds, want a second one", n)
		}
	})
	quiet := &centre{}
	inBubble(t, quiet, nil, func(t *testing.T, _ *SMPP, _ func()) {
		time.Sleep(10*time.Minute + time.Second)
		if b, e := len(quiet.seen(cmdBindTransceiver)), len(quiet.seen(cmdEnquireLink)); b != 1 || e != 20 {
			t.Errorf("%d binds and %d enquire_links in ten minutes, want 1 and 20", b, e)
		}
	})
}

func TestBindAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(p pdu) pdu
		want   error
		after  time.Duration
	}{
		"password":      {func(p pdu) pdu { return p.answer(statusInvPaswd) }, ErrLogin, 0},
		"system_id":     {func(p pdu) pdu { return p.answer(statusInvSysID) }, ErrLogin, 0},
		"bind fails":    {func(p pdu) pdu { return p.answer(statusBindFail) }, ErrLogin, 0},
		"already bound": {func(p pdu) pdu { return p.answer(0x05) }, ErrUnreachable, 0},
		"generic_nack":  {func(p pdu) pdu { return p.nack(statusOK) }, ErrUnreachable, 0},
		"talks of else": {func(pdu) pdu { return pdu{command: cmdEnquireLink, sequence: 1} }, ErrUnreachable, defaultTimeout},
		"too long":      {func(p pdu) pdu { p.body = make([]byte, maxPDU); return p.answer(0).with(p.body) }, ErrAnswer, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := &centre{handle: func(s *centre, p pdu) { s.say(c.answer(p)) }}
			inBubble(t, server, nil, func(t *testing.T, s *SMPP, _ func()) {
				_, err := s.Send(t.Context(), message("x"))
				if !errors.Is(err, c.want) || time.Since(server.began) != c.after {
					t.Errorf("%v after %v", err, time.Since(server.began))
				}
			})
		})
	}
}

func (p pdu) with(body []byte) pdu { p.body = body; return p }

func TestAnswersToSubmit(t *testing.T) {
	for name, c := range map[string]struct {
		answer    func(p pdu) pdu
		want      error
		reference string
	}{
		"taken":                {func(p pdu) pdu { return p.answer(0).with([]byte("A\x00")) }, nil, "A"},
		"taken without a name": {func(p pdu) pdu { return p.answer(0) }, nil, ""},
		"a name without end":   {func(p pdu) pdu { return p.answer(0).with([]byte("AB")) }, nil, ""},
		"number":               {func(p pdu) pdu { return p.answer(statusInvDstAdr) }, ErrNumber, ""},
		"system error":         {func(p pdu) pdu { return p.answer(statusSysErr) }, ErrUnreachable, ""},
		"submit failed":        {func(p pdu) pdu { return p.answer(statusSubmitFail) }, ErrRefused, ""},
		"unknown status":       {func(p pdu) pdu { return p.answer(0x400) }, ErrRefused, ""},
		"generic_nack":         {func(p pdu) pdu { return p.nack(statusInvCmdID) }, ErrRefused, ""},
		"another's answer":     {func(p pdu) pdu { return pdu{command: cmdEnquireLink | response, sequence: p.sequence} }, ErrAnswer, ""},
		"answer to nobody":     {func(p pdu) pdu { p.sequence += 9; return p.answer(0) }, ErrUnreachable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := &centre{handle: func(s *centre, p pdu) {
				if p.command != cmdSubmitSM {
					s.proper(p)
					return
				}
				// Twice: the second is nobody's, and harms nobody.
				s.say(c.answer(p))
				s.say(c.answer(p))
			}}
			inBubble(t, server, nil, func(t *testing.T, s *SMPP, _ func()) {
				for range 2 {
					a, err := s.Send(t.Context(), message("x"))
					if !errors.Is(err, c.want) || a.Reference != c.reference {
						t.Errorf("%+v, %v", a, err)
					}
				}
				if n := len(server.seen(cmdBindTransceiver)); n != 1 {
					t.Errorf("%d binds", n)
				}
			})
		})
	}
}

// TestWindow: no more than the window's messages are without an answer.
func TestWindow(t *testing.T) {
	var held []pdu
	c := &centre{}
	c.handle = func(c *centre, p pdu) {
		if p.command == cmdSubmitSM {
			c.mu.Lock()
			held = append(held, p)
			c.mu.Unlock()
			return
		}
		c.proper(p)
	}
	inBubble(t, c, nil, func(t *testing.T, s *SMPP, _ func()) {
		results := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := s.Send(context.Background(), message("x"))
				results <- err
			}()
		}
		synctest.Wait()
		if n := len(c.seen(cmdSubmitSM)); n != 2 {
			t.Fatalf("%d messages are out, the window is 2", n)
		}
		c.proper(held[0])
		synctest.Wait()
		if n := len(c.seen(cmdSubmitSM)); n != 3 {
			t.Fatalf("%d messages went out, want 3", n)
		}
		time.Sleep(defaultTimeout)
		var failed int
		for range 3 {
			if err := <-results; err != nil {
				failed++
			}
		}
		if failed != 2 {
			t.Errorf("%d failed, want the two without an answer", failed)
		}
	})
}

// TestReceiptsThatWait: while onReceipt is slow, messages and enquire_links go on, and receipts
// beyond the limit stay with the centre.
func TestReceiptsThatWait(t *testing.T) {
	c := &centre{}
	var release chan struct{}
	inBubble(t, c, func(context.Context, Receipt) error { <-release; return nil }, func(t *testing.T, s *SMPP, _ func()) {
		release = make(chan struct{}) // within the bubble, so that waiting for it counts as idle
		synctest.Wait()
		body := submitPDU(address{}, address{}, GSM, nil, []byte("id:1 stat:DELIVRD"), false).body
		body[1+3+3] = classReceipt
		const extra = 5
		for i := range uint32(maxReceipts + 1 + extra) {
			c.say(pdu{command: cmdDeliverSM, sequence: 100 + i, body: body})
			synctest.Wait()
		}
		answers := c.seen(cmdDeliverSM | response)
		if len(answers) != extra || answers[0].status != statusReceiverTemp {
			t.Fatalf("%d are answered while all wait: %+v", len(answers), answers)
		}
		if _, err := s.Send(t.Context(), message("x")); err != nil {
			t.Error(err)
		}
		close(release)
		synctest.Wait()
		answers = c.seen(cmdDeliverSM | response)
		// An OK has a message_id, unused and so empty (section 4.6.2).
		if last := answers[len(answers)-1]; len(answers) != maxReceipts+1+extra || last.status != statusOK || string(last.body) != "\x00" {
			t.Errorf("%d are answered in the end, the last with %s", len(answers), answers[len(answers)-1].status)
		}
	})
}

// TestEndIsPoliteAndBounded: unbind, and no waiting for a centre that does not answer.
func TestEndIsPoliteAndBounded(t *testing.T) {
	for name, want := range map[string]time.Duration{"answered": 0, "ignored": unbindWait} {
		c := &centre{handle: func(c *centre, p pdu) {
			if p.command != cmdUnbind || want == 0 {
				c.proper(p)
			}
		}}
		inBubble(t, c, nil, func(t *testing.T, s *SMPP, stop func()) {
			synctest.Wait()
			stop()
			if n := len(c.seen(cmdUnbind)); n != 1 || time.Since(c.began) != want {
				t.Errorf("%s: %d unbinds, ended after %v", name, n, time.Since(c.began))
			}
		})
	}
}

// TestSequenceNumbers: 1 to 0x7FFFFFFF, and again (section 5.1.4).
func TestSequenceNumbers(t *testing.T) {
	l := newLink(nil, 0)
	if n := l.next(); n != 1 {
		t.Errorf("the first is %d", n)
	}
	l.sequence = 0x7FFFFFFE
	if a, b := l.next(), l.next(); a != 0x7FFFFFFF || b != 1 {
		t.Errorf("at the end: %x, %x", a, b)
	}
}

// TestDeadConnectionIsForgotten: a message that could not even begin waits for the next
// connection, and does not try the dead one again and again.
func TestDeadConnectionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := NewSMPP(SMPPConfig{Host: "127.0.0.1", Port: "1"}, Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := net.Pipe()
		if err := errors.Join(ours.Close(), theirs.Close()); err != nil {
			t.Fatal(err)
		}
		s.set(newLink(ours, time.Second), nil)
		began := time.Now()
		_, err = s.Send(t.Context(), message("x"))
		if !errors.Is(err, ErrUnreachable) || time.Since(began) != defaultTimeout || s.link != nil {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
