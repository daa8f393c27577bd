// Package httpx is the doorway every request passes: what the browser pages and the
// REST API share of HTTP, and nothing of what they serve.
//
// A surface is a [Mux]: one table of [Route]s with what holds for all of them. A
// request is given an id and the security headers, its Host is checked against the
// public URL, and its route is looked up. Then come the route's body limit, the
// origin check (on surfaces for browsers), the media type of the body, the [Guard],
// and last the [Handler]. Whatever fails on the way ends in one place: the error is
// translated to a status by one table, its details go to the log under the request's
// id, and a safe message goes to the surface's [Renderer].
//
// Invariants:
//   - A route that does not declare its level, freshness and scope, or has no method,
//     stops the server from starting (D5).
//   - Nothing a client sends decides its own address, the scheme, the host or the
//     request id. X-Forwarded-For counts only as far as trusted proxies wrote it (B22).
//   - Answers are never cached unless their handler says so (14.2.1, 14.3.2).
//   - The log holds no query string, body, cookie or secret (B92).
//
// Trust: the peer of the connection is an attacker unless its address is listed as a
// proxy; a listed proxy is believed about the address before it and about nothing else.
package httpx
