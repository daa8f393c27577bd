package api

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sallyport/internal/httpx"
)

// The ways to show who calls, by their names in the document.
const (
	bySession   = "session"
	byToken     = "access_token"
	byKey       = "api_key"
	byOTP       = "otp"
	bySignature = "signature"
	byOperator  = "operator_key"
	byBasic     = "basic"
)

func schemes() map[string]*huma.SecurityScheme {
	bearer := func(format, says string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: format, Description: says}
	}
	header := func(name, says string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "apiKey", In: "header", Name: name, Description: says}
	}
	return map[string]*huma.SecurityScheme{
		bySession:   bearer("", "The token of a completed sign-in, from `POST /v1/sign-in` or `POST /v1/sign-in/verify`."),
		byToken:     bearer("sat_…", "What `POST /v1/token` gave for an API key and a code of its device. It counts for 15 minutes."),
		byKey:       bearer("sak_…", "An API key. Where its person has a second factor, or owes one, it is worth nothing alone: the code of its device or a signature goes with it."),
		byOTP:       header("Sallyport-OTP", "The code that the API key’s device shows now. It counts once."),
		bySignature: header("Signature", "A signature of the call with the private key that belongs to the API key (RFC 9421), with `Signature-Input` and, where there is a body, `Content-Digest`. It covers @method, @target-uri, authorization and content-digest, with the parameters created, nonce, keyid and tag=\"sallyport\". A nonce counts once."),
		byBasic:     {Type: "http", Scheme: "basic", Description: "An API key’s id and the key, to get an access token."},
		byOperator:  bearer("", "The operator’s key, from a network that the server’s settings allow."),
	}
}

// credentials are the ways in which a call can be made; each element is one way.
func credentials(c call) []map[string][]string {
	one := func(names ...string) map[string][]string {
		all := map[string][]string{}
		for _, name := range names {
			all[name] = []string{}
		}
		return all
	}
	switch {
	case c.form:
		return []map[string][]string{one(byBasic), one(byKey), one()}
	case c.level < httpx.AAL1:
		return []map[string][]string{}
	case c.scope == httpx.Operator:
		return []map[string][]string{one(byOperator), one(byToken), one(byKey, byOTP), one(byKey, bySignature)}
	case c.scope == httpx.Program:
		return []map[string][]string{one(byOperator), one(byToken), one(byKey, byOTP), one(byKey, bySignature), one(byKey)}
	case c.key == "":
		return []map[string][]string{one(bySession)}
	}
	return []map[string][]string{one(bySession), one(byToken), one(byKey, byOTP), one(byKey, bySignature), one(byKey)}
}

// The headers of answers, by their names. Each is described once.
func headers() map[string]*huma.Header {
	text := func(says, example string) *huma.Header {
		return &huma.Header{Description: says, Schema: &huma.Schema{Type: huma.TypeString, Examples: []interface{}{example}}}
	}
	number := func(says string, example int) *huma.Header {
		return &huma.Header{Description: says, Schema: &huma.Schema{Type: huma.TypeInteger, Examples: []interface{}{example}}}
	}
	return map[string]*huma.Header{
		"X-Request-Id":         text("What the server’s log knows this call by.", "req_01jd3k8zq0c4m"),
		"RateLimit-Policy":     text("How many calls this caller may make in how many seconds (draft-ietf-httpapi-ratelimit-headers). Absent where the server sets no limit.", `"calls";q=600;w=60`),
		"RateLimit":            text("How many calls are left, and in how many seconds there will be more.", `"calls";r=599;t=1`),
		"Retry-After":          number("After how many seconds a new try makes sense.", 30),
		"WWW-Authenticate":     text("Which credentials would do.", "Bearer"),
		"Idempotency-Replayed": text("“true” if this is the answer that an earlier call with the same Idempotency-Key was given.", "true"),
	}
}

// idempotencyKey is the header with which a call that makes something can be repeated.
func idempotencyKey(c call) *huma.Param {
	shortest, longest := 1, 255
	told := "the answer is that of the first."
	if c.fresh == httpx.Proved {
		told = "the answer is that of the first for 15 minutes, as long as its proof counts, and 409 `idempotency_unknown` after that."
	}
	return &huma.Param{
		Name: "Idempotency-Key", In: "header", Example: "5f0c2b6e-invite-grace",
		Description: "1 to 255 visible ASCII characters of your choice. If the same caller repeats the same call with the same key within 24 hours, it is not done again: " + told,
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest, Pattern: "^[!-~]+$"},
	}
}

