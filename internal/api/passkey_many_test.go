package api_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/passkey/keytest"
)

// TestManyPasskeys: somebody has as many passkeys as the default policy allows, with the longest ids there can be, and signs in by REST
// with each.
func TestManyPasskeys(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		origin := s.App.Config.PublicURL.String()
		api := s.API(s.Browse(t, s.Ada).Cookie)
		var keys []*keytest.Key
		for i := range 5 {
			key := &keytest.Key{ID: make([]byte, 1023)}
			rand.Read(key.ID)
			begun := api.Must(t, 201, "POST /v1/me/factors", object{"kind": "passkey", "name": fmt.Sprint("Key ", i), "password": apptest.Password})
			done := api.Must(t, 200, "POST /v1/me/factors/"+text(begun, "id")+"/confirm",
				object{"credential": json.RawMessage(keytest.Make(t, part(t, begun, "options"), origin, key, nil))})
			api = goesOn(t, s, api, done)
			keys = append(keys, key)
			s.Clock.Advance(time.Second)
		}
		for _, key := range keys {
			pending := s.Password(t, s.Ada).Cookie
			ask := s.API("").Must(t, 200, "POST /v1/sign-in/passkey/options", object{"pending": pending})
			s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{
				"pending": pending, "ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), origin, nil)),
			})
		}
	})
}
