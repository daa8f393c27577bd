package proxytest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// identity are the headers by which the program knows somebody.
var identity = []string{"Remote-User", "Remote-Email", "Remote-Account", "Remote-Roles", "Remote-Amr", "Sallyport-Assertion"}

// forgeries are header sets by which a stranger claims to be somebody else, or a member to be more; as lines, for some are such that a
// client for HTTP would not send them.
func forgeries(e *example) (sets [][]string) {
	for _, name := range identity {
		under := strings.ReplaceAll(name, "-", "_")
		for _, spelt := range []string{name, strings.ToLower(name), strings.ToUpper(name), under, strings.ToLower(under), strings.ToUpper(under)} {
			sets = append(sets, []string{spelt + ": forged"})
		}
		sets = append(sets,
			[]string{name + ": forged", name + ": forged again"},
			[]string{under + ": forged", name + ": forged"},
			[]string{name + ": forged", "Connection: close, " + name})
	}
	host := strings.TrimPrefix(e.server, "http://")
	return append(sets,
		[]string{"Remote-User: usr_1", "Remote-Email: ada@acme.test", "Remote-Account: acme", "Remote-Roles: owner", "Remote-Amr: pwd,otp"},
		[]string{"Remote-Groups: owner", "Remote-Name: forged"},
		[]string{"X-Original-URL: " + e.server + "/", "Remote-User: forged"},
		[]string{"X-Forwarded-Host: " + host, "X-Forwarded-Proto: http", "Remote-User: forged"},
		[]string{"X-Forwarded-Method: GET", "X-Original-Method: POST", "Remote-User: forged"},
		[]string{"X-Forwarded-Uri: /public/", "Remote-User: forged"},
		[]string{"X-Forwarded-For: 127.0.0.1", "X-Real-Ip: 127.0.0.1", "Remote-User: forged"},
		[]string{"Authorization: Basic YWRhOng=", "Remote-User: forged"},
		[]string{"Sallyport-OTP: 123456", "Sallyport_OTP: 123456", "Remote-User: forged"},
		[]string{"Cookie: __Host-sallyport-door=acc_1.usr_1.forged", "Remote-User: forged"},
		[]string{"X-Http-Method-Override: OPTIONS", "X-Rewrite-Url: /public/whoami", "Remote-User: forged"},
	)
}

// forge tries all of them, as nobody and as the member that w is, whom the program was told of before.
func forge(t *testing.T, w *walker, known map[string][]string) {
	t.Helper()
	sets := forgeries(w.e)
	if len(sets) < 60 {
		t.Fatalf("%d forged sets", len(sets))
	}
	mine := w.cookies()
	known = claims(known)
	for _, set := range sets {
		for _, asked := range []struct {
			path string
			more []string
			want map[string][]string // nil for nobody
		}{{"/public/whoami", nil, nil}, {"/public/whoami", []string{mine}, nil}, {"/whoami", nil, nil}, {"/whoami", []string{mine}, known}} {
			status, text := raw(t, w.e, asked.path, append(slices.Clone(set), asked.more...))
			switch {
			case asked.path == "/whoami" && asked.more == nil && status == http.StatusOK, // the door did not ask
				asked.path != "/whoami" && status != http.StatusOK && status != http.StatusBadRequest:
				t.Errorf("%q at %s: status %d", set, asked.path, status)
			}
			if status != http.StatusOK {
				continue
			}
			said := map[string][]string{}
			if err := json.Unmarshal([]byte(text), &said); err != nil {
				t.Fatalf("%q: %v\n%s", set, err, text)
			}
			if len(said["Sallyport-Assertion"]) > 1 || strings.Contains(strings.Join(said["Sallyport-Assertion"], ""), "forged") {
				t.Errorf("%q: the assertion is %q", set, said["Sallyport-Assertion"])
			}
			if kept := strings.Join(slices.Concat(said["Authorization"], said["Cookie"]), " "); strings.Contains(kept, "Basic") || strings.Contains(kept, "__Host-") {
				t.Errorf("%q at %s: what opens the door goes on to the program: %s", set, asked.path, kept)
			}
			if got := claims(said); len(got)+len(asked.want) > 0 && !reflect.DeepEqual(got, asked.want) {
				t.Errorf("%q at %s: the program is told %v, want %v", set, asked.path, got, asked.want)
			}
		}
	}
}

// raw sends a path and header lines as they are.
func raw(t *testing.T, e *example, path string, lines []string) (status int, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", e.proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the answer has been read
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	lines = append([]string{"GET " + path + " HTTP/1.1", "Host: " + strings.TrimPrefix(e.site, "http://"), "User-Agent: " + apptest.NewClient(t, e.site).Agent}, lines...)
	if _, err := fmt.Fprintf(conn, "%s\r\n\r\n", strings.Join(lines, "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	return answer.StatusCode, string(body)
}
