package audit

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/id"
)

// Record returns the statement that appends e, for the transaction of the change itself.
func Record(now time.Time, e Event) db.Stmt {
	detail := "{}"
	if len(e.Detail) > 0 {
		raw, _ := json.Marshal(e.Detail) // a map of strings always encodes
		detail = string(raw)
	}
	return db.Write(`
		INSERT INTO audit_events (account_id, event_id, at, action, actor_kind, actor_id, target_id, address, user_agent, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		e.AccountID, id.New("evt", now), db.At(now), string(e.Action), string(e.Actor.Kind), e.Actor.ID,
		e.Target, Claim(e.Actor.Address), Claim(e.Actor.UserAgent), detail)
}

// List returns an account's newest events, newest first.
func List(ctx context.Context, q db.Querier, accountID string, limit int) ([]Event, error) {
	var events []Event
	err := q.Each(ctx, `
		SELECT event_id, at, action, actor_kind, actor_id, target_id, address, user_agent, detail
		FROM audit_events WHERE account_id = $1 ORDER BY event_id DESC LIMIT $2`,
		[]any{accountID, limit},
		func(scan func(...any) error) error {
			e := Event{AccountID: accountID}
			var at db.Time
			var detail string
			err := scan(&e.ID, &at, &e.Action, &e.Actor.Kind, &e.Actor.ID, &e.Target, &e.Actor.Address, &e.Actor.UserAgent, &detail)
			if err != nil {
				return err
			}
			e.At = at.Std()
			if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
				return err
			}
			events = append(events, e)
			return nil
		})
	return events, err
}
