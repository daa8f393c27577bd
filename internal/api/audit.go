package api

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// auditPerson is somebody whom the audit log names.
type auditPerson struct {
	ID    string `json:"id" example:"usr_01jd3k8zq0c4m" doc:"The user’s id."`
	Email string `json:"email,omitempty" example:"ada@example.com" doc:"Their address; absent if they are gone."`
	Name  string `json:"name,omitempty" example:"Ada Lovelace" doc:"What they are called."`
}

// auditEvent is one entry of the audit log.
type auditEvent struct {
	ID        string            `json:"id" example:"evt_01jd3k8zq0c4m" doc:"The entry’s id."`
	At        time.Time         `json:"at" doc:"When it happened."`
	Action    string            `json:"action" example:"user.locked" doc:"What happened: an object, a full stop, a verb in the past."`
	Group     string            `json:"group" enum:"sign_ins,second_factors,api_keys,people,organisation,others" doc:"What sort of thing it is."`
	By        string            `json:"by" enum:"user,operator,nobody" doc:"Who did it: a user; whoever runs the server; somebody who had proved nothing."`
	Actor     *auditPerson      `json:"actor,omitempty" doc:"The user who did it."`
	Person    *auditPerson      `json:"person,omitempty" doc:"The user whom it concerns."`
	Target    string            `json:"target,omitempty" doc:"The id of what it happened to."`
	Address   string            `json:"address,omitempty" example:"192.0.2.7" doc:"From where."`
	UserAgent string            `json:"user_agent,omitempty" doc:"What the program that did it says of itself: a claim."`
	Detail    map[string]string `json:"detail" doc:"Small facts, by their names."`
}

// auditEventList is a page of the audit log.
type auditEventList struct {
	Items []auditEvent `json:"items" doc:"The entries of this page, newest first."`
	Next  string       `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

func (s *Server) auditCalls(t *table) {
	add(t, call{
		id: "listAuditEvents", route: "GET /v1/account/audit", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "The audit log, newest first",
	}, s.listAudit)
}

type listAuditCall struct {
	Page
	Action string `query:"action" maxLength:"64" example:"user.locked" doc:"Only entries of this action."`
	Group  string `query:"group" enum:"sign_ins,second_factors,api_keys,people,organisation,others" doc:"Only entries of this sort; with an action, that one counts."`
	Person string `query:"person" maxLength:"320" example:"ada@example.com" doc:"Only what this user did or what concerns them: an e-mail address or an id."`
	From   string `query:"from" maxLength:"10" example:"2026-01-01" doc:"From this day on (UTC)."`
	To     string `query:"to" maxLength:"10" example:"2026-12-31" doc:"To the end of this day (UTC)."`
}

type auditEventListAnswer struct{ Body auditEventList }

func (s *Server) listAudit(ctx context.Context, in *listAuditCall) (*auditEventListAnswer, error) {
	w := signedIn(ctx)
	f, err := s.Admin.AuditFilter(ctx, w, admin.AuditQuery{Action: in.Action, Group: in.Group, Person: in.Person, From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	p, err := s.Admin.Audit(ctx, w, f, in.Cursor, in.Limit)
	if errors.Is(err, audit.ErrPlace) {
		err = errCursor
	}
	if err != nil {
		return nil, err
	}
	list := auditEventList{Items: []auditEvent{}, Next: p.Older}
	for _, e := range p.Events {
		list.Items = append(list.Items, auditEvent{
			ID: e.ID, At: stamp(e.At), Action: string(e.Action), Group: string(e.Action.Group()), By: string(e.Actor.Kind),
			Actor: namedIn(p.People, e.Actor.ID), Person: namedIn(p.People, e.Person), Target: e.Target,
			Address: e.Actor.Address, UserAgent: e.Actor.UserAgent, Detail: e.Detail,
		})
	}
	return &auditEventListAnswer{list}, nil
}

// namedIn is somebody by their id; nil for nobody.
func namedIn(people map[string]user.Name, userID string) *auditPerson {
	if userID == "" {
		return nil
	}
	n := people[userID]
	return &auditPerson{userID, n.Email, n.Name}
}
