package api

import (
	"slices"
	"strings"

	"sallyport/internal/httpx"
)

// code is the stable code of an error, as the document has it.
type code struct {
	name    string
	status  int
	meaning string // for whoever writes a program; what is said to people stands in the error
	calls   string // operationIds of the calls that can give it, by nature of their work, separated by blanks
}

// natural is an error of all calls of some kind.
type natural struct {
	code
	of func(c call) bool
}

// fromNature are the errors that calls can give by what their row in the table says, held by the tests as fromWork is.
var fromNature = []natural{
	{code{name: "malformed_request", status: 400, meaning: "The body is no JSON that two readers would read alike, or a parameter is badly escaped or there twice."}, every},
	{code{name: "unsupported_media_type", status: 415, meaning: "The body is sent as something else than this call takes, or encoded (gzip)."}, every},
	{code{name: "request_too_large", status: 413, meaning: "The body is larger than this call takes."}, every},
	{code{name: "wrong_host", status: 421, meaning: "The server does not answer under that name."}, every},
	{code{name: "invalid_request", status: 422, meaning: "A member or parameter is unknown, missing, of the wrong type or out of its bounds; “field” names it."}, func(c call) bool { return !c.form }},
	{code{name: "rate_limited", status: 429, meaning: "This caller makes too many calls. Wait as long as Retry-After says."}, every},
	{code{name: "not_signed_in", status: 401, meaning: "There is no credential, or it counts no longer: it has ended, expired or was revoked."}, signed},
	{code{name: "set_up_required", status: 401, meaning: "The person must set up a second factor first; the session has ended."}, signed},
	{code{name: "invalid_key", status: 401, meaning: "The API key is mistyped or was removed, or its person can’t sign in any more."}, signed},
	{code{name: "key_expired", status: 401, meaning: "The API key’s end date has passed."}, signed},
	{code{name: "invalid_token", status: 401, meaning: "The access token is older than 15 minutes, or its key or its person’s sign-ins were ended. Get a new one."}, signed},
	{code{name: "second_factor_required", status: 401, meaning: "An API key alone is not enough. Prove its second factor in one of the ways under “how”."}, byProgram},
	{code{name: "wrong_code", status: 401, meaning: "The code in Sallyport-OTP is not right."}, byProgram},
	{code{name: "used_code", status: 401, meaning: "The code in Sallyport-OTP was used already."}, byProgram},
	{code{name: "malformed_code", status: 401, meaning: "What stands in Sallyport-OTP is no code."}, byProgram},
	{code{name: "too_many_attempts", status: 429, meaning: "Too many wrong codes. Wait as long as Retry-After says."}, byProgram},
	{code{name: "factor_locked", status: 429, meaning: "Too many wrong codes in a row: the API key’s device is locked."}, byProgram},
	{code{name: "scope_missing", status: 403, meaning: "The API key lacks the scope that this call needs."}, byProgram},
	{code{name: "key_network", status: 403, meaning: "The API key may not be used from this address."}, signed},
	{code{name: "session_needed", status: 403, meaning: "Only people, in a session, may make this call."}, func(c call) bool { return signed(c) && c.key == "" }},
	{code{name: "credentials_mixed", status: 422, meaning: "There is more than one second factor, or one beside what needs none."}, signed},
	{code{name: "signature_malformed", status: 401, meaning: "Signature or Signature-Input can’t be read."}, byProgram},
	{code{name: "signature_count", status: 401, meaning: "A call has exactly one signature."}, byProgram},
	{code{name: "signature_component", status: 401, meaning: "The signature covers something that is not there."}, byProgram},
	{code{name: "signature_coverage", status: 401, meaning: "The signature does not cover all that it must."}, byProgram},
	{code{name: "signature_field_repeated", status: 401, meaning: "A header that the signature covers stands there twice."}, byProgram},
	{code{name: "signature_tag", status: 401, meaning: "The signature’s tag is not “sallyport”."}, byProgram},
	{code{name: "signature_algorithm", status: 401, meaning: "The signature’s algorithm is not that of the key."}, byProgram},
	{code{name: "signature_created", status: 401, meaning: "The signature’s time is more than a minute off."}, byProgram},
	{code{name: "signature_expired", status: 401, meaning: "The signature has expired by its own word."}, byProgram},
	{code{name: "signature_nonce", status: 401, meaning: "The nonce has not 16 to 64 characters."}, byProgram},
	{code{name: "signature_replayed", status: 401, meaning: "A call with this nonce was made already."}, byProgram},
	{code{name: "signature_wrong", status: 401, meaning: "The signature is not right."}, byProgram},
	{code{name: "content_digest_wrong", status: 401, meaning: "Content-Digest is not that of the body."}, byProgram},
	{code{name: "not_administrator", status: 403, meaning: "The person is no administrator of the account."}, func(c call) bool { return c.scope == httpx.Account }},
	{code{name: "second_factor_required", status: 403, meaning: "The session was begun without a second factor, and this call needs one."}, func(c call) bool { return c.level == httpx.AAL2 && c.scope != httpx.Operator }},
	{code{name: "factor_needed", status: 401, meaning: "The second factor was proved too long ago. Prove it again with POST /v1/session/confirm, then repeat the call."}, func(c call) bool {
		return c.fresh == httpx.Recent || c.fresh == httpx.Whole || c.scope == httpx.Account && c.level == httpx.AAL2
	}},
	{code{name: "idempotency_key_invalid", status: 422, meaning: "Idempotency-Key is not of 1 to 255 visible ASCII characters, or is there twice."}, creates},
	{code{name: "idempotency_mismatch", status: 422, meaning: "This Idempotency-Key was used for another request. A new request needs a new key."}, creates},
	{code{name: "idempotency_running", status: 409, meaning: "The first call with this Idempotency-Key is still being answered. Ask again in a moment."}, creates},
	{code{name: "idempotency_unknown", status: 409, meaning: "The first call with this Idempotency-Key broke off, or its answer is no longer at hand. Look whether it was done; if not, use a new key."}, creates},
	{code{name: "internal_error", status: 500, meaning: "A fault of the server’s. Its log has the request_id."}, every},
	{code{name: "busy", status: 503, meaning: "Too many passwords are being checked at this moment. Try again in a few seconds."}, every},
	{code{name: "database_busy", status: 503, meaning: "The database has too much to do at this moment. Try again in a few seconds."}, every},
	{code{name: "database_full", status: 503, meaning: "The database has no room left. The operator has to see to it."}, every},
	{code{name: "database_unavailable", status: 503, meaning: "The database can’t be reached."}, every},
	{code{name: "time_out", status: 503, meaning: "The answer took too long. What the call did may have been done."}, every},
}

func every(call) bool       { return true }
func signed(c call) bool    { return c.level >= httpx.AAL1 }
func byProgram(c call) bool { return signed(c) && c.key != "" }
func creates(c call) bool   { return c.creates }

// codesOf are the errors that a call can give, by status and name.
func codesOf(c call) []code {
	var all []code
	for _, n := range fromNature {
		if n.of(c) {
			all = append(all, n.code)
		}
	}
	for _, one := range fromWork {
		if slices.Contains(strings.Fields(one.calls), c.id) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b code) int {
		if a.status != b.status {
			return a.status - b.status
		}
		return strings.Compare(a.name, b.name)
	})
	return all
}
