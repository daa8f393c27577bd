package web_test

import (
	"testing"

	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
	"sallyport/internal/machine"
	"sallyport/internal/user"
)

const (
	keysPath  = "/settings/api-keys"
	publicKey = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
)

// keyOf is an API key of u's, made in a session of their own.
func keyOf(t *testing.T, s *apptest.Server, u user.User) apikey.Key {
	t.Helper()
	b := s.Browse(t, u)
	m, err := s.Machines.Make(t.Context(), b.Signed, machine.NewKey{New: apikey.New{Name: "Backup", Scopes: []apikey.Scope{apikey.Read}}, Device: true}, domaintest.Password, b.As())
	if err != nil {
		t.Fatalf("make a key: %v", err)
	}
	return m.Key
}
