// Package httpsig signs HTTP messages and checks their signatures (RFC 9421), with Ed25519 and ECDSA P-256, and makes and checks
// the digest of a body (RFC 9530). It is the same code on both sides: a program signs with it, and the server checks with it.
package httpsig
