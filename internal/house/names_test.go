package house

import (
	"bytes"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// vague are names that say nothing about what a package is for; such packages only grow.
var vague = []string{
	"base", "common", "core", "data", "helper", "helpers", "lib", "misc", "model", "models",
	"service", "services", "shared", "tools", "type", "types", "util", "utils",
}

// homonyms are the names that a standard package has too, kept on purpose.
var homonyms = map[string]string{
	"user":    "people are what this program is about; nothing here asks the operating system for its users",
	"mail":    "net/mail reads mails, which the product never does; it only writes them",
	"metrics": "runtime/metrics is read by the Prometheus client, never by us",
	"token":   "go/token belongs to compilers; no package of the product imports it",
}

func TestPackageNames(t *testing.T) {
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	standard := map[string]string{}
	for _, p := range bytes.Fields(out) {
		if full := string(p); !strings.Contains(full, "internal") && !strings.Contains(full, "vendor/") {
			standard[path.Base(full)] = full
		}
	}
	if standard["http"] != "net/http" {
		t.Fatal("go list std did not list net/http")
	}
	for _, p := range packages(t) {
		if slices.Contains(vague, p.Name) {
			t.Errorf("package %s: the name says nothing", p.ImportPath)
		}
		if std, is := standard[p.Name]; is && homonyms[p.Name] == "" {
			t.Errorf("package %s is named like %s", p.ImportPath, std)
		}
		if p.Name != "main" && p.Name != path.Base(p.ImportPath) {
			t.Errorf("package %s stands in folder %s", p.Name, p.ImportPath)
		}
	}
}

// nested are the only packages below another one: they exist for their parent's tests.
var nested = []string{"db/dbtest", "db/dbtest/pg", "mail/eximtest", "sms/kanneltest", "passkey/keytest", "place/placetest"}

func TestFlatLayout(t *testing.T) {
	for _, p := range packages(t) {
		switch place := p.place(); {
		case place == "cmd/sallyport", place == "client", place == "client/door": // the program, and what other programs import
		case strings.HasPrefix(place, "examples/") && strings.Count(place, "/") == 1 && p.Name == "main":
		case !strings.HasPrefix(p.ImportPath, module+"/internal/"):
			t.Errorf("%s is neither cmd/sallyport, nor client, nor an example, nor below internal/", p.ImportPath)
		case strings.Contains(place, "/") && !slices.Contains(nested, place):
			t.Errorf("%s is nested: internal/ is flat", p.ImportPath)
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range packages(t) {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command " + path.Base(p.ImportPath) + " "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: its package comment begins %q, want %q", p.ImportPath, p.Doc, want+"…")
		}
	}
}

// maxLines is the length beyond which a file has more than one idea.
const maxLines = 450

func TestFileLength(t *testing.T) {
	for _, f := range files(t) {
		if n := bytes.Count(f.text, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, at most %d", f.path, n, maxLines)
		}
	}
}
