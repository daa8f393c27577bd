package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
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
		INSERT INTO audit_events (account_id, event_id, at, action, actor_kind, actor_id, target_id, address, user_agent, detail, person_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.AccountID, id.New("evt", now), db.At(now), string(e.Action), string(e.Actor.Kind), e.Actor.ID,
		e.Target, Claim(e.Actor.Address), Claim(e.Actor.UserAgent), detail, e.person())
}

// columns are what an event is read from, in the order of scanEvent and of row.
const columns = `event_id, at, action, actor_kind, actor_id, target_id, address, user_agent, detail, person_id`

// List returns an account's newest events, newest first.
func List(ctx context.Context, q db.Querier, accountID string, limit int) ([]Event, error) {
	return Find(ctx, q, accountID, Filter{}, "", limit)
}

// Find returns an account's events that pass the filter and are older than the one named before ("" for the newest),
// newest first. Whatever before is, it can't reach another account's.
//
// Each way to filter reads an index in the order of the page, so that a page costs the same among a thousand events
// and among a million. Of several actions each is read by itself and the newest of all are taken. Only the actions of
// one person are sorted out one by one.
func Find(ctx context.Context, q db.Querier, accountID string, f Filter, before string, limit int) ([]Event, error) {
	from, to := f.bounds(before)
	var found []Event
	add := func(sql string, more ...any) error {
		events, err := find(ctx, q, accountID, sql, append([]any{accountID, from, to, limit}, more...)...)
		found = append(found, events...)
		return err
	}
	switch {
	case f.Person != "" && len(f.Actions) > 0:
		return findOfPerson(ctx, q, accountID, f, before, limit)
	case f.Person != "":
		if err := add(`
			SELECT `+columns+` FROM audit_events
			WHERE account_id = $1 AND person_id = $5 AND event_id >= $2 AND event_id < $3 ORDER BY event_id DESC LIMIT $4`, f.Person); err != nil {
			return nil, err
		}
		if err := add(`
			SELECT `+columns+` FROM audit_events
			WHERE account_id = $1 AND actor_id = $5 AND actor_id <> '' AND actor_id <> person_id AND event_id >= $2 AND event_id < $3
			ORDER BY event_id DESC LIMIT $4`, f.Person); err != nil {
			return nil, err
		}
	case len(f.Actions) > 0:
		for _, a := range f.Actions {
			if err := add(`
				SELECT `+columns+` FROM audit_events
				WHERE account_id = $1 AND action = $5 AND event_id >= $2 AND event_id < $3 ORDER BY event_id DESC LIMIT $4`, string(a)); err != nil {
				return nil, err
			}
		}
	default:
		return find(ctx, q, accountID, `
			SELECT `+columns+` FROM audit_events
			WHERE account_id = $1 AND event_id >= $2 AND event_id < $3 ORDER BY event_id DESC LIMIT $4`, accountID, from, to, limit)
	}
	slices.SortFunc(found, func(a, b Event) int { return cmp.Compare(b.ID, a.ID) })
	return found[:min(limit, len(found))], nil
}

// findOfPerson reads a person's events and keeps those with the actions wanted.
func findOfPerson(ctx context.Context, q db.Querier, accountID string, f Filter, before string, limit int) ([]Event, error) {
	const step = 500
	all := f
	all.Actions = nil
	var found []Event
	for {
		events, err := Find(ctx, q, accountID, all, before, step)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if slices.Contains(f.Actions, e.Action) {
				found = append(found, e)
			}
			if len(found) == limit {
				return found, nil
			}
		}
		if len(events) < step {
			return found, nil
		}
		before = events[step-1].ID
	}
}

func find(ctx context.Context, q db.Querier, accountID, sql string, args ...any) ([]Event, error) {
	var events []Event
	err := q.Each(ctx, sql, args, func(scan func(...any) error) error {
		e := Event{AccountID: accountID}
		var at db.Time
		var detail string
		err := scan(&e.ID, &at, &e.Action, &e.Actor.Kind, &e.Actor.ID, &e.Target, &e.Actor.Address, &e.Actor.UserAgent, &detail, &e.Person)
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

// Actions lists what has happened in an account at all, by name. It jumps from one action to the next along their index.
func Actions(ctx context.Context, q db.Querier, accountID string) ([]Action, error) {
	var all []Action
	err := q.Each(ctx, `
		WITH RECURSIVE found (action) AS (
			SELECT min(action) FROM audit_events WHERE account_id = $1
			UNION ALL
			SELECT (SELECT min(e.action) FROM audit_events e WHERE e.account_id = $1 AND e.action > found.action) FROM found WHERE found.action IS NOT NULL
		) SELECT action FROM found WHERE action IS NOT NULL`, []any{accountID}, func(scan func(...any) error) error {
		var a Action
		err := scan(&a)
		all = append(all, a)
		return err
	})
	slices.Sort(all)
	return all, err
}
