package app

import (
	"context"
	"net/http"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/sms"
)

// receiptsAtOnce bounds what the world can make this server do with receipts: anybody may send some.
const receiptsAtOnce = 16

var errReceiptsBusy = errs.New(errs.Unavailable, "receipts_busy", "Too many receipts at once. Send this one again in a moment.")

// receipts is the surface for SMS gateways, which report what became of a text. They have no cookies and come from
// another origin. What speaks for them is the message's id in the path, which nobody else was told, and their
// signature where they have one; so all that a receipt can change is how far that one text got.
func (a *App) receipts(proxies httpx.Proxies) (*httpx.Mux, error) {
	note := atMost(receiptsAtOnce, a.Notify.Receipt)
	take := func(w http.ResponseWriter, r *http.Request) error {
		receipt, err := a.gateway.Receipt(r)
		if err != nil {
			return err
		}
		if err := note(r.Context(), receipt); err != nil {
			return err
		}
		return say(w, "ok\n") // the same for a message that nobody knows
	}
	return httpx.NewMux([]httpx.Route{
		{Pattern: "GET " + config.ReceiptsPath + "/{id}", Level: httpx.Public, Handler: take},
		{Pattern: "POST " + config.ReceiptsPath + "/{id}", Level: httpx.Public, Handler: take},
	}, nil, httpx.Options{
		Surface: "receipts", PublicURL: a.Config.PublicURL, Proxies: proxies,
		Render: httpx.Problem, Log: a.Log, Observe: a.Metrics.Request, Now: a.Now,
	})
}

// atMost lets so many receipts in at once and sends the others away at once.
func atMost(n int, note func(context.Context, sms.Receipt) error) func(context.Context, sms.Receipt) error {
	hands := make(chan struct{}, n)
	return func(ctx context.Context, r sms.Receipt) error {
		select {
		case hands <- struct{}{}:
			defer func() { <-hands }()
			return note(ctx, r)
		default:
			return errReceiptsBusy.After(time.Second)
		}
	}
}
