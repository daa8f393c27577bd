package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/db"
)

// ofOneRound is how many verifications, or calls with a code, one round has: each by another person or key, since the
// clock of the server is the true one and a code counts once.
const ofOneRound = 2000

// calls measures the REST interface over real connections: what a call costs beside a handler of the same doorway that
// asks nobody, and how many second steps of a sign-in it takes in a second.
func (b *bench) calls(ctx context.Context) (err error) {
	b.report.group("REST interface")
	p, err := b.programs(ctx, "api", "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if err := b.callsOfOne(ctx, p); err != nil {
		return err
	}
	bare, err := openGrouped(ctx, b.path("api-grouped.db"))
	if err != nil {
		return err
	}
	defer bare.close() //nolint:errcheck // the file is thrown away
	if err := b.callsWithCodes(ctx, p, "SQLite", bare.updates(), atLeast(0.18)); err != nil {
		return err
	}
	return b.callsOnPostgres(ctx)
}

// callsOnPostgres measures what is written for each call on the other engine too.
func (b *bench) callsOnPostgres(ctx context.Context) (err error) {
	server := os.Getenv(envServer)
	if server == "" {
		fmt.Printf("  PostgreSQL is left out: %s names no server\n", envServer)
		return nil
	}
	dsn, drop, err := newDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	p, err := b.programs(ctx, "api-postgres", dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	pool, err := plainPool(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	if p.cpu, err = withServer(ctx, pool, p.cpu); err != nil {
		return err
	}
	own, err := withServer(ctx, pool, ownCPU)
	if err != nil {
		return err
	}
	return b.callsWithCodes(ctx, p, "PostgreSQL", poolUpdates(ctx, pool, own), atLeast(0.25))
}

// programs is a server process with a stage of its own, and the connections over which it is called.
type programs struct {
	*stage
	server *child
	cpu    meter // of the server, and of its database
	wires  []*wire
	host   string
	open   []byte // asks the bare handler
}

// programs starts a server. dsn is empty for SQLite.
func (b *bench) programs(ctx context.Context, name, dsn string) (*programs, error) {
	dir, s, err := b.folder(ctx, name, dsn, ofOneRound*(b.rounds+1))
	if err != nil {
		return nil, err
	}
	server, err := b.startServer(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	p := &programs{stage: s, server: server, cpu: server.cpu, host: config.LocalURL(server.addr).Host}
	p.open = get(p.host, publicPath, "")
	if p.wires, err = dialAll(server.addr, clients); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

func (p *programs) end() error {
	hangUp(p.wires)
	return errors.Join(p.server.end(), p.db.Close())
}

// bare is the handler behind the same doorway that asks nobody.
func (p *programs) bare(int) (sample, error) {
	return burst(clients, checks, p.cpu, func(c, _ int) error {
		_, err := p.wires[c].want(http.StatusNoContent, p.open)
		return err
	})
}

// callsOfOne measures calls whose credential can be used again and again.
func (b *bench) callsOfOne(ctx context.Context, p *programs) error {
	tokens, err := p.cookies(ctx, clients)
	if err != nil {
		return err
	}
	me := make([][]byte, clients)
	for i, token := range tokens {
		me[i] = call(p.host, "GET /v1/me", token, "")
	}
	program, err := accessToken(ctx, "http://"+p.host, tokens[0])
	if err != nil {
		return err
	}
	sign, err := signer(ctx, p.host, tokens[0])
	if err != nil {
		return err
	}
	byToken := call(p.host, "GET /v1/me", program, "")
	for _, by := range []struct {
		who     string
		request func(client int) []byte
	}{
		{"a session’s token", func(c int) []byte { return me[c] }},
		{"an access token", func(int) []byte { return byToken }},
		{"a signature", func(int) []byte { return sign() }},
	} {
		ratio, asked, bare, err := byTurns(b.rounds, func(int) (sample, error) {
			return burst(clients, checks, p.cpu, func(c, _ int) error {
				_, err := p.wires[c].want(http.StatusOK, by.request(c))
				return err
			})
		}, p.bare)
		if err != nil {
			return err
		}
		b.report.note("GET /v1/me by "+by.who+" ÷ a bare handler behind the same doorway", ratio, "calls        "+asked.String(), "bare handler "+bare.String())
	}
	return nil
}

// callsWithCodes measures what uses up a code: a call with a key and a code beside it, and the second step of a sign-in. It
// stands beside the bare handler, and the second step beside the engine's bare updates too, with the aim that it has through
// the services.
func (b *bench) callsWithCodes(ctx context.Context, p *programs, engine string, updates side, a aim) error {
	keys, err := p.keys(ctx)
	if err != nil {
		return err
	}
	ratio, asked, bare, err := byTurns(b.rounds, func(round int) (sample, error) {
		return burst(clients, ofOneRound, p.cpu, func(c, i int) error {
			k := keys[(round*ofOneRound+i)*stride%len(keys)]
			_, err := p.wires[c].want(http.StatusOK, call(p.host, "GET /v1/me", k.value, "", "Sallyport-OTP", k.device.Code(k.device.Step(time.Now()))))
			return err
		})
	}, p.bare)
	if err != nil {
		return err
	}
	b.report.note("GET /v1/me by a code with each call ÷ a bare handler, "+engine, ratio, "calls        "+asked.String(), "bare handler "+bare.String())

	pending, err := p.tickets(ctx, len(p.people))
	if err != nil {
		return err
	}
	var did db.Stats         // by the server's database
	var asking time.Duration // CPU of this process, which asks
	ratios, sides, err := allByTurns(b.rounds, func(round int) (sample, error) {
		before, err := p.stats()
		if err != nil {
			return sample{}, err
		}
		own := ownCPU()
		s, err := burst(clients, ofOneRound, p.cpu, func(c, i int) error {
			i += round * ofOneRound
			key := p.people[i*stride%len(p.people)].key // whose ticket it is
			_, err := p.wires[c].want(http.StatusOK, call(p.host, "POST /v1/sign-in/verify", "", fmt.Sprintf(`{"pending":%q,"code":%q}`, pending[i].cookie, key.Code(key.Step(time.Now())))))
			return err
		})
		asking += ownCPU() - own
		after, failed := p.stats()
		did.Statements += after.Statements - before.Statements
		did.Transactions += after.Transactions - before.Transactions
		did.Commits += after.Commits - before.Commits
		return s, errors.Join(err, failed)
	}, updates, p.bare)
	if err != nil {
		return err
	}
	each := func(n int64) float64 { return float64(n) / float64(ofOneRound*(b.rounds+1)) }
	b.report.figure("POST /v1/sign-in/verify ÷ durable updates, "+engine, ratios[0], a, "verifications   "+sides[0].String(), "durable updates "+sides[1].String(),
		"bare handler    "+sides[2].String(), fmt.Sprintf("÷ the bare handler: %s", number(ratios[1])),
		fmt.Sprintf("%.1f statements and %.2f transactions each, %.1f to a commit; the client that asks takes %s CPU each beside", each(did.Statements), each(did.Transactions),
			float64(did.Transactions)/float64(did.Commits), short(asking/time.Duration(ofOneRound*(b.rounds+1)))))
	return nil
}

// stats asks the server what its database has done so far.
func (p *programs) stats() (s db.Stats, err error) {
	res, err := http.Get("http://" + p.host + statsPath)
	if err != nil {
		return s, err
	}
	return s, errors.Join(json.NewDecoder(res.Body).Decode(&s), res.Body.Close())
}

// call is a request of a program, with more headers by name and value.
func call(host, route, token, body string, headers ...string) []byte {
	head := fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", route, host)
	if token != "" {
		head += "Authorization: Bearer " + token + "\r\n"
	}
	for i := 0; i < len(headers); i += 2 {
		head += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if body != "" {
		head += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(head + "\r\n" + body)
}
