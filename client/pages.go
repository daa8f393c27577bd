package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// Page says which part of a list is asked for.
type Page struct {
	Limit  int    // most items of an answer, up to 100; 0 for the server's choice
	Cursor string // Next of the answer before; empty to begin
}

// values are the members of a query that say something.
func (p Page) values(more map[string]string) url.Values {
	v := url.Values{}
	if p.Limit != 0 {
		v.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		v.Set("cursor", p.Cursor)
	}
	for name, value := range more {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// UserQuery narrows the list of users; empty members narrow nothing.
type UserQuery struct {
	Page
	Search       string // words of the name and address, or their beginnings
	SecondFactor string // on or off
	Kind         string // totp, passkey, sms or email
	Role         string // owner, admin or member
	State        string // locked, invited, set_up, grace or overdue
	Sort         string // email, name, second_factor or added; with a minus before it, the other way round
}

func (q UserQuery) values() url.Values {
	return q.Page.values(map[string]string{
		"search": q.Search, "second_factor": q.SecondFactor, "kind": q.Kind, "role": q.Role, "state": q.State, "sort": q.Sort,
	})
}

// AuditQuery narrows the audit log; empty members narrow nothing.
type AuditQuery struct {
	Page
	Action string // such as user.locked
	Group  string // sign_ins, second_factors, people, organisation or others
	Person string // an e-mail address or an id
	From   string // a day, as 2026-01-31
	To     string // a day, which is included
}

func (q AuditQuery) values() url.Values {
	return q.Page.values(map[string]string{"action": q.Action, "group": q.Group, "person": q.Person, "from": q.From, "to": q.To})
}

// AccountQuery narrows the list of accounts.
type AccountQuery struct {
	Page
	Slug string // the account's short name
}

func (q AccountQuery) values() url.Values { return q.Page.values(map[string]string{"slug": q.Slug}) }

// Users are all users that a query finds, page by page. After an error there are no more.
func (c *Client) Users(ctx context.Context, q UserQuery) iter.Seq2[User, error] {
	return all(func(cursor string) ([]User, string, error) {
		if cursor != "" {
			q.Cursor = cursor
		}
		p, err := c.ListUsers(ctx, q)
		return p.Items, p.Next, err
	})
}

// AuditEvents are all entries of the audit log that a query finds, the newest first. After an error there are no more.
func (c *Client) AuditEvents(ctx context.Context, q AuditQuery) iter.Seq2[AuditEvent, error] {
	return all(func(cursor string) ([]AuditEvent, string, error) {
		if cursor != "" {
			q.Cursor = cursor
		}
		p, err := c.ListAuditEvents(ctx, q)
		return p.Items, p.Next, err
	})
}

// Accounts are all accounts that a query finds. After an error there are no more.
func (c *Client) Accounts(ctx context.Context, q AccountQuery) iter.Seq2[ManagedAccount, error] {
	return all(func(cursor string) ([]ManagedAccount, string, error) {
		if cursor != "" {
			q.Cursor = cursor
		}
		p, err := c.ListAccounts(ctx, q)
		return p.Items, p.Next, err
	})
}

// all goes through the pages of a list.
func all[T any](page func(cursor string) (items []T, next string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			items, next, err := page(cursor)
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if cursor = next; cursor == "" {
				return
			}
		}
	}
}

// optional is a body of one member that may be left out; nil if it is empty.
func optional(name, value string) any {
	if value == "" {
		return nil
	}
	return map[string]string{name: value}
}
