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
	"sallyport/internal/user"
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
		pairs := pendingPairs(t, d, people, round%2 == 0)
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				browsers := []*apptest.Client{servers[0].client(t), servers[len(servers)-1].client(t)}
				for i := next.Add(1) - 1; i < int64(len(people)); i = next.Add(1) - 1 {
					for b := range browsers {
						browsers[b].Cookies = map[string]string{httpx.PendingCookie: pairs[i][b]}
					}
					switch race(t, browsers, people[i].phone.Code(time.Now())) {
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

// pendingPairs begins two sign-ins for each person, or one that both browsers share. They
// are made before the race, since on SQLite this process would contend with the server's.
func pendingPairs(t *testing.T, d *db.DB, people []member, two bool) [][2]string {
	t.Helper()
	var users []user.User
	for _, m := range people {
		users = append(users, m.user)
	}
	first := pending(t, d, users...)
	second := first
	if two {
		second = pending(t, d, users...)
	}
	var pairs [][2]string
	for i := range people {
		pairs = append(pairs, [2]string{first[i], second[i]})
	}
	return pairs
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
