package api_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// TestReference: the page for people has every call of the document and every code, every link in it leads somewhere, and nothing in it
// runs or comes from elsewhere.
func TestReference(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.Client(t)
	page := c.Get("/docs").Sees(200, "API reference", "Getting started", "Error codes", "Sallyport-OTP", "allow[].method", "list of object, may be absent")
	if dir := os.Getenv("SALLYPORT_DUMP_PAGES"); dir != "" {
		css := ""
		for _, sheet := range regexp.MustCompile(`rel="stylesheet" href="([^"]+)"`).FindAllStringSubmatch(page.Body, -1) {
			css += c.Get(sheet[1]).Body
		}
		if err := os.WriteFile(dir+"/docs.html", []byte(strings.Replace(page.Body, "</head>", "<style>"+css+"</style></head>", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, item := range s.Document(t).Paths.Map() {
		for method, op := range item.Operations() {
			if !strings.Contains(page.Body, `id="`+op.OperationID+`"`) || !strings.Contains(page.Body, method+" "+path+"<") {
				t.Errorf("the reference lacks %s %s", method, path)
			}
			for _, r := range op.Responses.Map() {
				for code := range strings.SplitSeq(*r.Value.Description, "\n- `") {
					if name, _, coded := strings.Cut(code, "`: "); coded && !strings.Contains(page.Body, "<code>"+name+"</code>") {
						t.Errorf("the reference lacks the code %s", name)
					}
				}
			}
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page.Body, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page.Body, -1) {
		if !ids[m[1]] {
			t.Errorf("a link leads to %s, which is nowhere", m[1])
		}
	}
	if found := regexp.MustCompile(`(?i)<script|<style|<iframe|style="| on[a-z]+="|(src|href)="(https?:)?//`).FindString(page.Body); found != "" {
		t.Errorf("the page has %q", found)
	}
	if strings.Index(page.Body, `id="errors"`) < strings.LastIndex(page.Body, "<section id=") {
		t.Error("whoever reads it from the beginning meets all codes before the first call")
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") {
		t.Errorf("Content-Security-Policy is %q", csp)
	}
	if sheet := c.Get(page.Find(`rel="stylesheet" href="([^"]+)"`)); sheet.Status != 200 {
		t.Errorf("the style sheet: %d", sheet.Status)
	}
	if p := c.Post("/docs"); p.Status != 405 {
		t.Errorf("a form: %d", p.Status)
	}
}

// TestReferenceScripts: what the page prints for newcomers is what the guide prints, which its own test runs.
func TestReferenceScripts(t *testing.T) {
	guide, err := os.ReadFile("../../docs/client.md")
	if err != nil || !strings.Contains(string(guide), "#!/bin/sh") {
		t.Fatalf("the guide has no scripts: %v", err)
	}
	page := apptest.Start(t, dbtest.SQLite(t)).Client(t).Get("/docs")
	for _, begin := range []string{"#!/bin/sh", "package main"} {
		script := page.Find(`(?s)<pre tabindex="0">(` + regexp.QuoteMeta(begin) + `.*?)</pre>`)
		if !strings.Contains(string(guide), "\n"+script+"```") {
			t.Errorf("the guide does not have this script:\n%s", script)
		}
	}
}
