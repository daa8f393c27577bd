package db_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// clients is the number of concurrent callers of the benchmarks, as docs/performance.md counts them.
const clients = 32

// parallel runs op b.N times over the clients and reports operations per second and fsyncs.
func parallel(b *testing.B, d *db.DB, op func(client, i int) error) {
	b.Helper()
	before, cpu := d.Stats(), cpuTime(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1))
				if i > b.N {
					return
				}
				if err := op(c, i); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	s := d.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/op") // of this process; PostgreSQL's own is not in it
	b.ReportMetric(float64(s.Transactions-before.Transactions)/max(1, float64(s.Commits-before.Commits)), "tx/commit")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchRows(b *testing.B, d *db.DB) {
	b.Helper()
	ctx := context.Background()
	write(b, d, `CREATE TABLE t_bench (id text NOT NULL PRIMARY KEY, n bigint NOT NULL, body text NOT NULL)`)
	for i := range 1000 {
		if err := d.Run(ctx, db.Write(`INSERT INTO t_bench VALUES ($1, 0, 'some text that a row may hold')`, fmt.Sprintf("row_%04d", i))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdate is the measure all our figures are divided by: durable updates of one row.
func BenchmarkUpdate(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		benchRows(b, d)
		parallel(b, d, func(_, i int) error {
			return d.Run(context.Background(), db.Write(`UPDATE t_bench SET n = n + 1 WHERE id = $1`, fmt.Sprintf("row_%04d", i%1000)))
		})
	})
}

// BenchmarkVerify has the shape of a second-step verification: two reads, then five writes, three
// of them with a verdict, in one transaction.
func BenchmarkVerify(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		benchRows(b, d)
		write(b, d, `CREATE TABLE t_session (id text NOT NULL PRIMARY KEY, user_id text NOT NULL, at bigint NOT NULL, hash bytea NOT NULL)`)
		write(b, d, `CREATE INDEX t_session_user ON t_session (user_id, at)`)
		write(b, d, `CREATE TABLE t_audit (id text NOT NULL PRIMARY KEY, at bigint NOT NULL, kind text NOT NULL, detail text NOT NULL)`)
		hash := make([]byte, 32)
		parallel(b, d, func(_, i int) error {
			ctx := context.Background()
			id := fmt.Sprintf("row_%04d", i%1000)
			var n int64
			var body string
			for range 2 {
				if err := d.Get(ctx, `SELECT n, body FROM t_bench WHERE id = $1`, []any{id}, &n, &body); err != nil {
					return err
				}
			}
			other := fmt.Sprintf("row_%04d", (i+500)%1000)
			key := fmt.Sprintf("ses_%026d", i)
			return d.Run(ctx,
				db.Must(errElse, `UPDATE t_bench SET n = n + 1 WHERE id = $1`, id),
				db.Must(errElse, `UPDATE t_bench SET n = $2 WHERE id = $1 AND n <> $2`, other, int64(1_000_000+i)),
				db.Must(errElse, `INSERT INTO t_session (id, user_id, at, hash) VALUES ($1, $2, $3, $4)`, key, id, int64(i), hash),
				db.Write(`DELETE FROM t_session WHERE user_id = $1 AND at < $2`, id, int64(i-5000)),
				db.Write(`INSERT INTO t_audit (id, at, kind, detail) VALUES ($1, $2, $3, $4)`, key, int64(i), "signin.second_step", `{"method":"totp"}`),
			)
		})
	})
}
