package apptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// API calls a server's REST interface as a program does.
type API struct {
	server *Server
	header http.Header
}

// API makes a caller that sends this bearer credential; none if it is empty.
func (s *Server) API(credential string) *API {
	a := &API{server: s, header: http.Header{}}
	if credential != "" {
		a.header.Set("Authorization", "Bearer "+credential)
	}
	return a
}

// With returns the caller with one header more, in the place of one of this name.
func (a *API) With(name, value string) *API {
	more := a.header.Clone()
	more.Set(name, value)
	return &API{server: a.server, header: more}
}

// Also returns the caller with one line more of a header.
func (a *API) Also(name, value string) *API {
	more := a.header.Clone()
	more.Add(name, value)
	return &API{server: a.server, header: more}
}

// Answer is what a call was answered.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	JSON   map[string]any // nil if the body is no object
}

// Code is the stable code of a problem; "" of a success.
func (a Answer) Code() string {
	code, _ := a.JSON["code"].(string)
	return code
}

// Call makes a call, and fails the test unless call and answer are as the server's document says: route is
// "POST /v1/me/factors", body what is sent as JSON (a string as it is, nil for nothing).
func (a *API) Call(tb testing.TB, route string, body any) Answer {
	tb.Helper()
	method, path, _ := strings.Cut(route, " ")
	var send io.Reader
	var sent []byte
	switch body := body.(type) {
	case nil:
	case string:
		sent = []byte(body)
		send = bytes.NewReader(sent)
	default:
		var err error
		if sent, err = json.Marshal(body); err != nil {
			tb.Fatal(err)
		}
		send = bytes.NewReader(sent)
	}
	r, err := http.NewRequestWithContext(tb.Context(), method, a.server.URL+path, send)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header = a.header.Clone()
	r.Host = r.Header.Get("Host") // empty: that of the address
	if send != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatalf("%s: %v", route, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatalf("%s: %v", route, err)
	}
	answer := Answer{Status: res.StatusCode, Header: res.Header, Raw: raw}
	_ = json.Unmarshal(raw, &answer.JSON) // a body that is no object leaves it nil
	if err := a.server.promise(tb).check(r, sent, answer); err != nil {
		tb.Errorf("%s: %d %s\nis not as the document says: %v", route, answer.Status, answer.Raw, err)
	}
	return answer
}

// Must is Call for one that must succeed with this status.
func (a *API) Must(tb testing.TB, status int, route string, body any) Answer {
	tb.Helper()
	answer := a.Call(tb, route, body)
	if answer.Status != status {
		tb.Fatalf("%s: %d, want %d: %s", route, answer.Status, status, answer.Raw)
	}
	return answer
}
