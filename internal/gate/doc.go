// Package gate is the door in front of other programs (X19): a reverse proxy asks at GET /forward-auth whether it may let a request
// through, and who it is.
//
// Each program lives at an origin of its own, which the operator lists. What the proxy says of the request it asks about, in headers,
// is believed only as far as it names one of these; who is asking is told by a cookie or a credential and by nothing else. A browser
// that is not let in is sent to sign in and comes back by way of /.sallyport/ at the program's own origin, which the proxy
// leads here: see package session on passes and tickets.
package gate
