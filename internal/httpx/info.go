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

// InfoOf gives the Info of a request's context; the zero Info outside a [Mux].
func InfoOf(ctx context.Context) Info {
	info, _ := ctx.Value(infoKey{}).(Info)
	return info
}
