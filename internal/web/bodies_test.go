package web_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
)

// TestBadBodies sends every form what no browser sends: a clear refusal each time, never a
// fault of ours, and nothing is changed (B35, B87, F30, F36).
func TestBadBodies(t *testing.T) {
	w := newWalker(t, apptest.Start(t, dbtest.SQLite(t)))
	good := w.fields().Encode()
	const form = "application/x-www-form-urlencoded"
	bad := []struct {
		name, kind, body string
		encoding         string
		status           []int
	}{
		{"JSON", "application/json", `{"code":null,"password":["a"]}`, "", []int{415}},
		{"JSON as text", "text/plain", `{"code":"123456"}`, "", []int{415}},
		{"no type", "", good, "", []int{415}},
		{"multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n123456\r\n--x--\r\n", "", []int{415}},
		{"Latin-1", form + "; charset=iso-8859-1", good, "", []int{415}},
		{"compressed", form, good, "gzip", []int{415}},
		{"huge", form, "code=" + strings.Repeat("1", 20<<10), "", []int{413}},
		{"huge, of unknown length", form, "chunked", "", []int{413}},
	}
	for _, rt := range w.routes {
		if rt.Method() == http.MethodGet {
			continue
		}
		for _, b := range bad {
			if b.body == "chunked" && takesNoFields(rt) {
				continue
			}
			if rt.Upload && (b.name == "multipart" || strings.HasPrefix(b.name, "huge")) {
				continue // it takes files; TestHugeLogo and TestBadLogos send it what it does not take
			}
			want := b.status
			if b.body == "chunked" && strings.HasPrefix(rt.Path(), "/check/") {
				want = []int{410} // without a check, nothing is read
			}
			if p := w.raw(rt, b.kind, b.body, b.encoding); !slices.Contains(want, p.Status) {
				t.Errorf("%s with %s: status %d, want %v: %s", rt.Pattern, b.name, p.Status, want, p.Text())
			}
		}
	}
	before := w.Rows(t)
	for pattern, own := range map[string][]string{
		"POST /set-up":                                 {"organisation", "email", "password", "your_name"},
		"POST /sign-in":                                {"email", "password"},
		"POST /forgot-password":                        {"email"},
		"POST /forgot-password/new":                    {"token", "new_password"},
		"POST /confirm-email":                          {"token", "password"},
		"POST /settings/email":                         {"new_email", "password", "code"},
		"POST /settings/language":                      {"language"},
		"POST /sign-in/verify":                         {"code"},
		"POST /sign-in/set-up":                         {"name"},
		"POST /sign-in/set-up/confirm":                 {"id", "code"},
		"POST /settings/password":                      {"current_password", "new_password"},
		"POST /settings/two-factor/add":                {"name", "password"},
		"POST /settings/two-factor/add-passkey":        {"name", "password"},
		"POST /settings/two-factor/{id}/rename":        {"name"},
		"POST /settings/two-factor/{id}/remove":        {"password", "code"},
		"POST /settings/two-factor/backup-codes":       {"password", "code"},
		"POST /settings/two-factor/{id}/confirm":       {"code"},
		"POST /settings/two-factor/backup-codes/saved": {"next"},
		"POST /settings/welcome":                       {"next"},
		"POST /admin/mail":                             {"host", "port", "security", "user", "server_password", "from", "password"},
		"POST /admin/mail/remove":                      {"password"},
		"POST /admin/brand":                            {"name", "accent", "support", "issuer"},
		"POST /admin/brand/text":                       {"language", "key", "q", "text"},
	} {
		rt := find(t, w.routes, pattern)
		for name, body := range malformed(w.fields(), own) {
			if p := w.raw(rt, form, body, ""); p.Status != http.StatusBadRequest {
				t.Errorf("%s with %s: status %d, want 400: %s", pattern, name, p.Status, p.Text())
			}
		}
		if len(own) > 1 || own[0] == "code" || own[0] == "name" {
			if p := w.raw(rt, form, "", ""); p.Status < 400 && p.Status != http.StatusSeeOther || p.Status >= 500 {
				t.Errorf("%s with an empty form: status %d", pattern, p.Status)
			}
		}
	}
	same(t, before, w.Rows(t), "bad forms")
}

// malformed spoils each of a form's own fields in turn; the rest is right.
func malformed(right url.Values, own []string) map[string]string {
	bodies := map[string]string{"many fields": right.Encode() + strings.Repeat("&x=1", 64)}
	for _, field := range own {
		others := url.Values{}
		for name, values := range right {
			if name != field {
				others[name] = values
			}
		}
		for what, value := range map[string]string{
			"a bad escape": "%zz", "bytes that are not UTF-8": "%ff", "5000 bytes": strings.Repeat("1", 5000),
			"its value twice": right.Get(field) + "&" + field + "=" + right.Get(field), "two values": "&" + field + "=1",
		} {
			bodies[what+" in "+field] = others.Encode() + "&" + field + "=" + value
		}
		if !strings.Contains(field, "password") {
			bodies["a control sign in "+field] = others.Encode() + "&" + field + "=%00"
		}
	}
	return bodies
}

// takesNoFields lists the forms that are one button: what comes with them is never read.
func takesNoFields(rt httpx.Route) bool {
	return slices.Contains([]string{
		"POST /sign-in/cancel", "POST /sign-out", "POST /settings/sessions/{id}/end", "POST /settings/sessions/end-others",
		"POST /settings/browsers/{id}/end", "POST /settings/browsers/end-all", "POST /admin/users/{id}/end-sessions", "POST /admin/users/{id}/end-browsers",
		"POST /settings/api-keys/{id}/end", "POST /admin/users/{id}/end-keys",
	}, rt.Pattern)
}

// raw posts a body as it is, with every right.
func (w *walker) raw(rt httpx.Route, kind, body, encoding string) *apptest.Page {
	w.t.Helper()
	c := w.Client(w.t)
	c.Cookies = map[string]string{httpx.SessionCookie: w.session, httpx.PendingCookie: w.pending}
	r := c.Request(rt.Method(), w.path(rt), url.Values{})
	r.ContentLength, r.Body = int64(len(body)), io.NopCloser(strings.NewReader(body))
	if body == "chunked" {
		r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader("code="+strings.Repeat("1", 200<<10)))
	}
	r.Header.Del("Content-Type")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	p := c.Send(r)
	checkAnswer(w.t, p)
	return p
}
