package apptest

import (
	"slices"
	"testing"
)

// Rows gives the content of all tables as text, one row an element, in a fixed order:
// equal before and after a request that changed nothing.
func (s *Server) Rows(tb testing.TB) []string {
	tb.Helper()
	var all []string
	err := s.DB.Each(tb.Context(), `
		SELECT 'account ' || account_id || ' ' || slug || ' ' || name || ' ' || policy || ' ' || suspended_at || ' ' || face || ' ' || wording FROM accounts
		UNION ALL
		SELECT 'logo ' || account_id || ' ' || file FROM account_logos
		UNION ALL
		SELECT 'text ' || account_id || ' ' || language || ' ' || text_key || ' ' || wording FROM account_texts
		UNION ALL
		SELECT 'user ' || user_id || ' ' || email || ' ' || name || ' ' || role || ' ' || password_hash || ' ' || epoch || ' '
			|| set_up_required || ' ' || welcomed_at || ' ' || locked_at || ' ' || language || ' ' || password_mailed_at FROM users
		UNION ALL
		SELECT 'factor ' || factor_id || ' ' || name || ' ' || state || ' ' || last_step || ' ' || drift || ' ' || resync_step || ' '
			|| failures || ' ' || blocked_until || ' ' || last_used_at FROM factors
		UNION ALL
		SELECT 'code ' || factor_id || ' ' || selector || ' ' || hash || ' ' || used_at FROM factor_codes
		UNION ALL
		SELECT 'pending ' || pending_id || ' ' || epoch || ' ' || return_to || ' ' || expires_at FROM pending_sign_ins
		UNION ALL
		SELECT 'session ' || session_id || ' ' || epoch || ' ' || level || ' ' || last_seen_at || ' ' || expires_at FROM sessions
		UNION ALL
		SELECT 'throttle ' || subject || ' ' || failures || ' ' || blocked_until FROM throttles
		UNION ALL
		SELECT 'audit ' || event_id || ' ' || action || ' ' || actor_id || ' ' || target_id || ' ' || address || ' ' || detail FROM audit_events
		UNION ALL
		SELECT 'mail token ' || user_id || ' ' || purpose || ' ' || token_id || ' ' || detail || ' ' || expires_at FROM mail_tokens
		UNION ALL
		SELECT 'mail server ' || account_id || ' ' || host || ' ' || port || ' ' || security || ' ' || username || ' ' || sender || ' '
			|| result || ' ' || result_at || ' ' || changed_at FROM mail_servers
		UNION ALL
		SELECT 'outbox ' || message_id || ' ' || kind || ' ' || recipient || ' ' || facts FROM outbox
		UNION ALL
		SELECT 'deployment ' || name || ' ' || expires_at FROM deployment`, nil,
		func(scan func(...any) error) error {
			var row string
			err := scan(&row)
			all = append(all, row)
			return err
		})
	if err != nil {
		tb.Fatalf("read all rows: %v", err)
	}
	slices.Sort(all)
	return all
}
