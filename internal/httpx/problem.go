package httpx

import (
	"encoding/json"
	"net/http"
)

// Problem renders a failure as problem details (RFC 9457 §3) with the stable code. It
// is the Renderer of surfaces that machines read.
func Problem(w http.ResponseWriter, _ *http.Request, f Failure) {
	body, err := json.Marshal(struct {
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Code      string `json:"code"`
		Detail    string `json:"detail,omitempty"`
		Field     string `json:"field,omitempty"`
		RequestID string `json:"request_id"`
	}{http.StatusText(f.Status), f.Status, f.Err.Code, f.Err.Message, f.Err.Field, f.RequestID})
	if err != nil {
		panic(err) // strings and a number always encode
	}
	if f.Status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2 demands one
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.Status)
	_, _ = w.Write(body) // the client may be gone; there is nobody left to tell
}
