package db

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// job is one transaction on its way through the writer.
type job struct {
	ctx   context.Context
	fn    func(tx *Tx) error // or
	stmts []Stmt
	state atomic.Int32 // queued, then taken by the writer or withdrawn by the caller
	done  chan struct{}
	timer *time.Timer

	// Set by the writer before done is signalled.
	err      error
	ok       bool
	panicked bool
	panicVal any
}

const (
	queued int32 = iota
	taken
	withdrawn
)

func newJob() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &job{done: make(chan struct{}, 1), timer: t}
}

// submit queues a transaction and waits for its outcome. Until the writer takes it, the caller
// may still withdraw: because ctx ended, or because it waited too long, or for itself.
func (w *writer) submit(ctx context.Context, fn func(tx *Tx) error, stmts []Stmt) error {
	j := w.spare.Get().(*job)
	j.ctx, j.fn, j.stmts = ctx, fn, stmts
	j.err, j.ok, j.panicked, j.panicVal = nil, false, false, nil
	j.state.Store(queued)
	j.timer.Reset(w.lim.nest)

	in := w.queue
	for checked := false; ; {
		select {
		case in <- j:
			in = nil // from now on only wait
			continue
		case <-j.done:
			err, panicked, val := j.err, j.panicked, j.panicVal
			j.timer.Stop() // before somebody else gets this job
			j.ctx, j.fn, j.stmts, j.err, j.panicVal = nil, nil, nil, nil, nil
			w.spare.Put(j)
			if panicked {
				panic(val)
			}
			return err
		case <-ctx.Done():
			if j.withdraw() {
				return ctx.Err()
			}
		case <-w.gone:
			if j.withdraw() {
				return ErrUnavailable.Because(errClosed)
			}
		case <-j.timer.C:
			if !checked {
				checked = true
				if nested() && j.withdraw() {
					return errNested
				}
				j.timer.Reset(w.lim.turn - w.lim.nest)
				continue
			}
			if j.withdraw() {
				return ErrBusy.Because(fmt.Errorf("no turn to write within %s", w.lim.turn))
			}
		}
		// The writer has it: what it did is decided by its answer alone.
		<-j.done
		j.done <- struct{}{}
	}
}

func (j *job) withdraw() bool { return j.state.CompareAndSwap(queued, withdrawn) }
