package notify

import (
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/internal/outbox"
	"sallyport/internal/sms"
)

// How often, and after how long, a receipt is looked at again that was faster than our note of its text.
const (
	earlyLooks = 5
	earlyWait  = 50 * time.Millisecond
)

// ReceiptID names a message to the gateway: it comes back in the receipt.
func ReceiptID(accountID, messageID string) string { return accountID + "-" + messageID }

// Receipt notes what a gateway says about a text. One about an unknown message changes nothing.
// Errors: outbox.ErrEarly, and the database's.
func (s *Service) Receipt(ctx context.Context, r sms.Receipt) error {
	accountID, messageID, ok := strings.Cut(r.ID, "-")
	if r.ID != "" && (!ok || !isID(accountID) || !isID(messageID)) {
		return nil
	}
	state := map[sms.State]outbox.State{sms.Delivered: outbox.Delivered, sms.Failed: outbox.Failed, sms.Sent: outbox.Sent}[r.State]
	if state == "" {
		return nil
	}
	news, err := outbox.Receipt(ctx, s.DB, s.Now(), accountID, messageID, r.Reference, state, r.Detail)
	for range earlyLooks { // mostly the text is noted a moment later; else the centre has to send the receipt again
		if !errors.Is(err, outbox.ErrEarly) {
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(earlyWait):
		}
		news, err = outbox.Receipt(ctx, s.DB, s.Now(), accountID, messageID, r.Reference, state, r.Detail)
	}
	if news {
		s.Count(string(outbox.Code), string(outbox.SMS), "receipt_"+string(state))
	}
	return err
}

// isID reports whether s has only the characters of our ids.
func isID(s string) bool {
	return s != "" && len(s) < 64 && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz_") == ""
}
