// Package idempotency keeps a call that was sent twice from being done twice: the second is given the answer of the first.
package idempotency
