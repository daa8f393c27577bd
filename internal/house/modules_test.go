package house

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"testing"
)

// linked are the direct requirements of the product, each with the reason that docs/adr/0002
// gives at length. Adding one is a decision: it belongs into that record first.
var linked = map[string]string{
	"github.com/alecthomas/kong":              "the command line from struct tags",
	"github.com/danielgtaylor/huma/v2":        "decodes, validates and documents the calls of the REST interface",
	"github.com/go-crypt/crypt":               "verifies imported bcrypt, scrypt and PBKDF2 hashes",
	"github.com/go-jose/go-jose/v4":           "signs the assertions of the door, and publishes their keys",
	"github.com/go-webauthn/webauthn":         "passkeys: the checks of WebAuthn",
	"github.com/oschwald/maxminddb-golang/v2": "the country of an address, from a file of the operator's",
	"github.com/goccy/go-yaml":                "the settings file, strict, with line numbers in its errors",
	"github.com/jackc/pgx/v5":                 "PostgreSQL, with pipelining",
	"github.com/mileusna/useragent":           "a browser's name in the list of sessions",
	"github.com/nyaruka/phonenumbers":         "which numbers exist, of which country, and which are mobile",
	"github.com/pressly/goose/v3":             "migrations, locked on PostgreSQL",
	"github.com/prometheus/client_golang":     "the metrics page",
	"github.com/tink-crypto/tink-go/v2":       "authenticated encryption at rest with key rotation",
	"github.com/wneessen/go-mail":             "builds mails and speaks SMTP with every way to sign in",
	"golang.org/x/crypto":                     "Argon2id",
	"golang.org/x/term":                       "passwords typed without echo",
	"modernc.org/sqlite":                      "SQLite in pure Go",
	"rsc.io/qr":                               "QR codes",
}

// proofs are those of the tests alone; they never reach the binary (TestProductHasNoTestCode).
var proofs = map[string]string{
	"github.com/chromedp/cdproto":     "types of the browser's protocol, for chromedp",
	"github.com/chromedp/chromedp":    "drives Chromium in the end-to-end tests",
	"github.com/rogpeppe/go-internal": "testscript: command-line behaviour as readable scripts",
	"github.com/getkin/kin-openapi":   "checks that every answer is as the API's document says, by another's reading of it",
	"pgregory.net/rapid":              "property tests that shrink their counterexamples",
}

// maxLinked keeps the list short enough to be read by whoever judges our supply chain.
const maxLinked = 18

func TestDirectModules(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	reasons := maps.Clone(linked)
	maps.Copy(reasons, proofs)
	var direct []string
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		direct = append(direct, r.Path)
		if reasons[r.Path] == "" {
			t.Errorf("%s is required but not in the list: give its reason in docs/adr/0002 and here", r.Path)
		}
	}
	for path := range reasons {
		if !slices.Contains(direct, path) {
			t.Errorf("%s is in the list but go.mod does not require it", path)
		}
	}
	if len(linked) > maxLinked {
		t.Errorf("%d direct modules are linked, at most %d", len(linked), maxLinked)
	}
	for _, r := range mod.Replace {
		t.Errorf("%s is replaced: what is pinned must be what is built", r.Old.Path)
	}
}
