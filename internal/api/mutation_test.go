package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"sallyport/internal/apikey"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
)

// errTaken is answered in the place of a handler whose input was taken.
var errTaken = errs.New(errs.Conflict, "taken", "The input was taken.")

// hollow is the interface without anything behind it: whoever calls is let in, and what a call takes is noted instead of done.
func hollow(tb testing.TB) (mux *httpx.Mux, t *table, taken *any) {
	tb.Helper()
	public, err := url.Parse("http://localhost")
	if err != nil {
		tb.Fatal(err)
	}
	t, taken = newTable("Sallyport", "x", public), new(any)
	t.instead = func(in any) error { *taken = in; return errTaken }
	s := &Server{Machines: &machine.Service{Keys: apikey.NewService(nil, time.Now)}}
	s.calls(t)
	admit := func(_ httpx.Route, _ http.ResponseWriter, r *http.Request) (*http.Request, error) {
		return r.WithContext(context.WithValue(r.Context(), callerKey{}, &caller{})), nil
	}
	mux, err = httpx.NewMux(t.routes, admit, httpx.Options{
		Surface: "api", PublicURL: public, BodyType: "application/json", Render: render, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return mux, t, taken
}

// bodied is a call with a body, and an example of it.
type bodied struct {
	call
	path    string
	example any
}

func bodies(tb testing.TB, t *table) (all []bodied) {
	tb.Helper()
	raw, err := json.Marshal(t.described())
	if err != nil {
		tb.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Example any }
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		tb.Fatal(err)
	}
	for _, c := range t.calls {
		method, path, _ := strings.Cut(c.route, " ")
		content := doc.Paths[path][strings.ToLower(method)].RequestBody.Content
		if len(content) == 0 {
			continue
		}
		example := content["application/json"].Example
		if c.form {
			example = map[string]any{}
		}
		if example == nil {
			tb.Fatalf("%s has no example of a body", c.route)
		}
		all = append(all, bodied{c, strings.NewReplacer("{", "", "}", "").Replace(path), grow(example)})
	}
	return all
}

// TestMutatedBodies sends every call that takes a body, through all that reads and judges it, bodies changed in a million ways, written down by
// their number: refused with a problem, never a 500, or taken as what they say to a reader of JSON that is not Go's (10 million by make soak).
func TestMutatedBodies(t *testing.T) {
	count := 15_000
	if os.Getenv("SALLYPORT_SOAK") != "" {
		count = 10_000_000
	}
	workers, began := runtime.GOMAXPROCS(0), time.Now()
	all := make([]tally, workers)
	var wg sync.WaitGroup
	for i := range workers {
		all[i] = tally{accepted: map[string]int{}, refused: map[string]int{}}
		wg.Go(func() { all[i].run(t, i, workers, count) })
	}
	wg.Wait()
	accepted, refused, calls, sum := all[0].accepted, all[0].refused, all[0].calls, 0
	codes := all[0].codes
	for _, other := range all[1:] {
		for _, c := range calls {
			accepted[c.id] += other.accepted[c.id]
			refused[c.id] += other.refused[c.id]
		}
		for status, n := range other.codes {
			codes[status] += n
		}
	}
	for _, c := range calls {
		if refused[c.id] == 0 || accepted[c.id] == 0 && !c.form {
			t.Errorf("%s: %d taken, %d refused: the test shows nothing of it", c.route, accepted[c.id], refused[c.id])
		}
	}
	for _, n := range accepted {
		sum += n
	}
	t.Logf("%d bodies for %d calls, %d of them taken, in %s", count, len(calls), sum, time.Since(began).Round(time.Millisecond))
	for status, n := range codes {
		if n > 0 {
			t.Logf("%d: %d", status, n)
		}
	}
}

// tally is what one of several found, each with an interface of its own.
type tally struct {
	calls             []bodied
	accepted, refused map[string]int
	codes             [600]int
}

// run sends every body whose number leaves first when it is divided by step.
func (a *tally) run(t *testing.T, first, step, count int) {
	mux, table, taken := hollow(t)
	a.calls = bodies(t, table)
	wrong := 0
	for n := first; n < count && wrong < 20; n += step {
		m := mutator{rand.New(rand.NewPCG(6, uint64(n)))}
		c := a.calls[m.IntN(len(a.calls))]
		body, media := m.body(c.example), "application/json"
		if c.form {
			body, media = m.form(), "application/x-www-form-urlencoded"
		}
		if m.IntN(40) == 0 {
			media = odds[m.IntN(len(odds))]
		}
		method, _, _ := strings.Cut(c.route, " ")
		r := &http.Request{
			Method: method, URL: &url.URL{Path: c.path}, Host: "localhost", RemoteAddr: "192.0.2.1:1234", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {media}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), RequestURI: c.path,
		}
		w := &answered{header: http.Header{}}
		*taken = nil
		mux.ServeHTTP(w, r)
		a.codes[w.status]++
		if err := judge(w, *taken, body); err != nil {
			t.Errorf("body %d, %s as %s: %.300q: %v", n, c.route, media, body, err)
			wrong++
		}
		if *taken != nil {
			a.accepted[c.id]++
		} else {
			a.refused[c.id]++
		}
	}
}

// odds are types of bodies that are not taken, and some that are.
var odds = []string{"", "text/plain", "application/json; charset=utf-16", "application/json;charset=UTF-8", "APPLICATION/JSON", "application/jsonx", "json", "application/ json", "application/json, text/html", "application/problem+json", "\x7f", "multipart/form-data"}

// judge says what is wrong with how a body was answered.
func judge(w *answered, taken any, body string) error {
	var p problem
	switch err := json.Unmarshal(w.body.Bytes(), &p); {
	case w.status < 400 || w.status >= 500 || err != nil:
		return fmt.Errorf("%d %s", w.status, w.body.Bytes())
	case p.Status != w.status || p.Code == "" || p.Detail == "" || strings.Contains(p.Detail, "json:") || strings.Contains(p.Detail, "%!") || !utf8.Valid(w.body.Bytes()) || w.body.Len() > 2000:
		return fmt.Errorf("the problem is unclear: %s", w.body.Bytes())
	case taken == nil:
		return nil
	case p.Code != errTaken.Code:
		return fmt.Errorf("taken, then refused: %s", w.body.Bytes())
	}
	in := reflect.ValueOf(taken).Elem().FieldByName("Body")
	if body == "" { // where none is needed
		if !in.IsZero() {
			return errors.New("made of nothing")
		}
		return nil
	}
	said, err := readStrictly(body)
	if err != nil {
		return fmt.Errorf("taken, though it is no JSON: %w", err)
	}
	if err := says(said, in); err != nil {
		return fmt.Errorf("taken as %+v: %w", in, err)
	}
	return nil
}

// form is a form for a token, changed a little. Its key is never one that is looked up.
func (m mutator) form() string {
	fields := []string{"grant_type=client_credentials", "otp=123456", "scope=read", "client_id=key_x", "client_secret=sak_x"}
	for range m.IntN(4) {
		i := m.IntN(len(fields))
		fields[i] = []string{fields[i] + "&" + fields[i], "x=%zz", "a=%00", "a=%ff", "=", "", fields[i] + "%", strings.ToUpper(fields[i]), strings.Repeat("x", 3000), "a;b", "no_such=1"}[m.IntN(11)]
	}
	body := strings.Join(fields, "&")
	if m.IntN(2) == 0 {
		body = m.bytes(body)
	}
	return body
}
