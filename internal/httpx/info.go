package httpx

import (
	"context"
	"net/netip"
)

// Info is what the doorway found out about a request.
type Info struct {
	RequestID string     // "req_…", also in the X-Request-Id answer header
	Client    netip.Addr // the real client address; the zero Addr if unknown
}

type infoKey struct{}

// infoContext is a request's context with its Info: context.WithValue in one allocation less.
type infoContext struct {
	context.Context
	info Info
}

// Value finds the Info under infoKey, and what the context below holds.
func (c *infoContext) Value(key any) any {
	if _, ok := key.(infoKey); ok {
		return &c.info
	}
	return c.Context.Value(key)
}

// InfoOf gives the Info of a request's context; the zero Info outside a [Mux].
func InfoOf(ctx context.Context) Info {
	if info, ok := ctx.Value(infoKey{}).(*Info); ok {
		return *info
	}
	return Info{}
}
