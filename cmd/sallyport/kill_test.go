package main

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestKill kills a server at a random instant under load, again and again: whatever it had
// acknowledged is so after the next start, which takes less than two seconds (F01). SALLYPORT_SOAK=1
// does it 50 times per engine.
func TestKill(t *testing.T) {
	rounds := 3
	if soak() {
		rounds = 50
	}
	eachEngine(t, func(t *testing.T, dsn string) {
		p, _ := settle(t, dsn, 0, 0)
		total, slowest := 0, time.Duration(0)
		server := serve(t, p.settings...)
		for round := range rounds {
			server.signal(syscall.SIGKILL)
			var crowd []member
			p.again(t, func(*db.DB) { crowd = p.people(t, "r"+strconv.Itoa(round)+"-", 12, 4) })
			server = serve(t, p.settings...)
			a := &acks{signIns: map[string]int{}}
			var wg sync.WaitGroup
			wg.Go(func() { load(t, server.url, crowd, a) })
			// Spread over a round's work: from the first acknowledgements to its thick.
			for a.total() < 5+round*13%60 {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(time.Duration(round*7%11) * time.Millisecond)
			server.signal(syscall.SIGKILL)
			wg.Wait()
			total += a.total()
			server = serve(t, p.settings...)
			slowest = max(slowest, server.ready)
			d, err := db.Open(t.Context(), p.dsn)
			if err != nil {
				t.Fatal(err)
			}
			a.hold(t, d)
			a.replay(t, server.client(t), d)
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if t.Failed() {
				t.Fatalf("round %d; the server said:\n%s", round, server.out)
			}
		}
		t.Logf("%d kills, %d acknowledgements, all hold; ready again after at most %v", rounds, total, slowest)
	})
}

// TestTerminate ends a server with SIGTERM under load: what is in flight is finished, the
// process ends in time and well, and every acknowledgement holds (F25).
func TestTerminate(t *testing.T) {
	rounds := 1
	if soak() {
		rounds = 20
	}
	eachEngine(t, func(t *testing.T, dsn string) {
		p, _ := settle(t, dsn, 0, 0)
		for round := range rounds {
			var crowd []member
			p.again(t, func(*db.DB) { crowd = p.people(t, "t"+strconv.Itoa(round)+"-", 12, 4) })
			server := serve(t, p.settings...)
			a := &acks{signIns: map[string]int{}}
			var wg sync.WaitGroup
			wg.Go(func() { load(t, server.url, crowd, a) })
			for a.total() < 20 {
				time.Sleep(time.Millisecond)
			}
			start := time.Now()
			code := server.signal(syscall.SIGTERM)
			took := time.Since(start)
			wg.Wait()
			if code != 0 {
				t.Errorf("SIGTERM: exit code %d after %v\n%s", code, took, server.out)
			}
			p.open(t, func(d *db.DB) { a.hold(t, d) })
			// Not one request was cut off in its middle. A connection may be closed while it is idle, in the very instant
			// in which a client sends on it, and look the same; that is rare, and nothing was begun.
			cut := slices.DeleteFunc(slices.Clone(a.lost), func(err error) bool { return !mayHaveBegun(err) })
			if len(cut) > 1 {
				t.Errorf("%d of %d requests were cut off: %q", len(cut), len(a.lost), cut)
			}
			t.Logf("%d acknowledgements hold; stopped after %v", a.total(), took)
		}
	})
}

// TestSecondSignal: a first SIGTERM waits for what is in flight, a second one ends the server at once.
func TestSecondSignal(t *testing.T) {
	p, _ := settle(t, dbtest.SQLite(t), 0, 0)
	server := serve(t, p.settings...)
	slow, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	// A request whose body does not come keeps the server waiting.
	if _, err := slow.Write([]byte("POST /sign-in HTTP/1.1\r\nHost: " + strings.TrimPrefix(server.url, "http://") +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-server.done:
		t.Fatal("the first signal cut a request off")
	case <-time.After(500 * time.Millisecond):
	}
	if code := server.signal(syscall.SIGTERM); code != -1 {
		t.Errorf("after the second signal it went on to its own end, with %d", code)
	}
}
