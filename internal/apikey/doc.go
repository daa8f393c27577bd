// Package apikey keeps the keys with which programs call the API for a person, and what they are exchanged for.
//
// A key is shown once; its row holds the hash of its secret. It acts in the name of the person who made it, within its scopes,
// and only as long as that person could.
package apikey