// wants says in words what a caller must have proved.
func wants(c call) string {
	var says []string
	switch {
	case c.level < httpx.AAL1:
		return ""
	case c.scope == httpx.Operator:
		says = append(says, "For the operator of the server.")
	case c.scope == httpx.Program:
		says = append(says, "For programs: with an API key that somebody made who administers the account, or with the operator’s key; not in a session.")
	case c.scope == httpx.Account:
		says = append(says, "For administrators of the account.")
	}
	if c.level == httpx.AAL2 {
		says = append(says, "The caller’s second factor must have been proved.")
	}
	switch c.fresh {
	case httpx.Recent:
		says = append(says, "That must not be longer ago than 15 minutes.")
	case httpx.Proved:
		says = append(says, "A proof goes with the call: the password, or a code, as the account’s policy wants it.")
	}
	if c.key == "" && c.scope != httpx.Operator {
		says = append(says, "Only in a session: API keys may not make this call.")
	} else if c.key != "" {
		says = append(says, fmt.Sprintf("An API key needs the scope `%s`.", c.key))
	}
	return strings.Join(says, " ")
}

// describe completes what huma wrote down of a call from its types.
func (t *table) describe(c call, op *huma.Operation) {
	op.Security = credentials(c)
	op.Description = strings.TrimSpace(strings.Join([]string{c.tells, wants(c)}, "\n\n"))
	if c.key != "" {
		op.Extensions = map[string]interface{}{"x-sallyport-scope": c.key}
	}
	if c.creates {
		op.Parameters = append(op.Parameters, idempotencyKey(c))
	}
	registry := t.huma.OpenAPI().Components.Schemas
	delete(op.Responses, "default") // huma's own error
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			m.Example = example(registry, m.Schema, "")
		}
	}
	for status, r := range op.Responses {
		r.Headers = headersOf(c, status)
		for _, m := range r.Content {
			m.Example = example(registry, m.Schema, "")
		}
	}
	byStatus := map[string][]code{}
	for _, one := range codesOf(c) {
		status := strconv.Itoa(one.status)
		if one.status >= http.StatusInternalServerError {
			status = "5XX"
		}
		byStatus[status] = append(byStatus[status], one)
	}
	for status, codes := range byStatus {
		op.Responses[status] = t.refusal(c, codes)
	}
	failed := op.Responses["5XX"]
	failed.Description = "The server could not answer. Nothing is known to be wrong with the call: repeat it, after Retry-After if that is there.\n" + listed(byStatus["5XX"])
	failed.Headers = headersOf(c, "503")
}

// listed are codes as the document's descriptions list them.
func listed(codes []code) string {
	list := strings.Builder{}
	for _, one := range codes {
		fmt.Fprintf(&list, "\n- `%s`: %s", one.name, one.meaning)
	}
	return list.String()
}

// refusal describes the answer of a call that was refused for one of the reasons.
func (t *table) refusal(c call, codes []code) *huma.Response {
	names, status := make([]interface{}, len(codes)), codes[0].status
	for i, one := range codes {
		names[i] = one.name
	}
	only := &huma.Schema{Properties: map[string]*huma.Schema{"code": {Type: huma.TypeString, Enum: names}}}
	return &huma.Response{
		Description: http.StatusText(status) + ".\n" + listed(codes), Headers: headersOf(c, strconv.Itoa(status)),
		Content: t.problemContent(c, only, problemExample(c, status, codes[0].name, codes[0].meaning)),
	}
}

// problemContent is how the errors of a call are told: as problems, or as OAuth does.
func (t *table) problemContent(c call, only *huma.Schema, example map[string]any) map[string]*huma.MediaType {
	media, schema := "application/problem+json", t.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")
	if c.form {
		media, schema = "application/json", t.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[tokenProblem](), true, "")
	}
	schema = &huma.Schema{AllOf: []*huma.Schema{schema, only}}
	return map[string]*huma.MediaType{media: {Schema: schema, Example: example}}
}

