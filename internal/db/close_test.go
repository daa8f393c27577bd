package db

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestGoexit: a closure that ends its goroutine, as t.FailNow does, harms only its group.
func TestGoexit(t *testing.T) {
	d, _ := openLite(t, defaultLimits())
	ctx := t.Context()
	err := d.Tx(ctx, func(tx *Tx) error { _ = insert(ctx, tx, "gone"); runtime.Goexit(); return nil })
	if err == nil {
		t.Error("no error")
	}
	if err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "after") }); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
	if n := count(t, d, "true"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	n := &counters{}
	e, err := openSQLite(filepath.Join(t.TempDir(), "c.db"), n, defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	d := &DB{e: e, name: SQLite, n: n}
	ctx := t.Context()
	if err := d.Run(ctx, Write(`CREATE TABLE t (id text PRIMARY KEY, n bigint NOT NULL)`)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := 0
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, fmt.Sprint(i)) })
			if err == nil {
				mu.Lock()
				acked++
				mu.Unlock()
			} else if !errors.Is(err, ErrUnavailable) {
				t.Errorf("during close: %v", err)
			}
			_ = d.Ping(ctx)
		}()
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := d.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if err := d.Tx(ctx, func(*Tx) error { return nil }); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Tx after Close: %v", err)
	}
	if err := d.Ping(ctx); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Ping after Close: %v", err)
	}
	for range 6000 {
		if runtime.NumGoroutine() <= before {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	again, err := openSQLite(e.path, n, defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	d2 := &DB{e: again, name: SQLite, n: n}
	if n := count(t, d2, "true"); n != acked {
		t.Errorf("%d rows, %d acknowledged", n, acked)
	}
	if err := d2.Close(); err != nil {
		t.Error(err)
	}
}
