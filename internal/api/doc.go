// Package api is the REST interface under /v1: JSON, bearer credentials, and problem details for errors (RFC 9457).
//
// One table lists the calls, each with the level, freshness and data it touches and the scope a key needs for it. The handlers
// decode, call the same domain methods as the pages, and encode; no rule is written here. The document at /v1/openapi.json is
// made from the same types, so it can't say anything else than the server does.
//
// Nothing here reads a cookie, and nothing under the pages reads a bearer credential: a page of a stranger's has nothing to
// borrow (security.md B87). Bodies are JSON without unknown, repeated or deeply nested members. No secret stands in an address.
package api
