package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestLogStaysShort writes far more than the write-ahead log should hold, while readers never
// pause, and looks at the log's length: without the checkpointer it would only grow.
func TestLogStaysShort(t *testing.T) {
	const writers, rounds = 8, 40_000 / 8
	path := filepath.Join(t.TempDir(), "log.db")
	d := dbtest.Open(t, "sqlite:"+path)
	write(t, d, `CREATE TABLE t_log (id text NOT NULL PRIMARY KEY, n bigint NOT NULL, body text NOT NULL)`)
	ctx, stop := context.WithCancel(context.Background())
	var readers, busy sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for ctx.Err() == nil {
				var n int64
				if err := d.Get(context.Background(), `SELECT count(*) FROM t_log WHERE id < $1`, []any{"row_0020"}, &n); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}
	body := strings.Repeat("x", 400)
	for w := range writers {
		busy.Add(1)
		go func() {
			defer busy.Done()
			for i := range rounds {
				id := fmt.Sprintf("row_%04d", (i*writers+w)*7919%5000)
				if err := d.Run(context.Background(), db.Write(`
					INSERT INTO t_log (id, n, body) VALUES ($1, 1, $2) ON CONFLICT (id) DO UPDATE SET n = t_log.n + 1`, id, body)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	busy.Wait()
	stop()
	readers.Wait()
	var sum int64
	if err := d.Get(context.Background(), `SELECT sum(n) FROM t_log`, nil, &sum); err != nil || sum != writers*rounds {
		t.Fatalf("%d updates found, want %d (%v)", sum, writers*rounds, err)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if most := int64(64 << 20); info.Size() > most {
		t.Errorf("the log has %d bytes after %d updates, want at most %d", info.Size(), writers*rounds, most)
	}
	t.Logf("the log has %d KiB", info.Size()>>10)
}
