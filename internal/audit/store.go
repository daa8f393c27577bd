package audit

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/id"
)

// Record returns the statement that appends e, for the transaction of the change itself.
func Record(now time.Time, e Event) db.Stmt {
	detail := "{}"
	if e.Actor.Key != "" {
		e.Detail = maps.Clone(e.Detail)
		if e.Detail == nil {
			e.Detail = map[string]string{}
		}
		e.Detail["api_key"] = e.Actor.Key
	}
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

// page reads the events that one of the indexes finds, in the order of the page. That the ids are found apart, from the index alone, is
// what makes SQLite use it: by its own reckoning the key, with all of an account's events behind it, is as good.
const (
	page = `SELECT ` + columns + ` FROM audit_events WHERE account_id = $1 AND `

	pageOfAll    = page + `event_id >= $2 AND event_id < $3 ORDER BY event_id DESC LIMIT $4`
	pageOfAction = page + `event_id IN (
		SELECT event_id FROM audit_events WHERE account_id = $1 AND action = $5 AND event_id >= $2 AND event_id < $3
		ORDER BY event_id DESC LIMIT $4) ORDER BY event_id DESC`
	pageOfPerson = page + `event_id IN (
		SELECT event_id FROM audit_events WHERE account_id = $1 AND person_id = $5 AND event_id >= $2 AND event_id < $3
		ORDER BY event_id DESC LIMIT $4) ORDER BY event_id DESC`
	pageOfActor = page + `event_id IN (
		SELECT event_id FROM audit_events WHERE account_id = $1 AND actor_id = $5 AND actor_id <> '' AND actor_id <> person_id AND event_id >= $2 AND event_id < $3
		ORDER BY event_id DESC LIMIT $4) ORDER BY event_id DESC`
)

// Find returns an account's events that pass the filter and are older than the one named before ("" for the newest),
// newest first. Whatever before is, it can't reach another account's.
//
// Each way to filter reads an index in the order of the page, so that a page costs the same among a thousand events
// and among a million. Of several actions each is read by itself and the newest of all are taken. Only the actions of
// one person are sorted out one by one.
func Find(ctx context.Context, q db.Querier, accountID string, f Filter, before string, limit int) ([]Event, error) {
	from, to := f.bounds(before)
	if f.Person == "" && len(f.Actions) == 0 {
		return find(ctx, q, accountID, pageOfAll, accountID, from, to, limit)
	}
	if f.Person != "" && len(f.Actions) > 0 {
		return findOfPerson(ctx, q, accountID, f, before, limit)
	}
	var found []Event
	add := func(sql, of string) error {
		events, err := find(ctx, q, accountID, sql, accountID, from, to, limit, of)
		found = append(found, events...)
		return err
	}
	if f.Person != "" {
		if err := add(pageOfPerson, f.Person); err != nil {
			return nil, err
		}
		if err := add(pageOfActor, f.Person); err != nil {
			return nil, err
		}
	}
	for _, a := range f.Actions {
		if err := add(pageOfAction, string(a)); err != nil {
			return nil, err
		}
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
