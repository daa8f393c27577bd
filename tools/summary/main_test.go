package main

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	cases := []struct {
		name   string
		stream string
		want   string
		ok     bool
		shows  string
	}{
		{name: "nothing ran", stream: "", want: "0 passed, 0 failed, 0 skipped", ok: false},
		{
			name: "passed", ok: true, want: "1 passed, 0 failed, 0 skipped", shows: "ok    p  1.5 s",
			stream: `{"Action":"pass","Package":"p","Test":"T"}
{"Action":"pass","Package":"p","Elapsed":1.5}`,
		},
		{
			name: "a parent is not counted beside its subtests", ok: true, want: "2 passed, 0 failed, 0 skipped",
			stream: `{"Action":"pass","Package":"p","Test":"T/a"}
{"Action":"pass","Package":"p","Test":"T/b"}
{"Action":"pass","Package":"p","Test":"T"}`,
		},
		{
			name: "failed, with its output", ok: false, want: "1 passed, 1 failed, 0 skipped", shows: "want 1, got 2",
			stream: `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"    b_test.go:7: want 1, got 2\n"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"fail","Package":"p"}`,
		},
		{
			name: "did not build", ok: false, want: "0 passed, 1 failed, 0 skipped", shows: "undefined: x",
			stream: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"Action":"fail","Package":"p"}`,
		},
		{
			name: "skipped, with its reason", ok: true, want: "1 passed, 0 failed, 1 skipped", shows: "skip  p B: no PostgreSQL",
			stream: `{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"=== RUN   B\n"}
{"Action":"output","Package":"p","Test":"B","Output":"    b_test.go:7: no PostgreSQL\n"}
{"Action":"skip","Package":"p","Test":"B"}`,
		},
		{
			name: "a stray line is shown and harmless", ok: true, want: "1 passed, 0 failed, 0 skipped", shows: "hello",
			stream: "hello\n" + `{"Action":"pass","Package":"p","Test":"A"}`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got, err := read(strings.NewReader(c.stream), &out)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != c.want || got.ok() != c.ok {
				t.Errorf("got %q, ok %v; want %q, ok %v", got, got.ok(), c.want, c.ok)
			}
			if !strings.Contains(out.String(), c.shows) {
				t.Errorf("output lacks %q:\n%s", c.shows, out.String())
			}
		})
	}
}
