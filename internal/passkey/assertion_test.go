package passkey_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/user"
)

// client changes a member of the client data.
func client(name string, value any) func(*keytest.Draft) {
	return func(d *keytest.Draft) { d.ClientData[name] = value }
}

// answer changes a member of the answer, or of its response.
func answer(name string, value any) func(*keytest.Draft) {
	return func(d *keytest.Draft) {
		d.JSON = func(a map[string]any) {
			if _, top := a[name]; top {
				a[name] = value
			} else {
				a["response"].(map[string]any)[name] = value
			}
		}
	}
}

// flags turns flags over.
func flags(over byte) func(*keytest.Draft) { return func(d *keytest.Draft) { d.Flags ^= over } }

// spoil changes what is signed after it was signed.
func spoil(change func(sig []byte) []byte) func(*keytest.Draft) {
	return func(d *keytest.Draft) {
		right := d.Sign
		d.Sign = func(data []byte) []byte { return change(right(data)) }
	}
}

type lie struct {
	name string
	lie  func(*keytest.Draft)
	want string
}

// lies are assertions of a device-bound ES256 key at 10 signatures or more, each wrong in one place.
func lies(other *keytest.Key, tb testing.TB) []lie {
	id := bytes.Repeat([]byte{7}, 32)
	return []lie{
		{"of a registration", client("type", "webauthn.create"), passkey.Type},
		{"of no type", client("type", ""), passkey.Type},
		{"of the type in capitals", client("type", "WEBAUTHN.GET"), passkey.Type},
		{"of two types", func(d *keytest.Draft) {
			raw, _ := json.Marshal(d.ClientData)
			d.RawClient = append(bytes.TrimSuffix(raw, []byte("}")), `,"type":"webauthn.create"}`...)
		}, passkey.Type},
		{"another challenge", client("challenge", base64.RawURLEncoding.EncodeToString(id)), passkey.Challenge},
		{"no challenge", client("challenge", ""), passkey.Challenge},
		{"the challenge padded", func(d *keytest.Draft) { d.ClientData["challenge"] = d.ClientData["challenge"].(string) + "=" }, passkey.Challenge},
		{"another site", client("origin", "https://evil.test"), passkey.Origin},
		{"a site below ours", client("origin", "https://a.login.acme.test"), passkey.Origin},
		{"a site above ours", client("origin", "https://acme.test"), passkey.Origin},
		{"our site unencrypted", client("origin", "http://login.acme.test"), passkey.Origin},
		{"our site at another port", client("origin", "https://login.acme.test:8443"), passkey.Origin},
		{"our site with a path", client("origin", "https://login.acme.test/"), passkey.Origin},
		{"our site behind a user", client("origin", "https://a@login.acme.test"), passkey.Origin},
		{"our site in capitals", client("origin", "https://LOGIN.acme.test"), passkey.Origin},
		{"no site", client("origin", ""), passkey.Origin},
		{"the null origin", client("origin", "null"), passkey.Origin},
		{"in a frame", client("crossOrigin", true), passkey.CrossOrigin},
		{"in a frame of ours", func(d *keytest.Draft) {
			d.ClientData["crossOrigin"], d.ClientData["topOrigin"] = true, domaintest.Site
		}, passkey.CrossOrigin},
		{"in no frame, and yet below a site", client("topOrigin", "https://evil.test"), passkey.CrossOrigin},
		{"another party", func(d *keytest.Draft) { d.Party = "evil.test" }, passkey.OtherParty},
		{"the party above", func(d *keytest.Draft) { d.Party = "acme.test" }, passkey.OtherParty},
		{"not touched", flags(keytest.UP), passkey.Presence},
		{"backed up, and can't be", flags(keytest.BS), passkey.Backup},
		{"can be backed up now", flags(keytest.BE), passkey.Eligible},
		{"the counter the same", func(d *keytest.Draft) { d.Count = 1 }, passkey.SignCount},
		{"the counter lower", func(d *keytest.Draft) { d.Count = 0 }, passkey.SignCount},
		{"one bit of the signature", spoil(func(s []byte) []byte { s[len(s)-1] ^= 1; return s }), passkey.Signature},
		{"no signature", spoil(func([]byte) []byte { return []byte{} }), passkey.Signature},
		{"a signature and more", spoil(func(s []byte) []byte { return append(s, 0) }), passkey.Signature},
		{"signed by another key", func(d *keytest.Draft) { d.Sign = func(data []byte) []byte { return other.Sign(tb, data) } }, passkey.Signature},
		{"the flags changed after", func(d *keytest.Draft) {
			right := d.Sign
			d.Sign = func(data []byte) []byte { data[32] |= 2; return right(data) }
		}, passkey.Signature},
		{"the id is not rawId", func(d *keytest.Draft) { d.RawID = id }, passkey.Malformed},
		{"rawId is not the id", func(d *keytest.Draft) { d.ID = id }, passkey.Malformed},
		{"an unknown id", func(d *keytest.Draft) { d.ID, d.RawID = id, id }, passkey.Unknown},
		{"another's id", func(d *keytest.Draft) { d.ID, d.RawID = other.ID, other.ID }, passkey.Unknown},
		{"no id", func(d *keytest.Draft) { d.ID, d.RawID = nil, nil }, passkey.Malformed},
		{"of a password", func(d *keytest.Draft) { d.Type = "password" }, passkey.Malformed},
		{"more after the data", func(d *keytest.Draft) { d.Tail = []byte{0} }, passkey.Malformed},
		{"extensions that are missing", flags(keytest.ED), passkey.Malformed},
		{"extensions that are broken", func(d *keytest.Draft) { d.Flags |= keytest.ED; d.Extensions = []byte{0xa1, 0x63, 'a'} }, passkey.Malformed},
		{"extensions without end", func(d *keytest.Draft) { d.Flags |= keytest.ED; d.Extensions = []byte{0xbf, 0xff} }, passkey.Malformed},
		{"extensions and more", func(d *keytest.Draft) { d.Flags |= keytest.ED; d.Extensions = []byte{0xa0, 0x00} }, passkey.Malformed},
		{"a key that is missing", flags(keytest.AT), passkey.Malformed},
		{"a number for an id", answer("id", 7), passkey.Malformed},
		{"a list for an answer", answer("response", []int{1}), passkey.Malformed},
		{"nothing for an answer", answer("response", nil), passkey.Malformed},
		{"a map for a signature", answer("signature", map[string]int{}), passkey.Malformed},
		{"a signature of strange letters", answer("signature", "*"), passkey.Malformed},
		{"no client data", answer("clientDataJSON", ""), passkey.Malformed},
		{"client data that is a list", func(d *keytest.Draft) { d.RawClient = []byte("[]") }, passkey.Malformed},
		{"client data cut", func(d *keytest.Draft) { d.RawClient = []byte(`{"type":"webauthn.get"`) }, passkey.Malformed},
		{"data too short", answer("authenticatorData", base64.RawURLEncoding.EncodeToString(make([]byte, 36))), passkey.Malformed},
		{"an extension of the wrong type", func(d *keytest.Draft) { d.Outputs = map[string]any{"appid": "yes"} }, passkey.Malformed},
	}
}

