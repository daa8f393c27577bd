package main

import (
	"context"
	"encoding/json"
	"fmt"
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

	mu     sync.Mutex
	keys   jose.JSONWebKeySet
	readAt time.Time
}

// Who is the person of a request. With an error it is nobody, whatever else is returned.
func (d *Door) Who(r *http.Request) (Person, error) {
	token, err := jwt.ParseSigned(r.Header.Get("Sallyport-Assertion"), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Person{}, err
	}
	keys, err := d.keySet(r.Context())
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

// keySet reads Sallyport's keys, every five minutes.
func (d *Door) keySet(ctx context.Context) (jose.JSONWebKeySet, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.readAt) < 5*time.Minute {
		return d.keys, nil
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Server+"/.well-known/jwks.json", nil)
	if err != nil {
		return d.keys, err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return d.keys, err
	}
	defer answer.Body.Close()
	var keys jose.JSONWebKeySet
	if answer.StatusCode != http.StatusOK {
		return d.keys, fmt.Errorf("the keys: %s", answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&keys); err != nil {
		return d.keys, err
	}
	d.keys, d.readAt = keys, time.Now()
	return d.keys, nil
}
