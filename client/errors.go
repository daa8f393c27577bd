package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Error is what the server refused, as it said (RFC 9457).
type Error struct {
	Status     int           // of the answer: 422
	Code       string        // stable, for programs: "wrong_code"
	Detail     string        // for people, in English: what was wrong and what to do next
	Field      string        // the member or parameter that it is about, if any
	RequestID  string        // what the server's log knows the call by
	RetryAfter time.Duration // when a new try makes sense; 0 if the server did not say
	How        []Way         // of second_factor_required: how the key's second factor can be proved
}

// Way is one way to prove the second factor of an API key.
type Way struct {
	Way    string `json:"way"`              // token, code or signature
	URL    string `json:"url,omitempty"`    // of token: where it is got
	Header string `json:"header,omitempty"` // of code and signature: where it stands
}

func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = http.StatusText(e.Status)
	}
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	return fmt.Sprintf("%s (%s)", text, e.Code)
}

// Code is the stable code of what the server refused, anywhere in err's chain; "" if it was something else.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refusal reads the answer to a call that was refused.
func refusal(res *http.Response, raw []byte) *Error {
	var problem struct {
		Code      string `json:"code"`
		Detail    string `json:"detail"`
		Field     string `json:"field"`
		RequestID string `json:"request_id"`
		How       []Way  `json:"how"`
	}
	// What is no problem of ours comes from a proxy in between, and keeps its status.
	if err := json.Unmarshal(raw, &problem); err != nil || problem.Code == "" {
		problem.Code = "unexpected_answer"
		problem.Detail = fmt.Sprintf("%s was answered in a way that Sallyport doesn’t answer. Is there another server, or a proxy?", res.Request.URL.Redacted())
	}
	e := &Error{
		Status: res.StatusCode, Code: problem.Code, Detail: problem.Detail, Field: problem.Field, RequestID: problem.RequestID, How: problem.How,
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}
