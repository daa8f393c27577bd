package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/httpx"
)

const (
	checks    = 5000 // requests of one burst
	each      = 10   // people that one client can sign in during a watch
	strangers = 4000 // sessions of one burst in which none is asked about twice
)

// sessions measures what it costs to know who is signed in, with an end in force within a
// second, against a handler that reads the cookie and believes it. Both are asked over real
// connections by another process, this one.
func (b *bench) sessions(ctx context.Context) (err error) {
	b.report.group("Session check")
	dir, s, err := b.folder(ctx, "sessions", "", b.rounds*clients*each)
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // the file is thrown away
	cookies, err := s.cookies(ctx, strangers*(b.rounds+1))
	if err != nil {
		return err
	}
	server, err := b.startServer(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.end()) }()
	wires, err := dialAll(server.addr, clients)
	if err != nil {
		return err
	}
	defer hangUp(wires)
	host := config.LocalURL(server.addr).Host
	requests := func(path string, n int) [][]byte {
		all := make([][]byte, n)
		for i, c := range cookies[:n] {
			all[i] = get(host, path, httpx.SessionCookie+"="+c)
		}
		return all
	}
	ask := func(n int, all [][]byte) side {
		return func(round int) (sample, error) {
			return burst(clients, n, server.cpu, func(c, i int) error {
				_, err := wires[c].want(http.StatusNoContent, all[(round*n+i)%len(all)])
				return err
			})
		}
	}
	guarded, bareRequests := requests(checkPath, clients), requests(barePath, clients)
	ratio, check, bare, err := byTurns(5*b.rounds, ask(checks, guarded), ask(checks, bareRequests))
	if err != nil {
		return err
	}
	b.report.figure("session checks ÷ a bare handler that reads a cookie", ratio, atLeast(0.6),
		"session checks "+check.String(), "bare handler   "+bare.String(),
		fmt.Sprintf("by the server's CPU alone: %.2f", bare.cpuEach().Seconds()/check.cpuEach().Seconds()))
	ratio, fresh, bare, err := byTurns(b.rounds, ask(strangers, requests(checkPath, len(cookies))), ask(checks, bareRequests))
	if err != nil {
		return err
	}
	b.report.note("the same, each of another session, read from the database", ratio, "session checks "+fresh.String(), "bare handler   "+bare.String())
	return b.whileSigningIn(ctx, s, server, guarded, host)
}

// whileSigningIn measures the slowest session checks while the password hashing is full and
// more people queue for it, against the same checks alone: few clients at a fixed pace, since
// those who ask as fast as they can only measure themselves.
func (b *bench) whileSigningIn(ctx context.Context, s *stage, server *child, guarded [][]byte, host string) error {
	const watchers, watched, gap = 4, 800, 2 * time.Millisecond
	wires, err := dialAll(server.addr, watchers)
	if err != nil {
		return err
	}
	defer hangUp(wires)
	watch := func() (sample, error) {
		return burst(watchers, watched, server.cpu, func(c, i int) error {
			time.Sleep(gap)
			_, err := wires[c].want(http.StatusNoContent, guarded[i%len(guarded)])
			return err
		})
	}
	var ratios []float64
	var alone, crowded []sample
	person := 0
	for range b.rounds {
		quiet, err := watch()
		if err != nil {
			return err
		}
		stop := make(chan struct{})
		done := make(chan error, clients)
		for range clients {
			from := person
			person += each
			go func() { done <- signInUntil(stop, server.addr, host, s.people[from:from+each]) }()
		}
		time.Sleep(100 * time.Millisecond) // until the queue stands
		busy, err := watch()
		close(stop)
		for range clients {
			err = errors.Join(err, <-done)
		}
		if err != nil {
			return err
		}
		ratios = append(ratios, busy.p99.Seconds()/quiet.p99.Seconds())
		alone, crowded = append(alone, quiet), append(crowded, busy)
	}
	q, c := middle(alone), middle(crowded)
	b.report.figure("slowest checks while 32 sign in ÷ alone (99 of 100)", median(ratios), atMost(5, ""),
		fmt.Sprintf("while signing in: 99 of 100 within %s (gap of %s included)", short(c.p99), gap),
		fmt.Sprintf("alone:            99 of 100 within %s", short(q.p99)))
	return nil
}
