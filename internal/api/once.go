package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/password"
	"sallyport/internal/reauth"
)

// onceWithin is how long a call may run until it has broken off: no request lasts longer than its time-out.
const onceWithin = httpx.DefaultTimeout + 10*time.Second

// once carries a call with an Idempotency-Key out once, and answers its repetitions with the answer of the first. Where the call itself wants a
// proof, that answer is told for as long as a proof counts: it may hold a secret, and whoever repeats the call proves nothing anew.
func (s *Server) once(fresh httpx.Fresh, next httpx.Handler) httpx.Handler {
	told := idempotency.KeepFor
	if fresh == httpx.Proved {
		told = reauth.Fresh
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		keys := r.Header.Values("Idempotency-Key")
		if len(keys) == 0 {
			return next(w, r)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return errs.From(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// The session or key, not its person: another of theirs may stand lower, or lack the proof that the first gave, and the answer
		// may hold a session's token, backup codes, a device's secret or a key.
		account, who := "", "operator"
		if c := r.Context().Value(callerKey{}).(*caller); c.signed != nil {
			account, who = c.signed.AccountID, c.signed.ID
		}
		named, err := idempotency.New(account, who, strings.Join(keys, " "), r.Method, r.URL.RequestURI(), string(body)) // two keys have a blank in them
		if err != nil {
			return err
		}
		named, before, err := s.Once.Begin(r.Context(), named, onceWithin, told)
		if err != nil {
			return err
		}
		if before != nil {
			maps.Copy(w.Header(), before.Header)
			w.Header().Set("Idempotency-Replayed", "true")
			w.WriteHeader(before.Status)
			_, err := w.Write(before.Body)
			return err
		}
		// What comes of it is noted even if the time of the request is over.
		after, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), httpx.DefaultTimeout)
		defer cancel()
		held := &answered{header: http.Header{}}
		if err := next(held, r); err != nil {
			if refused(err) {
				err = errors.Join(err, s.Once.Free(after, named))
			}
			return err
		}
		// If this fails, a repetition is told that it is not known what came of the call: it is never done twice.
		_ = s.Once.Finish(after, named, idempotency.Answer{Status: held.status, Header: held.header, Body: held.body.Bytes()})
		maps.Copy(w.Header(), held.header)
		w.WriteHeader(held.status)
		_, err = w.Write(held.body.Bytes())
		return err
	}
}

// refused reports whether a call that failed with err has changed nothing that its repetition would change once more. Where the
// server is to blame, a transaction may have been carried out though its answer was lost; and what failed late was carried out.
func refused(err error) bool {
	if late := (lateError{}); errors.As(err, &late) {
		return false
	}
	kind := errs.From(err).Kind
	return kind != errs.Internal && kind != errs.Unavailable || errors.Is(err, password.ErrBusy)
}
