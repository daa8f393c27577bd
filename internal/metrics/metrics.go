// Package metrics counts what an operator watches: sign-ins by outcome and method,
// answers by route, the hashing queue, the database, the process itself.
//
// It keeps a registry of its own, so nothing a library registers globally shows up.
// Every label has few values, all chosen by the server: what a client sends never
// becomes one, or a stranger could fill the memory with series. No metric names a person
// or an account. Who may read the page is decided where it is mounted.
package metrics

import (
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Hashing is the state of the password hasher.
type Hashing struct {
	Running int   // hashes being computed now
	Queued  int   // sign-ins waiting for a slot now
	Refused int64 // sign-ins sent away since the start because the queue was full or slow
}

// Database is the state of the database's connections.
type Database struct {
	Open  int           // connections open now
	InUse int           // of these, busy now
	Waits int64         // times somebody waited for a connection since the start
	Wait  time.Duration // how long they waited in all
}

// Outbox is the state of the queue of messages, of all servers together.
type Outbox struct {
	Waiting int           // messages that wait to be sent
	Oldest  time.Duration // how long the oldest of them has waited; 0 if none does
}

// Sources are the callbacks asked at each scrape. They must be quick and safe for
// concurrent use; a nil one leaves its metrics out.
type Sources struct {
	Hashing  func() Hashing
	Database func() Database
	Outbox   func() (Outbox, error) // an error leaves its metrics out of that one scrape
}

// Metrics is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	signIns  *prometheus.CounterVec
	requests *prometheus.HistogramVec
	messages *prometheus.CounterVec
	stopped  *prometheus.CounterVec
}

// other stands for a label value that is not on its list.
const other = "other"

// The values of the sign-in labels. A value from outside the lists counts as "other", so
// a new method shows up even before it is added here.
var (
	outcomes = []string{"success", "second_factor", "set_up", "planned", "wrong_password", "wrong_code", "used_code", "throttled", "locked", "expired", "cancelled", "busy", "error"}
	methods  = []string{"password", "totp", "backup_code", "passkey", "sms", "email", "trusted_browser", "admin_code", "mailed_token"}
)

// The values of the labels of messages, bounded likewise.
var (
	kinds = []string{
		"code", "disable_token", "set_up_token", "reset_token", "email_token", "disable_cancel", "factor_added", "factor_removed", "factor_locked", "passkey_copied",
		"two_factor_reset", "two_factor_off", "disable_kept", "backup_codes_made", "backup_code_used", "backup_codes_low",
		"password_changed", "email_change_asked", "email_changed", "sign_in_unknown_browser", "sign_in_unfinished", "browser_used_twice",
		"two_factor_asked", "mail_server_set", "mail_server_removed", "mail_server_chosen", "mail_server_taken", "test",
		"invitation", "admin_code_issued", "admin_code_used", "role_changed", "access_locked", "access_unlocked", "sessions_ended", "browsers_ended", "user_removed",
		"api_key_made", "api_key_removed", "api_key_second_factor_changed", "api_key_locked", "api_keys_ended",
	}
	channels = []string{"mail", "sms"}
	results  = []string{"sent", "deferred", "failed", "dropped", "receipt_sent", "receipt_delivered", "receipt_failed"}
	limits   = []string{"address", "user", "account", "prefix", "deployment"}
)

// Buckets of the request histogram, in seconds: from a session check to a full hashing queue.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// New makes the metrics of a server of the given version.
func New(version string, src Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_sign_ins_total",
			Help: "Steps of sign-ins by outcome and by the method tried.",
		}, []string{"outcome", "method"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "sallyport_http_request_duration_seconds",
			Help:    "Time to answer by route and by the first digit of the status.",
			Buckets: buckets,
		}, []string{"route", "status"}),
	}
	m.messages = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_messages_total",
		Help: "Messages by kind, channel and what became of them.",
	}, []string{"kind", "channel", "result"})
	m.stopped = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sallyport_sends_stopped_total",
		Help: "Codes that were not sent because a limit was reached, by limit.",
	}, []string{"limit"})
	m.registry.MustRegister(
		m.signIns, m.requests, m.messages, m.stopped, buildInfo(version),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	if src.Hashing != nil {
		m.hashing(src.Hashing)
	}
	if src.Database != nil {
		m.database(src.Database)
	}
	if src.Outbox != nil {
		m.registry.MustRegister(outbox{src.Outbox})
	}
	return m
}

