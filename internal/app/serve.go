package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"sallyport/internal/adoption"
	"sallyport/internal/apikey"
	"sallyport/internal/assertion"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/browser"
	"sallyport/internal/check"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Serve answers on the listener until ctx ends, then finishes what is in flight, requests and messages, for
// at most the setting shutdown_timeout.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	handler, err := a.Handler()
	if err != nil {
		return err
	}
	server := httpx.Server(handler, a.Log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ctx, stop := context.WithCancel(ctx) // a server that fails stops the rest as a signal does
	defer stop()
	limit, cancel := afterwards(ctx, a.Config.ShutdownTimeout)
	defer cancel()
	rest := make(chan struct{})
	go func() { defer close(rest); a.background(ctx, limit) }()
	defer func() { stop(); <-rest }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.Log.Info("stopping", "timeout", a.Config.ShutdownTimeout)
	if err := server.Shutdown(limit); err != nil {
		return errors.Join(err, server.Close())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// afterwards is a context that ends so long after another one.
func afterwards(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	limit, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(wait, end) })
	return limit, end
}

// background does what no request waits for, until ctx ends. Messages that are being sent then are sent to their end, for
// which the connection to the message centre stays; those that limit cuts off are due again. What requests in flight
// still cause waits for another server or the next start.
func (a *App) background(ctx, limit context.Context) {
	connected, disconnect := context.WithCancel(limit)
	var all sync.WaitGroup
	all.Go(func() { everyMinute(ctx, func() { a.sweep(ctx) }) })
	all.Go(func() { everyMinute(ctx, func() { a.seal(ctx) }) })
	all.Go(func() {
		a.Adoption.Run(ctx, func(err error) {
			a.Log.Warn("counting people's second factors failed; it is tried again in a minute", "error", err)
		})
	})
	if a.centre != nil {
		all.Go(func() { a.centre.Run(connected) })
	}
	a.Notify.Run(ctx, limit)
	disconnect()
	all.Wait()
}

// sweepBatch is how many rows of a table are removed at once.
const sweepBatch = 500

// everyMinute does work again and again until ctx ends.
func everyMinute(ctx context.Context, work func()) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			work()
		}
	}
}

// sweep removes rows whose time is over, and ends second factors whose end was planned. Nothing depends on it:
// what has expired counts for nothing whether its row is still there or not (security.md B12), and what was planned
// happens at the next password at the latest.
func (a *App) sweep(ctx context.Context) {
	if err := a.Sweep(ctx); err != nil && ctx.Err() == nil {
		a.Log.Warn("sweeping failed; it is tried again in a minute", "error", err)
	}
}

// seal seals audit events behind those who write them. What is not sealed when a server stops, the next one seals.
func (a *App) seal(ctx context.Context) {
	switch _, err := a.Audit.Seal(ctx); {
	case err == nil || ctx.Err() != nil:
	case errors.Is(err, audit.ErrChain):
		a.Log.Error("an audit chain is broken and not sealed any further; run sallyport audit verify", "error", err)
	default:
		a.Log.Warn("sealing the audit log failed; it is tried again in a minute", "error", err)
	}
}

// Sweep removes rows whose time is over, and notes the words of people whom an older version made, in batches small enough to hold nobody up.
func (a *App) Sweep(ctx context.Context) error {
	now := a.Now()
	sweeps := []func() (int64, error){
		func() (int64, error) { return signin.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return session.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return session.SweepIdle(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return session.SweepPasses(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return assertion.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return apikey.SweepTokens(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return apikey.SweepNonces(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return check.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return browser.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return factor.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return factor.SweepIssued(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return factor.SweepSent(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return factor.SweepSpent(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return mailtoken.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return outbox.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return adoption.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return brake.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return idempotency.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return throttle.Sweep(ctx, a.DB, now, sweepBatch) },
		func() (int64, error) { return user.NoteWords(ctx, a.DB, sweepBatch) },
		func() (int64, error) { return a.SignIns.EndDue(ctx, sweepBatch) },
	}
	for _, sweep := range sweeps {
		for {
			n, err := sweep()
			if err != nil {
				return err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return nil
}