// TestWrongAssertions: each is refused for its own reason, everybody hears the same of all, nothing is changed
// or charged, and after them all the right one enters.
func TestWrongAssertions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key, other := &keytest.Key{}, &keytest.Key{}
		id := enrolled(t, w, w.Grace, key)
		enrolled(t, w, w.Alan, other)
		beta, err := account.Create(t.Context(), w.DB, w.Clock.Now(), "beta", "Beta", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		bob := w.AddUser(t, beta, "bob@beta.test", "Bob", user.Member)
		before := w.Stored(t, w.Grace, id)
		b := w.Browse(t, w.Grace)
		for _, at := range []door{secondDoor(t, w, w.Grace), stepDoor(t, w, b), aloneDoor(t, w)} {
			all := lies(other, t)
			if at.name == "alone" {
				all = append(all, lie{"not verified", flags(keytest.UV), passkey.Verification})
			} else {
				all = append(all,
					lie{"another's handle", func(d *keytest.Draft) { d.Handle = other.Handle }, passkey.Handle},
					lie{"a handle in another account", func(d *keytest.Draft) { d.Handle = []byte(bob.AccountID + "." + bob.ID) }, passkey.Handle},
				)
			}
			for _, c := range all {
				t.Run(at.name+"/"+c.name, func(t *testing.T) {
					options, ceremony := at.ask()
					err := at.show(key.Answer(t, options, domaintest.Site, c.lie), ceremony)
					if at.name == "alone" && err == factor.ErrPasskey && c.want == passkey.Malformed { // it can't name anybody
						return
					}
					stranger := at.name == "alone" && (c.want == passkey.Malformed || c.want == passkey.Unknown)
					refusedAs(t, w, err, c.want, !stranger)
				})
			}
			options, ceremony := at.ask()
			if err := at.show(`{"id":"`+strings.Repeat("A", 40<<10)+`"}`, ceremony); err == nil {
				t.Errorf("%s: a huge answer entered", at.name)
			}
			after := w.Stored(t, w.Grace, id)
			if after.Factor != before.Factor {
				t.Errorf("%s: wrong answers changed the passkey from %+v to %+v", at.name, before.Factor, after.Factor)
			}
			if err := at.show(key.Answer(t, options, domaintest.Site, nil), ceremony); err != nil {
				t.Errorf("%s: the right answer, after the wrong ones: %v", at.name, err)
			}
			before = w.Stored(t, w.Grace, id)
		}
	})
}

