package house

import (
	"go/ast"
	"strconv"
	"strings"
	"testing"

	"sallyport/internal/texts"
)

// unseen are the codes of errors that no page shows, by the reason. Whatever else is made with
// errs.New can come before a person, who reads it in their own language. Errors of the kind
// Internal need no line here: in their place everybody is shown the page for faults of ours.
var unseen = map[string][]string{
	"the page of its HTTP status says it better": {"not_found", "method_not_allowed", "request_too_large", "unsupported_media_type", "malformed_request", "wrong_host"},
	"who would read it has gone":                 {"client_left"},
	"never leaves the function that decides":     {"code_refused", "challenge_spent", "reminder_moved"},
	"answers a program that calls the REST interface": {
		"invalid_request", "invalid_cursor", "invalid_key", "key_expired", "invalid_token", "scope_missing", "key_network", "credentials_mixed", "session_needed",
		"signature_replayed", "token_scope", "grant_type_unknown", "client_authentication", "rate_limited", "idempotency_key_invalid", "idempotency_mismatch", "idempotency_running", "idempotency_unknown", "time_invalid", "operator_only", "operator_network",
	},
	"answers a machine that looks after ours":    {"metrics_forbidden", "key_file_unusable"},
	"answers a gateway that sends a receipt":     {"receipts_busy", "receipt_early", "sms_receipt_invalid", "sms_receipt_forged"},
	"the command line says it, about an import":  {"malformed_otpauth_uri", "malformed_secret", "password_hash_unknown"},
	"the command line says it, about the backup": {"backup_exists", "backup_path", "backup_with_pg_dump"},
	"the command line says it, about plans": {
		"exception_not_found", "exceptions_changed", "plan_unknown", "trial_over", "until_invalid", "method_unknown", "country_unknown",
	},
	"the command line says it, about the audit log": {"audit_head_invalid"},
	"the log says it, about a message":              {"no_sms_gateway"},
	"the log says it, about the SMS gateway": {
		"sms_unreachable", "sms_address_forbidden", "sms_certificate_refused", "sms_login_refused", "sms_throttled", "sms_refused",
		"sms_answer_invalid", "sms_number_refused", "sms_text_refused", "sms_receipt_invalid", "sms_receipt_forged", "sms_setting_invalid",
	},
	"the server does not start": {"operator_key_unusable", "database_address", "database_foreign", "database_path", "database_permissions", "schema_too_new", "schema_edited"},
	"the command line says it, about the key file": {
		"key_file_missing", "key_file_permissions", "key_file_damaged", "key_file_exists", "key_file_unwritable", "key_not_prepared",
	},
	"answers a program that signs its calls": {
		"signature_malformed", "signature_count", "signature_component", "signature_coverage", "signature_field_repeated", "signature_tag",
		"signature_algorithm", "signature_created", "signature_expired", "signature_nonce", "signature_wrong", "content_digest_wrong",
	},
	"the command line says it, about signatures": {"private_key_invalid"},
}

// made is one call of errs.New.
type made struct {
	code string // empty where it is no literal
	kind string // the name of the kind: "Invalid"
	at   string
}

// errorsMade finds the errors that f makes.
func errorsMade(f file) (found []made) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 3 {
			return true
		}
		own, _ := call.Fun.(*ast.Ident)
		if !isCall(call, "errs", "New") && (own == nil || own.Name != "New" || f.pkg.place() != "errs") {
			return true
		}
		m := made{kind: lastName(call.Args[0]), at: f.at(call)}
		if lit, ok := call.Args[1].(*ast.BasicLit); ok {
			m.code, _ = strconv.Unquote(lit.Value)
		}
		found = append(found, m)
		return true
	})
	return found
}

// TestErrorsAreTranslated: every error that a page can show is said in every language.
func TestErrorsAreTranslated(t *testing.T) {
	hidden := map[string]bool{}
	for _, codes := range unseen {
		for _, code := range codes {
			hidden[code] = true
		}
	}
	all := map[string]bool{}
	english := texts.In(texts.English)
	for _, f := range files(t) {
		if f.test || tiers[f.pkg.place()] == proof {
			continue
		}
		for _, m := range errorsMade(f) {
			all[m.code] = true
			if m.code == "" {
				t.Errorf("%s: the code of an error is a literal, so that it can be found", m.at)
			}
			if english["error."+m.code] != "" {
				t.Errorf("%s: the text error.%s is something else", m.at, m.code)
			}
			for _, l := range texts.Languages() {
				said := texts.In(l)["error."+m.code] != ""
				switch {
				case l == texts.English: // in the error itself
				case said && hidden[m.code]:
					t.Errorf("%s: %s has a text for %s, which no page shows", m.at, l, m.code)
				case !said && !hidden[m.code] && m.kind != "Internal":
					t.Errorf("%s: %s has no text error.%s", m.at, l, m.code)
				}
			}
		}
	}
	if len(all) < 50 {
		t.Fatalf("only %d errors found", len(all))
	}
	for code := range hidden {
		if !all[code] {
			t.Errorf("%s is listed as unseen, but nothing makes it", code)
		}
	}
	for _, l := range texts.Languages() {
		for key := range texts.In(l) {
			code, is := strings.CutPrefix(key, "error.")
			if is && english[key] == "" && !all[strings.TrimSuffix(code, ".wait")] {
				t.Errorf("%s has the text %s, but nothing makes such an error", l, key)
			}
		}
	}
}

func TestPlantedErrors(t *testing.T) {
	for _, c := range []struct {
		place, body string
		want        []made
	}{
		{"user", `var e = errs.New(errs.Invalid, "a", "A.").In("x")`, []made{{"a", "Invalid", ""}}},
		{"user", `func f() error { return errs.New(errs.Internal, "b", "B.") }`, []made{{"b", "Internal", ""}}},
		{"user", `var e = errs.New(errs.Invalid, code, "A.")`, []made{{"", "Invalid", ""}}},
		{"errs", `var e = New(Internal, "c", "C.")`, []made{{"c", "Internal", ""}}},
		{"user", `var e = New(Internal, "c", "C.")`, nil},
		{"user", `var e = errors.New("d")`, nil},
	} {
		got := errorsMade(source(t, c.place, "x.go", "package p\n"+c.body+"\n"))
		for i := range got {
			got[i].at = ""
		}
		if len(got) != len(c.want) || len(got) == 1 && got[0] != c.want[0] {
			t.Errorf("%s: found %+v, want %+v", c.body, got, c.want)
		}
	}
}
