package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"sallyport/internal/httpx"
)

// showInbox shows what a demo would have mailed and texted, the newest first. No other server has this page.
func (s *Site) showInbox(w http.ResponseWriter, r *http.Request) error {
	if s.Inbox == nil {
		return httpx.ErrNoPage
	}
	messages := s.Inbox.Messages()
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(w).Encode(messages)
	}
	v := Inbox{}
	for _, m := range messages {
		v.Messages = append(v.Messages, InboxMessage{Kind: map[string]string{"mail": "email", "sms": "sms"}[m.Channel], To: m.To, Subject: m.Subject, Text: m.Text, Link: linkIn(m.Text, s.PublicURL.String()), At: m.At})
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// linkIn gives the page that a mail leads to, or nothing: its line that is an address of the server.
func linkIn(text, server string) string {
	for line := range strings.Lines(text) {
		if page, ok := strings.CutPrefix(strings.TrimSpace(line), server); ok && strings.HasPrefix(page, "/") {
			return page
		}
	}
	return ""
}
