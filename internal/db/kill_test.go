package db_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestKillKeepsAcknowledged kills a process under load, again and again, and finds every row it had
// acknowledged. SALLYPORT_SOAK=1 does it 50 times per engine.
func TestKillKeepsAcknowledged(t *testing.T) {
	if dsn := os.Getenv(envChild + "_WRITE"); dsn != "" {
		writeUntilKilled(t, dsn, os.Getenv(envChild+"_ROUND"))
		return
	}
	rounds := 3
	if os.Getenv("SALLYPORT_SOAK") != "" {
		rounds = 50
	}
	eachEmpty(t, func(t *testing.T, dsn string) {
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		write(t, d, `CREATE TABLE t_kill (id text PRIMARY KEY)`)
		write(t, d, `CREATE TABLE t_pair (id text PRIMARY KEY)`)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		total := 0
		for round := range rounds {
			acked := runAndKill(t, dsn, round)
			total += len(acked)
			d, err := db.Open(t.Context(), dsn)
			if err != nil {
				t.Fatalf("after the kill: %v", err)
			}
			for _, id := range acked {
				var got string
				if err := d.Get(t.Context(), `SELECT id FROM t_kill WHERE id = $1`, []any{id}, &got); err != nil {
					t.Errorf("round %d: %s was acknowledged: %v", round, id, err)
				}
			}
			var halves int
			if err := d.Get(t.Context(), `SELECT (SELECT count(*) FROM t_kill) - (SELECT count(*) FROM t_pair)`, nil, &halves); err != nil || halves != 0 {
				t.Errorf("round %d: %d transactions are there by half (%v)", round, halves, err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if total < rounds*10 {
			t.Errorf("only %d rows acknowledged in %d rounds", total, rounds)
		}
		t.Logf("%d acknowledged rows, all found", total)
	})
}

// writeUntilKilled prints each id once its transaction is acknowledged.
func writeUntilKilled(t *testing.T, dsn, round string) {
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for c := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", round, c, i)
				err := d.Run(context.Background(), db.Write(`INSERT INTO t_kill VALUES ($1)`, id),
					db.Must(errElse, `INSERT INTO t_pair VALUES ($1)`, id))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				mu.Lock()
				fmt.Println("acked", id)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

// runAndKill starts the writer, kills it some time later and returns what it had acknowledged.
func runAndKill(t *testing.T, dsn string, round int) []string {
	t.Helper()
	cmd := child(t, "TestKillKeepsAcknowledged", envChild+"_WRITE="+dsn, fmt.Sprintf("%s_ROUND=%d", envChild, round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		id, ok := strings.CutPrefix(lines.Text(), "acked ")
		if !ok {
			continue
		}
		if acked = append(acked, id); len(acked) == 20 {
			time.AfterFunc(time.Duration(20+37*(round%7))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	// The last line may have been cut by the kill.
	if len(acked) > 0 {
		acked = acked[:len(acked)-1]
	}
	return acked
}

// TestClusterEnds: the temporary server goes with its process, and so do its files.
func TestClusterEnds(t *testing.T) {
	if os.Getenv(envChild+"_CLUSTER") != "" {
		c, err := dbtest.StartCluster(context.Background())
		if err != nil {
			fmt.Println("none", err)
			return
		}
		fmt.Println("address", c.DSN())
		select {} // until killed
	}
	cmd := child(t, "TestClusterEnds", envChild+"_CLUSTER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "address ") {
		_ = cmd.Wait()
		t.Skipf("no PostgreSQL: %s", lines.Text())
	}
	dsn := strings.TrimPrefix(lines.Text(), "address ")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for range 1200 {
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			return
		}
		_ = d.Close() // still there; ask again
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the server outlived its process")
}