func problemExample(c call, status int, code, detail string) map[string]any {
	all := map[string]any{"title": http.StatusText(status), "status": status, "code": code, "detail": detail, "request_id": "req_01jd3k8zq0c4m"}
	if c.form {
		all["error"], all["error_description"] = "invalid_request", detail
	}
	return all
}

// headersOf names the headers of an answer.
func headersOf(c call, status string) map[string]*huma.Header {
	names := []string{"X-Request-Id", "RateLimit-Policy", "RateLimit"}
	switch status {
	case "401":
		names = append(names, "WWW-Authenticate")
	case "409", "429", "503":
		names = append(names, "Retry-After")
	case "200", "201", "202", "204":
		if c.creates {
			names = append(names, "Idempotency-Replayed")
		}
	}
	all := map[string]*huma.Header{}
	for _, name := range names {
		all[name] = &huma.Header{Ref: "#/components/headers/" + name}
	}
	return all
}

// operation finds what huma wrote down of a call.
func (t *table) operation(c call) *huma.Operation {
	method, path, _ := strings.Cut(c.route, " ")
	item := t.huma.OpenAPI().Paths[path]
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[method]
}

// published is the document's own place in itself.
var published = call{id: "getDocument", route: "GET " + Prefix + "openapi.json", level: httpx.Public, group: "Document", summary: "This document"}

// describePublished writes the document down in itself.
func (t *table) describePublished() {
	t.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: published.id, Method: http.MethodGet, Path: Prefix + "openapi.json", Summary: published.summary, Tags: []string{published.group},
		Responses: map[string]*huma.Response{"200": {
			Description: "The document, in OpenAPI 3.1.",
			Content:     map[string]*huma.MediaType{documentType: {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}},
		}},
	})
	t.calls = append(t.calls, published)
}

// groups are the headings of the document, in the order in which the calls were added.
func (t *table) groups() []*huma.Tag {
	var all []*huma.Tag
	for _, c := range t.calls {
		if !slices.ContainsFunc(all, func(tag *huma.Tag) bool { return tag.Name == c.group }) {
			all = append(all, &huma.Tag{Name: c.group})
		}
	}
	return all
}

// samples are examples of members that many types have, by name.
var samples = map[string]interface{}{
	"credential": map[string]interface{}{
		"id": "hK1d…", "rawId": "hK1d…", "type": "public-key", "clientExtensionResults": map[string]interface{}{},
		"response": map[string]interface{}{"clientDataJSON": "eyJ0eX…", "authenticatorData": "SZYN5Y…", "signature": "MEUCIQ…", "userHandle": "dXNyXz…"},
	},
	"options":  map[string]interface{}{"challenge": "p3qJ0m…", "rpId": "sallyport.example.com", "timeout": 300000, "userVerification": "required"},
	"password": "twelve quiet geese", "code": "123456", "token": "acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4m.…", "pending": "acc_01jd3k8zq0c4m.usr_01jd3k8zq0c4m.…",
	"email": "ada@example.com", "name": "My phone", "address": "192.0.2.7", "user_agent": "curl/8.14", "reason": "lost phone", "language": "en",
}

// passkeys reports whether a member belongs to a passkey's answer.
func passkeys(member string) bool { return member == "credential" || member == "ceremony" }

// example makes a value that the schema allows, of the examples of its members.
func example(registry huma.Registry, s *huma.Schema, name string) interface{} {
	if s.Ref != "" {
		s = registry.SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	}
	switch s.Type {
	case huma.TypeObject:
		all := map[string]interface{}{}
		for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
			if _, is := s.Properties["code"]; is && passkeys(member) { // instead of a code
				continue
			}
			all[member] = example(registry, s.Properties[member], member)
		}
		return all
	case huma.TypeArray:
		return []interface{}{example(registry, s.Items, name)}
	case huma.TypeBoolean:
		return true
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil && *s.Minimum > 5 {
			return int(*s.Minimum)
		}
		return 5
	}
	switch s.Format {
	case "date-time":
		return "2026-11-27T09:30:00Z"
	}
	if v, ok := samples[name]; ok {
		return v
	}
	if name == "id" || strings.HasSuffix(name, "_id") {
		return "01jd3k8zq0c4m"
	}
	return "…"
}
