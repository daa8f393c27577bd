package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// program is the site behind the door.
const program = "https://app.acme.test"

// door measures the question that a reverse proxy asks for every request, by the pass of a browser, beside a handler of the same
// server that reads a cookie and believes it, as the session checks are measured.
func (b *bench) door(ctx context.Context) error {
	b.report.group("The door in front of other programs")
	if err := b.doorOn(ctx, "SQLite", ""); err != nil {
		return err
	}
	server := os.Getenv(envServer)
	if server == "" {
		fmt.Printf("  PostgreSQL is left out: %s names no server\n", envServer)
		return nil
	}
	dsn, drop, err := newDatabase(ctx, server)
	if err != nil {
		return err
	}
	return errors.Join(b.doorOn(ctx, "PostgreSQL", dsn), drop())
}

func (b *bench) doorOn(ctx context.Context, engine, dsn string) (err error) {
	p, err := b.programs(ctx, "door-"+strings.ToLower(engine), dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	passes, err := p.passes(ctx, clients)
	if err != nil {
		return err
	}
	ask := func(path string, status int) side {
		all := make([][]byte, clients)
		for i, pass := range passes {
			all[i] = call(p.host, "GET "+path, "", "", "X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "app.acme.test",
				"X-Forwarded-Uri", "/reports?year=2026", "X-Forwarded-For", "192.0.2.7", "Cookie", gate.DoorCookie+"="+pass+"; "+httpx.SessionCookie+"=x")
		}
		return func(int) (sample, error) {
			return burst(clients, checks, p.cpu, func(c, _ int) error {
				_, err := p.wires[c].want(status, all[c])
				return err
			})
		}
	}
	ratios, sides, err := allByTurns(5*b.rounds, ask(gate.Path+"?level=aal2", http.StatusOK), ask(barePath, http.StatusNoContent), ask(publicPath, http.StatusNoContent))
	if err != nil {
		return err
	}
	b.report.figure("/forward-auth ÷ a bare handler that reads a cookie, "+engine, ratios[0], atLeast(0.6), "/forward-auth "+sides[0].String(), "bare handler  "+sides[1].String(),
		fmt.Sprintf("by the server’s CPU alone: %.2f", sides[1].cpuEach().Seconds()/sides[0].cpuEach().Seconds()))
	b.report.note("/forward-auth ÷ a bare handler behind the same doorway, "+engine, ratios[1], "bare handler  "+sides[2].String())
	return nil
}

// passes lets n browsers in at the program.
func (s *stage) passes(ctx context.Context, n int) ([]string, error) {
	cookies, err := s.cookies(ctx, n)
	if err != nil {
		return nil, err
	}
	sessions := session.New(s.db, s.now)
	for i, cookie := range cookies {
		signed, err := sessions.Check(ctx, cookie)
		if err != nil {
			return nil, err
		}
		ticket, err := sessions.Ticket(ctx, signed, program, session.Challenge("x"))
		if err != nil {
			return nil, err
		}
		if cookies[i], err = sessions.Enter(ctx, ticket, program, "x", visitor); err != nil {
			return nil, err
		}
	}
	return cookies, nil
}
