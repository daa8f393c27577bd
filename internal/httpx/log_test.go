package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestLogRedacts(t *testing.T) {
	const canary = "hunter2"
	type form struct{ Password string }
	attrs := []slog.Attr{
		slog.String("password", canary), slog.String("New_Password", canary), slog.String("code", canary), slog.String("backup_codes", canary),
		slog.String("secret", canary), slog.String("totp_secret", canary), slog.String("token", canary), slog.String("session_token", canary),
		slog.String("cookie", canary), slog.String("Set-Cookie", canary), slog.String("Authorization", canary), slog.String("key", canary),
		slog.String("api-key", canary), slog.String("dsn", canary), slog.String("pin", canary), slog.String("body", canary), slog.String("query", canary),
		slog.Group("token", slog.String("value", canary)), slog.Group("a", slog.Group("secrets", slog.Int("n", 1), slog.String("x", canary))),
		slog.String("database", "connect postgres://ada:"+canary+"@db/x failed"),
		slog.Any("error", fmt.Errorf("dial postgres://ada:%s@db:5432/x: refused", canary)),
		slog.Any("url", mustURL("https://ada:"+canary+"@login.test/x?token="+canary)),
		slog.Any("header", http.Header{"Cookie": {canary}}), slog.Any("form", form{canary}), slog.Any("form_pointer", &form{canary}),
		slog.Any("raw", []byte(canary)), slog.Any("map", map[string]string{"password": canary}), slog.Any("request", &http.Request{Host: canary}),
	}
	for _, format := range []string{"json", "text"} {
		for _, a := range attrs {
			var out bytes.Buffer
			NewLogger(&out, slog.LevelDebug, format).LogAttrs(t.Context(), slog.LevelInfo, "event", a)
			if strings.Contains(out.String(), canary) || !strings.Contains(out.String(), "event") {
				t.Errorf("%s: %s", format, out.String())
			}
		}
	}
}

func TestLogKeepsWhatIsNoSecret(t *testing.T) {
	var out bytes.Buffer
	NewLogger(&out, slog.LevelInfo, "json").Info("event", "error_code", "wrong_code", "key_id", 7, "key_file", "/k", "status", 422,
		"error", errors.New("row 7"), "took", 2*time.Second, "user", "usr_1", "list", []string{"a", "b"}, "url", mustURL("https://login.test/x?y=1"))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"error_code": "wrong_code", "key_id": 7.0, "key_file": "/k", "status": 422.0, "error": "row 7", "user": "usr_1", "list": "a, b",
		"url": "https://login.test/x", "msg": "event", "level": "INFO",
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}

// One event is one line, and nothing in it moves a terminal's cursor (16.4.1).
func TestLogCannotBeForged(t *testing.T) {
	evil := "ada\r\n{\"level\":\"INFO\"}\x1b[2J\u009b2J\x7f\u202e\u2028\x00\xff"
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		log := NewLogger(&out, slog.LevelInfo, format)
		log.Info(evil, "user", evil, "error", errors.New(evil), "list", []string{evil})
		line := out.String()
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Errorf("%s: more than one line: %q", format, line)
		}
		if strings.ContainsAny(line, "\r\x1b\u009b\x7f\u202e\u2028\x00") {
			t.Errorf("%s: a control character got through: %q", format, line)
		}
	}
}

func TestLogLevel(t *testing.T) {
	var out bytes.Buffer
	NewLogger(&out, slog.LevelWarn, "text").Info("quiet")
	if out.Len() != 0 {
		t.Errorf("%s", &out)
	}
}
