package api

import (
	"context"

	"sallyport/internal/httpx"
)

// me is the person who calls.
type me struct {
	ID      string `json:"id" example:"usr_01jd3k8zq0c4m" doc:"The user's id."`
	Email   string `json:"email" example:"ada@example.com"`
	Name    string `json:"name" example:"Ada Lovelace"`
	Role    string `json:"role" enum:"owner,admin,member"`
	Account struct {
		ID   string `json:"id" example:"acc_01jd3k8zq0c4m" doc:"The account's id."`
		Slug string `json:"slug" doc:"The short name of the sign-in address."`
		Name string `json:"name" example:"Acme"`
	} `json:"account"`
	Level string   `json:"level" enum:"aal1,aal2" doc:"How strongly this caller is authenticated (NIST SP 800-63B)."`
	AMR   []string `json:"amr" doc:"By which methods (RFC 8176)."`
}

type meAnswer struct{ Body me }

func (s *Server) meCalls(t *table) {
	add(t, call{
		id: "getMe", route: "GET /v1/me", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "read",
		group: "Me", summary: "Who calls",
	}, s.me)
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*meAnswer, error) {
	w := signedIn(ctx)
	m := me{ID: w.User.ID, Email: w.User.Email, Name: w.User.Name, Role: string(w.User.Role), Level: string(w.Level), AMR: w.AMR}
	m.Account.ID, m.Account.Slug, m.Account.Name = w.Account.ID, w.Account.Slug, w.Account.Name
	return &meAnswer{m}, nil
}
