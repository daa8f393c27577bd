package apptest

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// Program is what somebody's program has on another machine: an API key with each second factor that a key can have, in files.
type Program struct {
	Key     string // the file with the key
	Signing string // with the private key that its calls are signed with
	Secret  string // with the secret of its device, in Base32
	URI     string // with the same, as a link
}

// Program makes one for u. Programs have the machine's clock, and so has the server from then on; the code of this half minute is left.
func (s *Server) Program(tb testing.TB, u user.User, name string, scopes ...string) Program {
	tb.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	s.Clock.Set(time.Now())
	person := s.API(s.Browse(tb, u).Cookie)
	made := person.Must(tb, 201, "POST /v1/me/api-keys", map[string]any{
		"name": name, "scopes": scopes, "device": true, "public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open})), "password": Password,
	}).JSON
	device := made["enrolment"].(map[string]any)
	phone := domaintest.Scan(tb, made["id"].(string), device["uri"].(string))
	person.Must(tb, 204, "POST /v1/me/api-keys/"+made["id"].(string)+"/device/confirm", map[string]any{"code": phone.Code(s.Clock.Now().Add(-30 * time.Second))})
	dir := tb.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	return Program{
		Key: file("key", made["key"].(string)+"\n"), Signing: file("signing.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))),
		Secret: file("secret", device["secret"].(string)+"\n"), URI: file("uri", device["uri"].(string)+"\n"),
	}
}
