package httpsig_test

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"sallyport/internal/httpsig"
)

// TestUnseenBody: who does not see the body wants its digest covered wherever there may be one, and leaves the comparison to who has it.
func TestUnseenBody(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		what, method string
		covered      bool
		header       string // Content-Digest, instead of the right one
		want         error
	}{
		{"a get", "GET", false, "", nil},
		{"a get with a digest that nobody signed", "GET", false, httpsig.ContentDigest(nil), httpsig.ErrCoverage},
		{"a post with its digest", "POST", true, "", nil},
		{"a post without", "POST", false, "", httpsig.ErrCoverage},
		{"a put without", "PUT", false, "", httpsig.ErrCoverage},
		{"a patch without", "PATCH", false, "", httpsig.ErrCoverage},
		{"a post with another one", "POST", true, httpsig.ContentDigest([]byte("other")), httpsig.ErrWrong},
		{"a post with none that is known", "POST", true, "md5=:AAAA:", httpsig.ErrDigest},
		{"a post with one that is too short", "POST", true, "sha-256=:AAAA:", httpsig.ErrDigest},
	} {
		m := httpsig.Message{Method: c.method, TargetURI: "https://app.acme.test/", Header: map[string][]string{"Authorization": {"Bearer x"}}, Body: []byte("a=1")}
		components := []string{"@method", "@target-uri", "authorization"}
		if c.covered {
			components = append(components, "content-digest")
		}
		headers, err := httpsig.Sign(m, httpsig.Params{Components: components, KeyID: "key", Created: now, Tag: httpsig.Tag}, private)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			headers["Content-Digest"] = c.header
		}
		for name, value := range headers {
			m.Header[name] = []string{value}
		}
		m.Body, m.Unseen = nil, true
		s, err := httpsig.Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(m, public, httpsig.Sallyport(m), now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}
