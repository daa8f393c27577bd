package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
)

// TestOneCodeTwice races two posts of one code, on SQLite in one process, on PostgreSQL over
// two: of each pair exactly one enters (B01, B03, F17). SALLYPORT_SOAK=1 races 10,000 pairs per engine.
func TestOneCodeTwice(t *testing.T) {
	t.Run(db.SQLite, func(t *testing.T) { raceCodes(t, dbtest.SQLite(t), 1) })
	t.Run(db.Postgres, func(t *testing.T) { raceCodes(t, dbtest.Postgres(t), 2) })
}

func raceCodes(t *testing.T, dsn string, replicas int) {
	rounds, crowd := 4, 50
	if soak() {
		rounds, crowd = 100, 100
	}
	p, people := settle(t, dsn, crowd, 0)
	servers := []*process{serve(t, p.settings...)}
	if replicas == 2 {
		servers = append(servers, serve(t, p.settings...))
	}
	d := watch(t, p)
	var accepted, twice, none atomic.Int64
	for round := range rounds {
		// The newest code is as good as new for each round.
		if err := d.Run(t.Context(), db.Write(`UPDATE factors SET last_step = 0, failures = 0, blocked_until = 0 WHERE kind = 'totp'`)); err != nil {
			t.Fatal(err)
		}
		work := make(chan member)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				browsers := []*apptest.Client{servers[0].client(t), servers[len(servers)-1].client(t)}
				for m := range work {
					// Every other pair shares one pending sign-in, the others have one each.
					browsers[0].Cookies = map[string]string{httpx.PendingCookie: pending(t, d, m.user)}
					browsers[1].Cookies = map[string]string{httpx.PendingCookie: browsers[0].Cookies[httpx.PendingCookie]}
					if round%2 == 0 {
						browsers[1].Cookies[httpx.PendingCookie] = pending(t, d, m.user)
					}
					switch n := race(t, browsers, m.phone.Code(time.Now())); n {
					case 1:
						accepted.Add(1)
					case 0:
						none.Add(1)
					default:
						twice.Add(1)
					}
				}
			})
		}
		for _, m := range people {
			work <- m
		}
		close(work)
		wg.Wait()
	}
	t.Logf("%d pairs: one accepted in %d, both in %d, none in %d", rounds*crowd, accepted.Load(), twice.Load(), none.Load())
	if twice.Load() != 0 || none.Load() != 0 || accepted.Load() != int64(rounds*crowd) {
		t.Errorf("of %d pairs, %d were accepted once, %d twice, %d not at all", rounds*crowd, accepted.Load(), twice.Load(), none.Load())
	}
	var sessions int64
	if err := d.Get(t.Context(), `SELECT count(*) FROM sessions`, nil, &sessions); err != nil || sessions != accepted.Load() {
		t.Errorf("%d sessions for %d accepted codes (%v)", sessions, accepted.Load(), err)
	}
}

// race posts the code from both browsers at once and counts how many of them are in.
func race(t *testing.T, browsers []*apptest.Client, code string) int {
	t.Helper()
	var wg sync.WaitGroup
	var in atomic.Int64
	start := make(chan struct{})
	for _, c := range browsers {
		r := c.Request(http.MethodPost, "/sign-in/verify", url.Values{"code": {code}})
		wg.Go(func() {
			<-start
			p, err := c.Try(r)
			switch {
			case err != nil:
				t.Errorf("race: %v", err)
			case p.Status == http.StatusSeeOther && strings.HasPrefix(p.Header.Get("Location"), "/settings") && c.Cookies[httpx.SessionCookie] != "":
				in.Add(1)
			case p.Status == http.StatusUnprocessableEntity, p.Status == http.StatusGone:
			default:
				t.Errorf("race: status %d: %s", p.Status, p.Text())
			}
		})
	}
	close(start)
	wg.Wait()
	return int(in.Load())
}
