package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Person is what an assertion says.
type Person struct {
	User     string   `json:"sub"` // id, which stays when the address changes
	Email    string   `json:"email"`
	Account  string   `json:"account"`
	Roles    []string `json:"roles"`
	Level    string   `json:"acr"`
	AMR      []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
}

// Door checks the assertions of one Sallyport for one program.
type Door struct {
	Server string // Sallyport's address, as its setting public_url has it
	Site   string // the program's own, as door_origins lists it

	mu    sync.Mutex
	keys  jose.JSONWebKeySet
	err   error     // of reading them
	until time.Time // when they are read again
}

// Who is the person of a request. With an error it is nobody, whatever else is returned.
func (d *Door) Who(r *http.Request) (Person, error) {
	token, err := jwt.ParseSigned(r.Header.Get("Sallyport-Assertion"), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Person{}, err
	}
	keys, err := d.keySet()
	if err != nil {
		return Person{}, err
	}
	var about jwt.Claims
	var who Person
	if err := token.Claims(keys, &about, &who); err != nil { // the signature
		return Person{}, err
	}
	want := jwt.Expected{Issuer: d.Server, AnyAudience: jwt.Audience{d.Site}, Time: time.Now()}
	return who, about.ValidateWithLeeway(want, 30*time.Second)
}

// keySet gives Sallyport's keys, which are read every five minutes. After a failure, those who have waited hear of the same one.
func (d *Door) keySet() (jose.JSONWebKeySet, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().After(d.until) {
		d.keys, d.err = readKeys(d.Server)
		d.until = time.Now().Add(5 * time.Minute)
		if d.err != nil {
			d.until = time.Now().Add(5 * time.Second)
		}
	}
	return d.keys, d.err
}

// readKeys belongs to no single request: one that is given up must not fail the others, nor one that lives long make them wait.
func readKeys(server string) (keys jose.JSONWebKeySet, err error) {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(server + "/.well-known/jwks.json")
	if err != nil {
		return keys, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return keys, fmt.Errorf("the keys: %s", answer.Status)
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&keys)
	return keys, err
}
