package api

import (
	"context"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/browser"
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

type trustedBrowserAnswer struct{ Body trustedBrowser }

// BrowserID is in the path of the calls about one browser.
type BrowserID struct {
	ID string `path:"id" maxLength:"100" doc:"The browser’s id."`
}

type updateBrowserRequest struct {
	Name string `json:"name" maxLength:"100" example:"Office" doc:"What to call it; empty for what it says of itself."`
}

func (s *Server) browserCalls(t *table) {
	own := func(id, route string, key apikey.Scope, summary, tells string) call {
		return call{id: id, route: route, level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: key, group: "Sessions and browsers", summary: summary, tells: tells}
	}
	add(t, own("listTrustedBrowsers", "GET /v1/me/trusted-browsers", "read", "List one’s trusted browsers", ""), s.listTrustedBrowsers)
	add(t, own("getTrustedBrowser", "GET /v1/me/trusted-browsers/{id}", "read", "Look at a trusted browser", ""), s.getTrustedBrowser)
	add(t, own("updateTrustedBrowser", "PATCH /v1/me/trusted-browsers/{id}", "factors", "Rename a trusted browser", ""), s.updateTrustedBrowser)
	add(t, own("endTrustedBrowser", "DELETE /v1/me/trusted-browsers/{id}", "factors", "End the trust in a browser", "Its next sign-in asks for the second factor."), s.endTrustedBrowser)
	add(t, own("endTrustedBrowsers", "DELETE /v1/me/trusted-browsers", "factors", "End the trust in all one’s browsers", ""), s.endTrustedBrowsers)
}

func (s *Server) listTrustedBrowsers(ctx context.Context, _ *struct{}) (*trustedBrowsersAnswer, error) {
	list, err := s.Profile.TrustedBrowsers(ctx, signedIn(ctx))
	v := trustedBrowsers{Items: []trustedBrowser{}}
	for _, b := range list {
		v.Items = append(v.Items, describeBrowser(b))
	}
	return &trustedBrowsersAnswer{v}, err
}

// describeBrowser says a trusted browser as its list does.
func describeBrowser(b browser.Browser) trustedBrowser {
	return trustedBrowser{
		ID: b.ID, Name: b.Name, Browser: b.Browser, System: b.System, Country: b.Country, Address: b.Address,
		TrustedAt: stamp(b.TrustedAt), LastUsedAt: stamp(b.LastUsedAt), ExpiresAt: stamp(b.ExpiresAt),
	}
}

func (s *Server) getTrustedBrowser(ctx context.Context, in *BrowserID) (*trustedBrowserAnswer, error) {
	b, err := s.Profile.TrustedBrowser(ctx, signedIn(ctx), in.ID)
	return &trustedBrowserAnswer{describeBrowser(b)}, err
}

func (s *Server) updateTrustedBrowser(ctx context.Context, in *struct {
	BrowserID
	Body updateBrowserRequest
},
) (*trustedBrowserAnswer, error) {
	if err := s.Profile.RenameBrowser(ctx, signedIn(ctx), in.ID, in.Body.Name, by(ctx)); err != nil {
		return nil, err
	}
	return s.getTrustedBrowser(ctx, &in.BrowserID)
}

func (s *Server) endTrustedBrowser(ctx context.Context, in *BrowserID) (*struct{}, error) {
	return nil, s.Profile.RevokeBrowser(ctx, signedIn(ctx), in.ID, by(ctx))
}

func (s *Server) endTrustedBrowsers(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.Profile.RevokeBrowsers(ctx, signedIn(ctx), by(ctx))
}
