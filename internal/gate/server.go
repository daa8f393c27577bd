package gate

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"sallyport/internal/assertion"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/session"
)

// Paths of the door.
const (
	Path       = "/forward-auth"
	KeySetPath = "/.well-known/jwks.json"
	Prefix     = httpx.DoorPrefix // at the programs' origins
)

// Server is the door with what it needs. All fields are needed.
type Server struct {
	PublicURL  *url.URL
	Origins    httpx.Origins // of the programs behind the door
	Sessions   *session.Service
	Machines   *machine.Service
	Assertions *assertion.Service
	Now        func() time.Time

	memo memo
}

// Asked builds the surface that proxies and programs ask: the door itself and the keys of its assertions. Which host they name does
// not matter; the proxy's own name for this server is nobody's business.
func (s *Server) Asked(proxies httpx.Proxies, log *slog.Logger, observe func(string, int, time.Duration)) (*httpx.Mux, error) {
	return httpx.NewMux([]httpx.Route{
		// Public: this is the question whether somebody is signed in, so it answers everybody.
		{Pattern: "GET " + Path, Level: httpx.Public, Handler: s.ask},
		{Pattern: "GET " + KeySetPath, Level: httpx.Public, Handler: s.keySet},
	}, nil, httpx.Options{Surface: "gate", PublicURL: s.PublicURL, AnyHost: true, Bare: true, Proxies: proxies, Render: s.render, Log: log, Observe: observe, Now: s.Now})
}

// keySet publishes the keys of assertions (RFC 7517 §5).
func (s *Server) keySet(w http.ResponseWriter, r *http.Request) error {
	set, err := s.Assertions.KeySet(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300") // far below assertion.PublishFor
	_, err = w.Write(set)
	return err
}

// Takes reports whether a path is answered by the surface that proxies and programs ask.
func Takes(path string) bool { return path == Path || path == KeySetPath }
