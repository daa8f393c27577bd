package httpx

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"sallyport/internal/errs"
)

// What HTTP itself can get wrong. Each has a status of its own in the table below.
var (
	ErrNoPage       = errs.New(errs.NotFound, "not_found", "There is nothing at this address.")
	ErrMethod       = errs.New(errs.Invalid, "method_not_allowed", "This address does not take that kind of request.")
	ErrTooLarge     = errs.New(errs.Invalid, "request_too_large", "What was sent is larger than this page accepts.")
	ErrMediaType    = errs.New(errs.Invalid, "unsupported_media_type", "What was sent is in a format this address does not accept.")
	ErrWrongHost    = errs.New(errs.Invalid, "wrong_host", "This server does not answer under that name.")
	ErrMalformed    = errs.New(errs.Invalid, "malformed_request", "The request could not be read.")
	ErrCrossOrigin  = errs.New(errs.Forbidden, "cross_origin", "This request came from another site and was not carried out. Open the page here and try again.")
	ErrTimeout      = errs.New(errs.Unavailable, "time_out", "The answer took too long. Try again in a moment.")
	errClientLeft   = errs.New(errs.Unavailable, "client_left", "The connection was closed.")
	errDidNotAnswer = errs.New(errs.Internal, "internal_error", "Something went wrong on our side.")
)

// statuses translates errors, first match first: the errors of HTTP by code, then
// every kind. Invalid is 422, because the request was understood and its content
// refused; what could not be understood at all is 400.
var statuses = []struct {
	is     *errs.Error
	kind   errs.Kind
	status int
}{
	{is: ErrMethod, status: http.StatusMethodNotAllowed},
	{is: ErrTooLarge, status: http.StatusRequestEntityTooLarge},
	{is: ErrMediaType, status: http.StatusUnsupportedMediaType},
	{is: ErrWrongHost, status: http.StatusMisdirectedRequest},
	{is: ErrMalformed, status: http.StatusBadRequest},
	{kind: errs.Invalid, status: http.StatusUnprocessableEntity},
	{kind: errs.Unauthenticated, status: http.StatusUnauthorized},
	{kind: errs.Forbidden, status: http.StatusForbidden},
	{kind: errs.NotFound, status: http.StatusNotFound},
	{kind: errs.Conflict, status: http.StatusConflict},
	{kind: errs.Expired, status: http.StatusGone},
	{kind: errs.TooMany, status: http.StatusTooManyRequests},
	{kind: errs.Unavailable, status: http.StatusServiceUnavailable},
}

// unavailableFor is the Retry-After of an Unavailable error that names no time.
const unavailableFor = 5 * time.Second

// Status gives the HTTP status of an error; what is not in the table is 500.
func Status(err error) int {
	e := errs.From(err)
	if e == nil {
		return http.StatusOK
	}
	for _, row := range statuses {
		if row.is != nil && e.Code == row.is.Code || row.is == nil && e.Kind == row.kind {
			return row.status
		}
	}
	return http.StatusInternalServerError
}

// classify finds the *errs.Error of anything a handler can return.
func classify(err error) *errs.Error {
	var known *errs.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &large):
		return ErrTooLarge.Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return ErrTimeout.Because(err)
	case errors.Is(err, context.Canceled):
		return errClientLeft.Because(err)
	}
	return errs.From(err)
}

// SetRetryAfter says in whole seconds, rounded up, when a new try makes sense
// (RFC 9110 §10.2.3). An error that waiting does not cure gets no header.
func SetRetryAfter(h http.Header, e *errs.Error) {
	wait := e.RetryAfter
	if wait <= 0 && e.Kind == errs.Unavailable {
		wait = unavailableFor
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	}
}
