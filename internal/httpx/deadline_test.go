package httpx

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadline(t *testing.T) {
	type key struct{}
	tests := map[string]func(t *testing.T, ctx *deadline, cancelParent func()){
		"ends at its time, though nobody waited before": func(t *testing.T, ctx *deadline, _ func()) {
			time.Sleep(time.Minute)
			expect(t, ctx, context.DeadlineExceeded)
		},
		"wakes who waits": func(t *testing.T, ctx *deadline, _ func()) {
			began := time.Now()
			<-ctx.Done()
			if took := time.Since(began); took != time.Minute {
				t.Errorf("after %s", took)
			}
			expect(t, ctx, context.DeadlineExceeded)
		},
		"goes on before": func(t *testing.T, ctx *deadline, _ func()) {
			time.Sleep(time.Minute - 1)
			expect(t, ctx, nil)
		},
		"ends with its parent": func(t *testing.T, ctx *deadline, cancelParent func()) {
			cancelParent()
			expect(t, ctx, context.Canceled)
		},
		"ends with the answer": func(t *testing.T, ctx *deadline, _ func()) {
			done := ctx.Done()
			ctx.end()
			<-done
			expect(t, ctx, context.Canceled)
		},
		"has ended for who asks after the answer": func(t *testing.T, ctx *deadline, _ func()) {
			ctx.end()
			expect(t, ctx, context.Canceled)
		},
		"ends its children, without a goroutine for each": func(t *testing.T, ctx *deadline, _ func()) {
			before := runtime.NumGoroutine()
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			if n := runtime.NumGoroutine(); n != before {
				t.Errorf("%d goroutines, before %d", n, before)
			}
			<-child.Done()
			expect(t, child, context.DeadlineExceeded)
		},
		"knows its time and what its parent knows": func(t *testing.T, ctx *deadline, _ func()) {
			for range 2 {
				if at, ok := ctx.Deadline(); !ok || !at.Equal(time.Now().Add(time.Minute)) || ctx.Value(key{}) != "value" {
					t.Errorf("%v, %v, %v", at, ok, ctx.Value(key{}))
				}
				ctx.Done() // with a timer it is the same
			}
			ctx.end()
		},
	}
	for name, check := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
				defer cancel()
				check(t, newDeadline(parent, time.Minute), cancel)
			})
		})
	}
	t.Run("keeps to its parent’s time", func(t *testing.T) {
		at := time.Now().Add(time.Second)
		parent, cancel := context.WithDeadline(t.Context(), at)
		defer cancel()
		if got, ok := newDeadline(parent, time.Minute).Deadline(); !ok || !got.Equal(at) {
			t.Errorf("%v", got)
		}
	})
}

func expect(t *testing.T, ctx context.Context, want error) {
	t.Helper()
	if err := ctx.Err(); !errors.Is(err, want) {
		t.Errorf("it says %v, want %v", err, want)
	}
	select {
	case <-ctx.Done():
		if want == nil {
			t.Error("done")
		}
	default:
		if want != nil {
			t.Error("not done")
		}
	}
}
