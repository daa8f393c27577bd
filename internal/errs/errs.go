// Package errs is the one kind of error that may be shown to a person.
//
// An [Error] has a kind, a stable code for machines and a message that is safe to
// show; what really happened travels as its cause and goes to the log only. Any
// other error is internal: its text never leaves the server. Kinds know nothing of
// HTTP; the delivery packages translate them in one table.
package errs

import (
	"errors"
	"time"
)

// Kind says what sort of failure it is and so what the caller can do about it.
type Kind uint8

// The kinds. Internal is the zero value, so an error nobody classified tells nothing.
const (
	Internal        Kind = iota // a fault of ours
	Invalid                     // the input is wrong; correcting it helps
	Unauthenticated             // nobody is signed in, or the proof was wrong
	Forbidden                   // signed in, but not allowed
	NotFound                    // it does not exist, or not for this caller
	Conflict                    // the state does not permit it now
	Expired                     // it existed, and its time is over
	TooMany                     // too many attempts; later helps
	Unavailable                 // a part of the server is out of service or full; later helps
)

// Error is a failure with a stable code and a message for people.
type Error struct {
	Kind       Kind
	Code       string        // stable, lower case with underscores: "wrong_code"
	Message    string        // what was wrong and what to do next; safe to show
	Field      string        // the input field it belongs to, if any
	RetryAfter time.Duration // for TooMany and Unavailable: when a new try makes sense
	Cause      error         // for the log only
}

// New makes an error, usually a package's sentinel.
func New(k Kind, code, message string) *Error {
	return &Error{Kind: k, Code: code, Message: message}
}

// Error gives the code and the cause. It is for the log; people are shown Message.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Cause.Error()
	}
	return e.Code
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an Error with the same code, so that a copy made
// by Because, After, In or Saying still matches its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy that carries the cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// After returns a copy that says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// In returns a copy that names the input field.
func (e *Error) In(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Saying returns a copy with another message for people.
func (e *Error) Saying(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// ErrInternal is what people are told of a fault of ours.
var ErrInternal = New(Internal, "internal_error",
	"Something went wrong on our side. Nothing was changed. Try again, and tell your administrator if it stays.")

// From returns the Error in err's chain; any other error becomes ErrInternal with err as its cause. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal.Because(err)
}
