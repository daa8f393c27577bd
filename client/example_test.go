package client_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"net/http"
	"os"
	"testing"
	"time"

	"sallyport/client"
	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// example lets apptest serve for an example, which has no testing.T. What the server leaves goes when the example ends.
type example struct {
	testing.TB
	ends []func()
}

func (*example) Helper()                           {}
func (*example) Context() context.Context          { return context.Background() }
func (*example) Errorf(format string, args ...any) { log.Printf(format, args...) }
func (*example) Fatal(args ...any)                 { log.Fatal(args...) }
func (*example) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (*example) Logf(string, ...any)               {}
func (*example) Name() string                      { return "Example" }
func (e *example) Cleanup(f func())                { e.ends = append(e.ends, f) }
func (e *example) TempDir() string {
	dir, err := os.MkdirTemp("", "sallyport-example-")
	if err != nil {
		log.Fatal(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (e *example) end() {
	for i := len(e.ends) - 1; i >= 0; i-- {
		e.ends[i]()
	}
}

// The examples call this server with these credentials.
var (
	server, key, secret string
	private             ed25519.PrivateKey
)

// serve starts a server with an account, in which Ada has a second factor and an API key with a device and a key pair.
func serve() *example {
	e := &example{}
	s := apptest.Start(e, dbtest.SQLite(e))
	s.Clock.Set(time.Now())
	s.Enrol(e, s.Ada)
	server = address(s)
	person, err := client.New(server, client.Session(s.Browse(e, s.Ada).Cookie))
	if err != nil {
		log.Fatal(err)
	}
	var text string
	text, private = newPair(e)
	made, err := person.CreateAPIKey(context.Background(), client.NewAPIKey{Name: "Example", Scopes: []string{"read", "admin"}, Device: true, PublicKey: text})
	if err != nil {
		log.Fatal(err)
	}
	s.Clock.Set(time.Now()) // Browse moves it on
	phone := domaintest.Scan(e, made.ID, made.Enrolment.URI)
	if err := person.ConfirmAPIKeyDevice(context.Background(), made.ID, phone.Code(s.Clock.Now().Add(-30*time.Second))); err != nil {
		log.Fatal(err)
	}
	key, secret = made.Key, made.Enrolment.Secret
	return e
}

func ExampleKeyForToken() {
	defer serve().end()
	code, err := client.Codes(secret) // of the device that belongs to the key
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(server, client.KeyForToken(key, code))
	if err != nil {
		log.Fatal(err)
	}
	me, err := c.GetMe(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.Email, me.Level)
	// Output: ada@acme.test aal2
}

func ExampleSignedKey() {
	defer serve().end()
	credentials, err := client.SignedKey(key, private)
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(server, credentials)
	if err != nil {
		log.Fatal(err)
	}
	for user, err := range c.Users(context.Background(), client.UserQuery{SecondFactor: "off"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.Email, user.Role)
	}
	// Output:
	// alan@acme.test admin
	// grace@acme.test member
}

func ExampleTransport() {
	defer serve().end()
	credentials, err := client.SignedKey(key, private)
	if err != nil {
		log.Fatal(err)
	}
	plain := &http.Client{Transport: &client.Transport{Server: server, Credentials: credentials}}
	answer, err := plain.Get(server + "/v1/account/policy")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	fmt.Println(answer.Status)
	// Output: 200 OK
}

func ExampleCode() {
	defer serve().end()
	c, err := client.New(server, client.Key(key))
	if err != nil {
		log.Fatal(err)
	}
	if _, err = c.GetMe(context.Background()); client.Code(err) == "second_factor_required" {
		fmt.Println("An API key alone is not enough here.")
	}
	// Output: An API key alone is not enough here.
}
