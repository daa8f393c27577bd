// Package httpsig signs HTTP messages and checks their signatures (RFC 9421), with Ed25519 and ECDSA P-256, and makes and checks
// the digest of a body (RFC 9530). It is the same code on both sides: a program signs with it, and the server checks with it.
//
// Everything is a pure function of its arguments: no clock, no storage, no network; only [Sign] draws randomness, for the nonce. So
// the package can't know whether a nonce was used before, or whom a key belongs to. The caller finds the key by the id that [Parse]
// read, lets [Signature.Check] judge, and then uses up the nonce with one conditional write (D1).
//
// Trust: every header is input from a stranger until Check has returned nil. The algorithm follows from the key, never from the
// message (RFC 9421 §3.2 step 6). What the RFC leaves to the verifier is in [Want]; what Sallyport demands is [Sallyport]. The parser
// is stricter than RFC 8941 where two readers could differ: a label or parameter that stands twice is refused, and so is Base64 that
// another encoder would have written differently. Of the parameters of components only @query-param's name is understood; the rest
// (sf, key, bs, req, tr) are refused, as §2.5 demands of what is not understood.
package httpsig

import "sallyport/internal/errs"

// What is wrong with a signature, each with what to do. They may be told to whoever signed: none says more than the caller knows.
var (
	ErrMalformed = errs.New(errs.Unauthenticated, "signature_malformed",
		"Signature-Input or Signature can’t be read. Both are structured fields (RFC 9421 §4).")
	ErrCount = errs.New(errs.Unauthenticated, "signature_count",
		"The request must have exactly one signature, under the same label in Signature-Input and Signature.")
	ErrComponent = errs.New(errs.Unauthenticated, "signature_component",
		"The signature covers something that this request doesn’t have, or that isn’t supported.")
	ErrCoverage = errs.New(errs.Unauthenticated, "signature_coverage",
		"The signature doesn’t cover what it must: @method, @target-uri and authorization, and content-digest if there is a body.")
	ErrRepeated = errs.New(errs.Unauthenticated, "signature_field_repeated",
		"A header that the signature covers stands in more than one line. Send it once.")
	ErrTag = errs.New(errs.Unauthenticated, "signature_tag",
		"The signature was made for something else: its parameter tag must be “sallyport”.")
	ErrAlgorithm = errs.New(errs.Unauthenticated, "signature_algorithm",
		"The parameter alg of the signature is not the algorithm of the key.")
	ErrCreated = errs.New(errs.Unauthenticated, "signature_created",
		"The signature’s parameter created is missing or too far from the server’s time. Check the clock, and sign each request anew.")
	ErrExpired = errs.New(errs.Unauthenticated, "signature_expired",
		"The signature says itself that it has expired.")
	ErrNonce = errs.New(errs.Unauthenticated, "signature_nonce",
		"The signature needs a parameter nonce of 16 to 64 characters that no other request has.")
	ErrDigest = errs.New(errs.Unauthenticated, "content_digest_wrong",
		"Content-Digest is not the digest of the body (RFC 9530, sha-256 or sha-512).")
	ErrWrong = errs.New(errs.Unauthenticated, "signature_wrong",
		"The signature was not made with this key, or not for this request at the server’s public address, or the request was changed after it.")
	ErrPrivateKey = errs.New(errs.Invalid, "private_key_invalid",
		"This is not a private key that can be used. Ed25519 or P-256 is needed, as PEM and without a password.")
	ErrPublicKey = errs.New(errs.Invalid, "public_key_invalid",
		"This is not a public key that can be used. Ed25519 or P-256 is needed, as PEM or as Base64 of its PKIX form.")
)
