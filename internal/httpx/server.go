package httpx

import (
	"log/slog"
	"net/http"
	"time"
)

// Server is an http.Server whose limits a slow or greedy client cannot wait out (F29,
// F30): five seconds for the header, fifteen for the whole request, thirty for the
// answer, 16 KiB of header. The caller sets nothing but the listener. What net/http
// itself complains about, mostly strangers' broken connections, is logged at debug.
func Server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      handler,
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  15 * time.Second,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  60 * time.Second,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" gets our answer, with our headers
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