// TestCeremonies: an answer counts for what it was asked for, in its time, and once.
func TestCeremonies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{Still: true}
		enrolled(t, w, w.Grace, key)
		b := w.Browse(t, w.Grace)
		one, two, step, alone := secondDoor(t, w, w.Grace), secondDoor(t, w, w.Grace), stepDoor(t, w, b), aloneDoor(t, w)
		elsewhere := stepDoor(t, w, w.Browse(t, w.Grace))
		for _, c := range []struct {
			name      string
			ask, into door
		}{
			{"of another sign-in", one, two},
			{"of a session", step, two},
			{"of a sign-in with a passkey alone", alone, two},
			{"of another session", step, elsewhere},
			{"of a sign-in, in a session", one, elsewhere},
			{"of one alone, in a session", alone, elsewhere},
			{"of a sign-in, alone", one, alone},
			{"of a session, alone", step, alone},
		} {
			t.Run(c.name, func(t *testing.T) {
				options, ceremony := c.ask.ask()
				err := c.into.show(key.Answer(t, options, domaintest.Site, nil), ceremony)
				refusedAs(t, w, err, "not_asked", c.into.name != "alone")
				_, fresh := c.into.ask()
				err = c.into.show(key.Answer(t, options, domaintest.Site, nil), fresh)
				refusedAs(t, w, err, passkey.Challenge, true)
			})
		}
		foreign := domaintest.New(t, dbtest.Open(t, dbtest.SQLite(t)))
		_, theirs, err := foreign.SignIn.AskPasskeyAlone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []door{two, step, alone} {
			options, ceremony := at.ask()
			asked := w.Clock.Now()
			right := key.Answer(t, options, domaintest.Site, nil)
			sealed, _ := base64.RawURLEncoding.DecodeString(ceremony)
			sealed[len(sealed)/2] ^= 1
			for name, bad := range map[string]string{
				"none": "", "cut": ceremony[:len(ceremony)-4], "doubled": ceremony + ceremony, "changed": base64.RawURLEncoding.EncodeToString(sealed),
				"another server's": theirs, "not ours": "e30", "with a nought": "\x00", "huge": strings.Repeat("A", 100<<10),
			} {
				if at.name == "in a session" && bad == "" {
					continue // a code, then, which it is not
				}
				t.Run(at.name+"/ceremony "+name, func(t *testing.T) { refusedAs(t, w, at.show(right, bad), "not_asked", at.name != "alone") })
			}
			w.Clock.Set(asked.Add(factor.AskedFor))
			wantError(t, at.name+": at its end", at.show(right, ceremony), factor.ErrPasskeyOver)
			w.Clock.Set(asked.Add(-2 * time.Minute))
			wantError(t, at.name+": asked by a clock that was ahead", at.show(right, ceremony), factor.ErrPasskeyOver)
			w.Clock.Set(asked.Add(factor.AskedFor - time.Millisecond))
			if err := at.show(right, ceremony); err != nil {
				t.Errorf("%s: just before its end: %v", at.name, err)
			}
			w.Clock.Set(asked.Add(time.Second))
		}
	})
}

// TestReplay: an answer that entered enters nowhere again, and is no sign of a copy.
func TestReplay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for name, key := range map[string]*keytest.Key{"counting": {}, "still": {Still: true}} {
			u := w.AddUser(t, w.Acme, name+"@acme.test", "Pat", user.Member)
			enrolled(t, w, u, key)
			b := w.Browse(t, u)
			for _, at := range []door{aloneDoor(t, w), stepDoor(t, w, b)} {
				options, ceremony := at.ask()
				right := key.Answer(t, options, domaintest.Site, nil)
				wantError(t, name+", "+at.name, at.show(right, ceremony), nil)
				refusedAs(t, w, at.show(right, ceremony), "challenge_spent", true)
				again := key.Answer(t, options, domaintest.Site, nil)
				refusedAs(t, w, at.show(again, ceremony), "challenge_spent", true)
			}
		}
		for _, l := range w.Letters(t) {
			if l.Kind == "passkey_copied" {
				t.Error("a page sent twice was called a copy")
			}
		}
	})
}

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if want == nil && err != nil || want != nil && !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}
