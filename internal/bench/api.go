package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"sallyport/internal/config"
)

// calls measures the REST interface: what a call costs beside a handler of the same doorway that asks nobody,
// and how many second steps of a sign-in it takes in a second, over real connections.
func (b *bench) calls(ctx context.Context) (err error) {
	b.report.group("REST interface")
	const verified = 2000 // in a round, each by another person: the server’s clock is the true one, and nobody has two codes
	dir, s, err := b.folder(ctx, "api", verified*b.rounds)
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // the file is thrown away
	tokens, err := s.cookies(ctx, clients)
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
	me, open := make([][]byte, clients), get(host, publicPath, "")
	for i, token := range tokens {
		me[i] = call(host, "GET /v1/me", token, "")
	}
	program, err := accessToken(ctx, "http://"+host, tokens[0])
	if err != nil {
		return err
	}
	sign, err := signer(ctx, host, tokens[0])
	if err != nil {
		return err
	}
	byToken := call(host, "GET /v1/me", program, "")
	for _, by := range []struct {
		who     string
		request func(client int) []byte
	}{
		{"a session’s token", func(c int) []byte { return me[c] }},
		{"an access token", func(int) []byte { return byToken }},
		{"a signature", func(int) []byte { return sign() }},
	} {
		ratio, asked, bare, err := byTurns(b.rounds, func(int) (sample, error) {
			return burst(clients, checks, server.cpu, func(c, _ int) error {
				_, err := wires[c].want(http.StatusOK, by.request(c))
				return err
			})
		}, func(int) (sample, error) {
			return burst(clients, checks, server.cpu, func(c, _ int) error {
				_, err := wires[c].want(http.StatusNoContent, open)
				return err
			})
		})
		if err != nil {
			return err
		}
		b.report.note("GET /v1/me by "+by.who+" ÷ a bare handler behind the same doorway", ratio, "calls        "+asked.String(), "bare handler "+bare.String())
	}
	pending, err := s.tickets(ctx, len(s.people))
	if err != nil {
		return err
	}
	var all []sample
	for round := range b.rounds {
		one, err := burst(clients, verified, server.cpu, func(c, i int) error {
			i += round * verified
			key := s.people[i*stride%len(s.people)].key // whose ticket it is
			_, err := wires[c].want(http.StatusOK, call(host, "POST /v1/sign-in/verify", "", fmt.Sprintf(`{"pending":%q,"code":%q}`, pending[i].cookie, key.Code(key.Step(time.Now())))))
			return err
		})
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	verify := middle(all)
	b.report.note("POST /v1/sign-in/verify a second, SQLite", verify.rate(), "verifications "+verify.String())
	return nil
}

// call is a request of a program.
func call(host, route, token, body string) []byte {
	head := fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", route, host)
	if token != "" {
		head += "Authorization: Bearer " + token + "\r\n"
	}
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}
