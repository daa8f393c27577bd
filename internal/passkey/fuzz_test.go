package passkey_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/user"
)

// judged is a method and what it needs to judge an answer, without a database.
type judged struct {
	method *passkey.Method
	pairs  []factor.Candidate
	right  string
}

// newKey is a passkey that is being made.
func newKey(tb testing.TB, k *keytest.Key, lie func(*keytest.Draft)) judged {
	tb.Helper()
	m, err := passkey.New(domaintest.Party)
	if err != nil {
		tb.Fatal(err)
	}
	u := user.User{AccountID: "acc_1", ID: "usr_1", Email: "a@acme.test", Name: "A"}
	options, asked, err := m.Enrol(factor.Enrolling{User: u, Issuer: "Acme"})
	if err != nil {
		tb.Fatal(err)
	}
	options, asked = fixed(tb, options), fixed(tb, asked)
	f := factor.Factor{AccountID: u.AccountID, UserID: u.ID, ID: "fac_1", Kind: factor.Passkey, State: factor.Pending}
	return judged{m, []factor.Candidate{{Factor: f, Asked: asked}}, keytest.Make(tb, options, domaintest.Site, k, lie)}
}

// fixed puts one challenge in the place of a random one, and sameKey is one key: the fuzzer's processes then all judge the same, and what
// one finds is of use to the others.
func fixed(tb testing.TB, asked []byte) []byte {
	var a map[string]any
	if err := json.Unmarshal(asked, &a); err != nil {
		tb.Fatal(err)
	}
	a["challenge"] = base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
	asked, err := json.Marshal(a)
	if err != nil {
		tb.Fatal(err)
	}
	return asked
}

func sameKey() *keytest.Key {
	return &keytest.Key{Alg: keytest.EdDSA, Seed: bytes.Repeat([]byte{2}, 32), ID: bytes.Repeat([]byte{3}, 32)}
}

// judge is what the method finds of an answer.
func (j judged) judge(tb testing.TB, answer string) factor.Finding {
	tb.Helper()
	clean, err := j.method.Clean(answer)
	if err != nil {
		return factor.Finding{Refusal: &factor.Refusal{Why: "not clean"}}
	}
	found, err := j.method.Match(context.Background(), clean, j.pairs, time.Now(), 0)
	if err != nil {
		tb.Fatalf("an answer is a fault of ours: %v", err)
	}
	if (found.Right == nil) == (found.Refusal == nil) {
		tb.Fatalf("an answer is right and refused, or neither: %+v", found)
	}
	return found
}

// FuzzCreated: no answer of a new passkey is a fault of ours, and one that is taken has the challenge in it, to which
// nobody else had an answer.
func FuzzCreated(f *testing.F) {
	j := newKey(f, sameKey(), nil)
	if j.judge(f, j.right).Right == nil {
		f.Fatal("the right answer is refused")
	}
	f.Add(j.right)
	for _, l := range misstatements(f, &keytest.Key{}) {
		if l.want != passkey.Attestation { // their key would have to be made first
			f.Add(newKey(f, sameKey(), l.lie).right)
		}
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if found := j.judge(t, answer); found.Right != nil && (len(found.Right.Answer.ID) < 16 || len(found.Right.Answer.Record) == 0) {
			t.Errorf("%q was taken as %+v", answer, found.Right.Answer)
		}
	})
}

// FuzzAsserted: no answer of a passkey is a fault of ours, and none but the right one is taken: what is signed can't be changed.
func FuzzAsserted(f *testing.F) {
	key := sameKey()
	j := newKey(f, key, nil)
	made := j.judge(f, j.right).Right
	if made == nil {
		f.Fatal("the right answer is refused")
	}
	made.Factor.State = factor.Confirmed
	j.pairs[0] = factor.Candidate{Factor: made.Factor, Secret: made.Answer.Record}
	options, asked, err := j.method.Ask(j.pairs)
	if err != nil {
		f.Fatal(err)
	}
	options, j.pairs[0].Asked = fixed(f, options), fixed(f, asked)
	right := key.Answer(f, options, domaintest.Site, nil)
	if j.judge(f, right).Right == nil {
		f.Fatal("the right answer is refused")
	}
	f.Add(right)
	for _, l := range lies(&keytest.Key{}, f) {
		if l.name != "signed by another key" {
			f.Add(key.Answer(f, options, domaintest.Site, l.lie))
		}
	}
	signed := response(f, right)
	f.Fuzz(func(t *testing.T, answer string) {
		if j.judge(t, answer).Right == nil {
			return
		}
		if got := response(t, answer); !slices.EqualFunc(got, signed, bytes.Equal) {
			t.Errorf("what was never signed is taken: %s", answer)
		}
	})
}

// response is the signed part of an assertion.
func response(tb testing.TB, answer string) (signed [][]byte) {
	p, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		tb.Errorf("%q: %v", answer, err)
		return nil
	}
	return [][]byte{p.Raw.AssertionResponse.ClientDataJSON, p.Raw.AssertionResponse.AuthenticatorData}
}
