package httpx

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestSetCookie(t *testing.T) {
	for _, tt := range []struct {
		maxAge time.Duration
		want   string
	}{
		{0, "__Host-sallyport-session=abc; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{90 * 24 * time.Hour, "__Host-sallyport-session=abc; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax"},
	} {
		w := httptest.NewRecorder()
		SetCookie(w, SessionCookie, "abc", tt.maxAge)
		if got := w.Header().Values("Set-Cookie"); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	w := httptest.NewRecorder()
	ClearCookie(w, PendingCookie)
	if got := w.Header().Get("Set-Cookie"); got != "__Host-sallyport-pending=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("clear: %q", got)
	}
}

func TestReadCookie(t *testing.T) {
	for _, tt := range []struct {
		header []string
		want   string
		ok     bool
	}{
		{[]string{"__Host-sallyport-session=abc"}, "abc", true},
		{[]string{"x=1; __Host-sallyport-session=abc; y=2"}, "abc", true},
		{nil, "", false},
		{[]string{"__Host-sallyport-session="}, "", false},
		{[]string{"__Host-sallyport-session=abc; __Host-sallyport-session=def"}, "", false},
		{[]string{"__Host-sallyport-session=abc; __Host-sallyport-session=abc"}, "", false},
		{[]string{"__Host-sallyport-session=abc", "__Host-sallyport-session=def"}, "", false},
		{[]string{"__host-sallyport-session=abc"}, "", false},
		{[]string{"sallyport-session=abc"}, "", false},
		{[]string{"__Host-sallyport-pending=abc"}, "", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		for _, line := range tt.header {
			r.Header.Add("Cookie", line)
		}
		if got, ok := ReadCookie(r, SessionCookie); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %q, %v", tt.header, got, ok)
		}
	}
}
