package apptest

import (
	"slices"
	"strings"
	"testing"

	"sallyport/internal/db"
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
			|| set_up_required || ' ' || welcomed_at || ' ' || locked_at || ' ' || language || ' ' || password_mailed_at || ' ' || external_id FROM users
		UNION ALL
		SELECT 'factor ' || factor_id || ' ' || name || ' ' || state || ' ' || last_step || ' ' || drift || ' ' || resync_step || ' '
			|| failures || ' ' || blocked_until || ' ' || last_used_at FROM factors
		UNION ALL
		SELECT 'code ' || factor_id || ' ' || selector || ' ' || hash || ' ' || used_at FROM factor_codes
		UNION ALL
		SELECT 'pending ' || pending_id || ' ' || purpose || ' ' || epoch || ' ' || return_to || ' ' || expires_at FROM pending_sign_ins
		UNION ALL
		SELECT 'check ' || check_id || ' ' || user_id || ' ' || owner || ' ' || epoch || ' ' || return_to || ' ' || link || ' ' || browser || ' '
			|| expires_at || ' ' || passed_at || ' ' || taken_at || ' ' || cancelled_at FROM checks
		UNION ALL
		SELECT 'session ' || session_id || ' ' || epoch || ' ' || level || ' ' || last_seen_at || ' ' || expires_at FROM sessions
		UNION ALL
		SELECT 'api key ' || key_id || ' ' || name || ' ' || scopes || ' ' || networks || ' ' || public_key || ' ' || expires_at || ' ' || last_used_at FROM api_keys
		UNION ALL
		SELECT 'access token ' || token_id || ' ' || scopes || ' ' || epoch || ' ' || expires_at FROM access_tokens
		UNION ALL
		SELECT 'nonce ' || key_id || ' ' || nonce FROM spent_nonces
		UNION ALL
		SELECT 'spent ' || user_id || ' ' || challenge FROM spent_challenges
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
		SELECT 'outbox ' || message_id || ' ' || kind || ' ' || facts FROM outbox
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

// Row is a row of some table, with whom it belongs to.
type Row struct {
	Table   string
	Account string
	User    string // "" if it is nobody's in particular
	Text    string // the columns, in a fixed order
}

// Owned gives the rows that belong to the two accounts, of every table there is, whatever tables are added later. What the
// server writes by itself is left out: the counts, the chain of the record, and how far a message has come.
func (s *Server) Owned(tb testing.TB, one, other string) []Row {
	tb.Helper()
	list, columns := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`, `SELECT name FROM pragma_table_info($1) ORDER BY cid`
	if s.DB.Engine() == db.Postgres {
		list = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name`
		columns = `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`
	}
	var parts []string
	for _, table := range s.texts(tb, list) {
		names := s.texts(tb, columns, table)
		if !slices.Contains(names, "account_id") || slices.Contains([]string{"adoption_days", "audit_seals", "audit_heads"}, table) {
			continue
		}
		owner := "''"
		for _, name := range []string{"actor_id", "user_id"} {
			if slices.Contains(names, name) {
				owner = name
			}
		}
		switch table {
		case "outbox":
			names = []string{"message_id", "kind", "facts"} // the recipient goes when it is sent
		case "mail_servers": // what came of the last send is noted when it comes, whoever calls meanwhile
			names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains([]string{"result", "detail", "result_at"}, name) })
		}
		for i, name := range names {
			names[i] = "COALESCE(CAST(" + name + " AS text), '')"
		}
		parts = append(parts, "SELECT '"+table+"', account_id, "+owner+", "+strings.Join(names, " || ' ' || ")+" FROM "+table+" WHERE account_id IN ($1, $2)")
	}
	var all []Row
	err := s.DB.Each(tb.Context(), strings.Join(parts, " UNION ALL "), []any{one, other}, func(scan func(...any) error) error {
		var r Row
		err := scan(&r.Table, &r.Account, &r.User, &r.Text)
		all = append(all, r)
		return err
	})
	if err != nil {
		tb.Fatalf("read the rows: %v", err)
	}
	return all
}

func (s *Server) texts(tb testing.TB, sql string, args ...any) (all []string) {
	tb.Helper()
	err := s.DB.Each(tb.Context(), sql, args, func(scan func(...any) error) error {
		var text string
		err := scan(&text)
		all = append(all, text)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}
