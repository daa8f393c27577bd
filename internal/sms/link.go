package sms

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// link is one connection that is, or is about to be, bound.
type link struct {
	conn    net.Conn
	timeout time.Duration
	done    chan struct{} // closed when the link has ended

	writing sync.Mutex // held while a PDU is written, so that PDUs never mix

	mu       sync.Mutex
	sequence uint32
	waiting  map[uint32]chan pdu // by sequence number; each has room for its one answer
}

// maxReceipts is how many receipts may wait for onReceipt; the centre keeps the others.
const maxReceipts = 64

var (
	errUnbound = errors.New("the SMS gateway unbound")
	errNotSent = errors.New("nothing was sent: the connection had ended")
)

func newLink(conn net.Conn, timeout time.Duration) *link {
	return &link{conn: conn, timeout: timeout, done: make(chan struct{}), waiting: map[uint32]chan pdu{}}
}

// next is the next sequence number: from 1 to 0x7FFFFFFF, then again (SMPP 3.4, section 5.1.4).
func (l *link) next() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence = l.sequence%0x7FFFFFFF + 1
	return l.sequence
}

// send writes a PDU whole, or ends the connection: half a PDU can't be taken back. The error is
// errNotSent if not even its first octet left.
func (l *link) send(p pdu) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	n, err := 0, l.conn.SetWriteDeadline(time.Now().Add(l.timeout))
	if err == nil {
		n, err = l.conn.Write(p.bytes())
	}
	if err == nil {
		return nil
	}
	_ = l.conn.Close() // err says more
	if n == 0 {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	return err
}

// request sends p and waits for what answers it.
func (l *link) request(ctx context.Context, p pdu) (pdu, error) {
	p.sequence = l.next()
	answer := make(chan pdu, 1)
	l.mu.Lock()
	l.waiting[p.sequence] = answer
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, p.sequence)
	}()
	if err := l.send(p); err != nil {
		return pdu{}, unreachable(err)
	}
	var why error
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		why = fmt.Errorf("no answer: %w", context.Cause(ctx))
	case <-l.done:
		why = errors.New("the connection ended before the answer came")
	}
	// Both may have happened at once; then the message was taken, and nobody need send it again.
	select {
	case a := <-answer:
		return a, nil
	default:
		return pdu{}, ErrUnreachable.Because(why)
	}
}

// incoming is a receipt and the deliver_sm that waits for its answer.
type incoming struct {
	p pdu
	r Receipt
}

// serve reads until the connection ends, and says why it did. When ctx ends, it unbinds first.
func (l *link) serve(ctx context.Context, onReceipt func(context.Context, Receipt) error) error {
	alive, cancel := context.WithCancel(ctx)
	receipts := make(chan incoming, maxReceipts)
	var others sync.WaitGroup
	others.Go(func() { l.enquire(alive) })
	others.Go(func() {
		for in := range receipts {
			s := statusOK
			if onReceipt != nil && onReceipt(alive, in.r) != nil {
				s = statusReceiverTemp // deliver it again later
			}
			_ = l.send(in.p.answer(s)) // if it fails, the reader ends too
		}
	})
	others.Go(func() {
		<-alive.Done()
		l.unbind()
	})
	err := l.read(receipts)
	close(l.done)
	close(receipts)
	cancel()
	others.Wait()
	return err
}

// unbind is section 4.2. It is harmless on a link that has ended.
func (l *link) unbind() {
	ctx, cancel := context.WithTimeout(context.Background(), unbindWait)
	defer cancel()
	_, _ = l.request(ctx, pdu{command: cmdUnbind}) // a courtesy; the connection is closed anyway
	_ = l.conn.Close()
}

// enquire keeps the connection from being silent (section 4.11), so that the reader's deadline
// means that the other side is gone.
func (l *link) enquire(ctx context.Context) {
	tick := time.NewTicker(enquireEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = l.send(pdu{command: cmdEnquireLink, sequence: l.next()}) // if it fails, the reader ends too
		case <-ctx.Done():
			return
		}
	}
}

func (l *link) read(receipts chan<- incoming) error {
	for {
		if err := l.conn.SetReadDeadline(time.Now().Add(enquireEvery + l.timeout)); err != nil {
			return unreachable(err)
		}
		p, err := readPDU(l.conn)
		if errors.Is(err, errLength) {
			// Where the next PDU begins is unknown, so this is the end.
			_ = l.send(p.nack(statusInvCmdLen)) // a courtesy
			_ = l.conn.Close()
			return ErrAnswer.Because(err)
		}
		if err != nil {
			_ = l.conn.Close() // err says more
			return unreachable(err)
		}
		if err := l.handle(p, receipts); err != nil {
			_ = l.conn.Close()
			return unreachable(err)
		}
	}
}

// handle takes one PDU from the centre. An error ends the connection.
func (l *link) handle(p pdu, receipts chan<- incoming) error {
	switch {
	case p.command&response != 0:
		l.mu.Lock()
		defer l.mu.Unlock()
		select {
		case l.waiting[p.sequence] <- p:
		default: // nobody waits any more, or the same answer came twice
		}
		return nil
	case p.command == cmdEnquireLink:
		return l.send(p.answer(statusOK))
	case p.command == cmdUnbind:
		return errors.Join(errUnbound, l.send(p.answer(statusOK)))
	case p.command == cmdAlert, p.command == cmdOutbind:
		return nil // have no answer (sections 4.1.7 and 4.12)
	case p.command != cmdDeliverSM:
		return l.send(p.nack(statusInvCmdID))
	}
	d, err := parseDelivery(p.body)
	if err != nil {
		return l.send(p.nack(statusInvCmdLen))
	}
	r, ok := d.receipt()
	if !ok {
		return l.send(p.answer(statusOK)) // a text to us, or a receipt that says nothing: don't send it again
	}
	select {
	case receipts <- incoming{p, r}:
		return nil
	default:
		return l.send(p.answer(statusReceiverTemp))
	}
}
