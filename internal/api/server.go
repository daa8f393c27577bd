package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/machine"
	"sallyport/internal/profile"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// Prefix begins every path of the interface.
const Prefix = "/v1/"

// documentType is the media type of the document.
const documentType = "application/vnd.oai.openapi+json;version=3.1"

// Server is the interface with what it needs. All fields are needed, those of the operator excepted.
type Server struct {
	Product, Version string
	PublicURL        *url.URL
	DB               *db.DB
	SignIns          *signin.Service
	Checks           *signin.Checks
	Sessions         *session.Service
	Factors          *factor.Service
	Profile          *profile.Service
	Admin            *admin.Service
	Machines         *machine.Service
	Now              func() time.Time
	Once             *idempotency.Service
	Rate             int                          // calls a minute for each caller; 0 for no limit
	Count            func(outcome, method string) // counts a step of a sign-in
	OperatorKey      admin.OperatorKey            // the zero one where the operator's part is closed
	OperatorNets     []netip.Prefix               // from where that key is taken
}

// Mux builds the surface.
func (s *Server) Mux(proxies httpx.Proxies, log *slog.Logger, observe func(string, int, time.Duration)) (*httpx.Mux, error) {
	t := s.table()
	document := sync.OnceValues(s.document)
	routes := append(slices.Clone(t.routes), httpx.Route{
		Pattern: published.route, Level: httpx.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if err := noQuery(r); err != nil {
				return err
			}
			body, err := document()
			if err != nil {
				return err
			}
			w.Header().Set("Content-Type", documentType)
			_, err = w.Write(body)
			return err
		},
	})
	for i, rt := range routes {
		if slices.ContainsFunc(t.calls, func(c call) bool { return c.creates && c.route == rt.Pattern }) {
			routes[i].Handler = s.once(rt.Fresh, rt.Handler)
		}
	}
	limit := newLimiter(s.Rate, s.Now)
	guard := func(rt httpx.Route, w http.ResponseWriter, r *http.Request) (*http.Request, error) {
		return s.guard(t.keys[rt.Pattern], rt, r, func(keyID string) error { return limit.admit(w, keyID) })
	}
	return httpx.NewMux(routes, limit.limited(guard), httpx.Options{
		Surface: "api", PublicURL: s.PublicURL, Proxies: proxies, BodyType: "application/json",
		Render: limit.render(render), Log: log, Observe: observe, Now: s.Now,
	})
}

// document writes the interface down (OpenAPI 3.1). It takes a table of its own, which weighs as much as all else that a server keeps: few are
// ever asked for it.
func (s *Server) document() ([]byte, error) {
	t := s.table()
	return json.Marshal(t.described())
}

// table is every call there is.
func (s *Server) table() *table {
	t := newTable(s.Product, s.Version, s.PublicURL)
	s.calls(t)
	return t
}

// calls puts every call into the table.
func (s *Server) calls(t *table) {
	s.signInCalls(t)
	s.sessionCalls(t)
	s.meCalls(t)
	s.accountCalls(t)
	s.policyCalls(t)
	s.userCalls(t)
	s.auditCalls(t)
	s.mailCalls(t)
	s.keyCalls(t)
	s.tokenCall(t)
	s.factorCalls(t)
	s.backupCodeCalls(t)
	s.browserCalls(t)
	s.checkCalls(t)
	s.operatorCalls(t)
}
