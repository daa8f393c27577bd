package api

import (
	"context"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/httpx"
)

// trustedBrowser is a browser in which the second factor is not asked for.
type trustedBrowser struct {
	ID         string    `json:"id" doc:"Names the browser. It opens nothing."`
	Name       string    `json:"name,omitempty" example:"Office" doc:"What its owner calls it."`
	Browser    string    `json:"browser" example:"Firefox" doc:"What it is. In another one it is not trusted."`
	System     string    `json:"system,omitempty" example:"Linux" doc:"What it runs on. On another one it is not trusted."`
	Country    string    `json:"country,omitempty" example:"AT" doc:"Where it is (ISO 3166), where that is known. In another one it is not trusted."`
	Address    string    `json:"address" example:"192.0.2.7" doc:"Where it was last used."`
	TrustedAt  time.Time `json:"trusted_at" doc:"When it became trusted."`
	LastUsedAt time.Time `json:"last_used_at" doc:"When somebody last signed in with it."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When the trust ends."`
}

type trustedBrowsers struct {
	Items []trustedBrowser `json:"items" doc:"The last used first."`
}

type trustedBrowsersAnswer struct{ Body trustedBrowsers }

type trustedBrowserPath struct {
	ID string `path:"id" maxLength:"100" doc:"The browser’s id."`
}

func (s *Server) browserCalls(t *table) {
	own := func(id, route string, key apikey.Scope, summary, tells string) call {
		return call{id: id, route: route, level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: key, group: "Sessions and browsers", summary: summary, tells: tells}
	}
	add(t, own("listTrustedBrowsers", "GET /v1/me/trusted-browsers", "read", "List one’s trusted browsers", ""), s.listTrustedBrowsers)
	add(t, own("endTrustedBrowser", "DELETE /v1/me/trusted-browsers/{id}", "factors", "End the trust in a browser", "Its next sign-in asks for the second factor."), s.endTrustedBrowser)
	add(t, own("endTrustedBrowsers", "DELETE /v1/me/trusted-browsers", "factors", "End the trust in all one’s browsers", ""), s.endTrustedBrowsers)
}

func (s *Server) listTrustedBrowsers(ctx context.Context, _ *struct{}) (*trustedBrowsersAnswer, error) {
	list, err := s.Profile.TrustedBrowsers(ctx, signedIn(ctx))
	v := trustedBrowsers{Items: []trustedBrowser{}}
	for _, b := range list {
		v.Items = append(v.Items, trustedBrowser{
			ID: b.ID, Name: b.Name, Browser: b.Browser, System: b.System, Country: b.Country, Address: b.Address,
			TrustedAt: moment(b.TrustedAt), LastUsedAt: moment(b.LastUsedAt), ExpiresAt: moment(b.ExpiresAt),
		})
	}
	return &trustedBrowsersAnswer{v}, err
}

func (s *Server) endTrustedBrowser(ctx context.Context, in *trustedBrowserPath) (*struct{}, error) {
	return nil, s.Profile.RevokeBrowser(ctx, signedIn(ctx), in.ID, by(ctx))
}

func (s *Server) endTrustedBrowsers(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.Profile.RevokeBrowsers(ctx, signedIn(ctx), by(ctx))
}