// SignIn counts one step of a sign-in. outcome and method are the server's own words;
// unknown ones count as "other".
func (m *Metrics) SignIn(outcome, method string) {
	m.signIns.WithLabelValues(bounded(outcome, outcomes), bounded(method, methods)).Inc()
}

// Message counts what became of a message: sent, deferred, failed, dropped, or what a receipt says. The words are the server's own.
func (m *Metrics) Message(kind, channel, result string) {
	m.messages.WithLabelValues(bounded(kind, kinds), bounded(channel, channels), bounded(result, results)).Inc()
}

// Stopped counts a code that a limit kept from being sent.
func (m *Metrics) Stopped(limit string) { m.stopped.WithLabelValues(bounded(limit, limits)).Inc() }

// classes are those of RFC 9110 §15.
var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// Request observes one answer. route is the pattern of the route table, "" when none
// matched; it must never be the path a client sent.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	class := other
	if status >= 100 && status < 600 {
		class = classes[status/100-1]
	}
	m.requests.WithLabelValues(route, class).Observe(took.Seconds())
}

// Handler answers a scrape in the format the scraper asks for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4,
		Timeout:             10 * time.Second,
	})
}

func bounded(value string, known []string) string {
	if slices.Contains(known, value) {
		return value
	}
	return other
}

func (m *Metrics) hashing(state func() Hashing) {
	m.gauge("sallyport_hashing_running", "Password hashes being computed.", func() float64 { return float64(state().Running) })
	m.gauge("sallyport_hashing_queued", "Sign-ins waiting for a hashing slot.", func() float64 { return float64(state().Queued) })
	m.counter("sallyport_hashing_refused_total", "Sign-ins sent away because the hashing queue was full or slow.", func() float64 { return float64(state().Refused) })
}

func (m *Metrics) database(state func() Database) {
	m.gauge("sallyport_database_connections_open", "Database connections open.", func() float64 { return float64(state().Open) })
	m.gauge("sallyport_database_connections_in_use", "Database connections busy.", func() float64 { return float64(state().InUse) })
	m.counter("sallyport_database_waits_total", "Times a request waited for a database connection.", func() float64 { return float64(state().Waits) })
	m.counter("sallyport_database_wait_seconds_total", "Time requests waited for database connections.", func() float64 { return state().Wait.Seconds() })
}

// outbox asks for both numbers at once: they come from the database.
type outbox struct{ state func() (Outbox, error) }

var (
	outboxWaiting = prometheus.NewDesc("sallyport_outbox_waiting", "Messages that wait to be sent.", nil, nil)
	outboxOldest  = prometheus.NewDesc("sallyport_outbox_oldest_seconds", "How long the oldest message has waited to be sent.", nil, nil)
)

// Describe names the metrics.
func (outbox) Describe(to chan<- *prometheus.Desc) { to <- outboxWaiting; to <- outboxOldest }

// Collect reads them.
func (o outbox) Collect(to chan<- prometheus.Metric) {
	state, err := o.state()
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(outboxWaiting, prometheus.GaugeValue, float64(state.Waiting))
	to <- prometheus.MustNewConstMetric(outboxOldest, prometheus.GaugeValue, state.Oldest.Seconds())
}

func (m *Metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

func (m *Metrics) counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// buildInfo is the constant 1 with the version in its labels, as is the custom.
func buildInfo(version string) prometheus.Collector {
	goVersion := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "sallyport_build_info",
		Help:        "The version that runs; its value is always 1.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": goVersion},
	}, func() float64 { return 1 })
}
