package db

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestGiveWay: beside long work of another process, everybody gets to write. Without way given, of those who look for the lock now and then,
// hardly one finds it free.
func TestGiveWay(t *testing.T) {
	lim := defaultLimits()
	lim.busy = time.Second
	d, e := openLite(t, lim)
	m := &counters{}
	other, err := openSQLite(e.path, m, lim)
	if err != nil {
		t.Fatal(err)
	}
	long := &DB{e: other, name: SQLite, n: m}
	long.GiveWay()
	ctx, stop := context.WithCancel(t.Context())
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		var err error
		for i := 0; ctx.Err() == nil && err == nil; i++ {
			err = long.Tx(context.Background(), func(tx *Tx) error {
				if i == 0 {
					close(begun)
				}
				time.Sleep(20 * time.Millisecond) // much to write
				return insert(context.Background(), tx, fmt.Sprint("long", i))
			})
		}
		ended <- errors.Join(err, long.Close())
	}()
	<-begun
	for i := range 10 {
		if err := d.Tx(t.Context(), func(tx *Tx) error { return insert(t.Context(), tx, fmt.Sprint("short", i)) }); err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
