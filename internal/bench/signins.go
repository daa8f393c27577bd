package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/httpx"
	"sallyport/internal/signin"
)

const signInsOf = 80 // sign-ins of one burst; each waits for a password hash

// signIns measures whole sign-ins, password and code, against what the password hash alone
// allows: once through the services, once through the pages of a server of its own.
func (b *bench) signIns(ctx context.Context) (err error) {
	b.report.group("Whole sign-ins")
	dir, s, err := b.folder(ctx, "signins", "", 2000)
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // the file is thrown away
	hash, err := s.hasher.Hash(ctx, passphrase)
	if err != nil {
		return err
	}
	hashes := func(int) (sample, error) {
		return burst(clients, signInsOf, ownCPU, func(_, _ int) error {
			ok, _, err := s.hasher.Verify(ctx, hash, passphrase)
			if err == nil && !ok {
				err = errors.New("the right password was refused")
			}
			return err
		})
	}
	before := s.db.Stats()
	if err := s.signIn(ctx, s.people[0]); err != nil {
		return err
	}
	after := s.db.Stats()
	ratio, flow, alone, err := byTurns(b.rounds, func(round int) (sample, error) {
		return burst(clients, signInsOf, ownCPU, func(_, i int) error { return s.signIn(ctx, s.people[1+round*signInsOf+i]) })
	}, hashes)
	if err != nil {
		return err
	}
	b.report.figure("sign-ins ÷ password hashes, through the services", ratio, atLeast(0.95),
		"sign-ins       "+flow.String(), "hashes         "+alone.String())
	b.report.figure("CPU of a sign-in beyond the hash", ms(alone.beyond), atMost(3, " ms"))
	b.report.figure("statements of a sign-in", float64(after.Statements-before.Statements), atMost(8, ""))
	b.report.figure("commits of a sign-in", float64(after.Commits-before.Commits), atMost(2, ""))

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
	first := 1 + (b.rounds+1)*signInsOf
	ratio, pages, alone, err := byTurns(b.rounds, func(round int) (sample, error) {
		return burst(clients, signInsOf, server.cpu, func(c, i int) error {
			return wires[c].signIn(host, s.people[first+round*signInsOf+i])
		})
	}, func(int) (sample, error) {
		return burst(clients, signInsOf, server.cpu, func(c, _ int) error {
			_, err := wires[c].want(http.StatusNoContent, get(host, hashPath, ""))
			return err
		})
	})
	if err != nil {
		return err
	}
	b.report.figure("sign-ins ÷ password hashes, through the pages", ratio, atLeast(0.95),
		"sign-ins       "+pages.String(), "hashes         "+alone.String())
	b.report.figure("CPU of a sign-in through the pages beyond the hash", ms(alone.beyond), atMost(3, " ms"))
	return nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// signIn takes somebody through both doors.
func (s *stage) signIn(ctx context.Context, p person) error {
	step, err := s.signIns.Password(ctx, signin.Credentials{Account: s.acme.Slug, Email: p.user.Email, Password: passphrase}, visitor)
	if err != nil {
		return err
	}
	return s.verify(ctx, ticket{step.Cookie, p.key.Code(p.key.Step(s.now()))})
}

// signIn does it as a browser does: sign-in page, password, code page, code, settings.
func (w *wire) signIn(host string, p person) error {
	if _, err := w.want(http.StatusOK, get(host, "/sign-in?account=acme", "")); err != nil {
		return err
	}
	form := url.Values{"account": {"acme"}, "email": {p.user.Email}, "password": {passphrase}, "next": {""}}
	a, err := w.want(http.StatusSeeOther, post(host, "/sign-in", "", form.Encode()))
	if err != nil {
		return err
	}
	pending := httpx.PendingCookie + "=" + a.cookies[httpx.PendingCookie]
	if _, err := w.want(http.StatusOK, get(host, "/sign-in/verify", pending)); err != nil {
		return err
	}
	code := url.Values{"method": {""}, "code": {p.key.Code(p.key.Step(time.Now()))}}
	if a, err = w.want(http.StatusSeeOther, post(host, "/sign-in/verify", pending, code.Encode())); err != nil {
		return err
	}
	_, err = w.want(http.StatusOK, get(host, "/settings", httpx.SessionCookie+"="+a.cookies[httpx.SessionCookie]))
	return err
}

// signInUntil signs people in one after the other until stop is closed. Everybody has a
// code for one sign-in in a period.
func signInUntil(stop <-chan struct{}, addr, host string, people []person) error {
	w, err := dial(addr)
	if err != nil {
		return err
	}
	defer w.c.Close() //nolint:errcheck // nothing is in flight
	for _, p := range people {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := w.signIn(host, p); err != nil {
			return err
		}
	}
	return errors.New("everybody has signed in and the watch is not over")
}
