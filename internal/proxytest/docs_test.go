package proxytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrinted: what the documents print is what the examples run, to the letter.
func TestPrinted(t *testing.T) {
	for page, files := range map[string][]string{
		"reverse-proxy.md": {"nginx/sallyport.conf", "caddy/Caddyfile", "haproxy/haproxy.cfg", "traefik/traefik.yaml", "traefik/sallyport.yaml"},
		"middleware.md":    {"middleware/main.go"},
		"forward-auth.md":  {"assertion/who.go", "assertion/who.mjs"},
	} {
		text, err := os.ReadFile(filepath.Join(root(t), "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			run, err := os.ReadFile(filepath.Join(root(t), "examples", filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "\n"+string(run)+"```\n") {
				t.Errorf("docs/%s does not print examples/%s as it is", page, file)
			}
		}
	}
}

// TestTargets: each example has its target, which is its one command, and stands in the list.
func TestTargets(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(root(t), "examples", "*", "run.sh"))
	if err != nil || len(scripts) != 6 {
		t.Fatalf("%v, %v", scripts, err)
	}
	list, err := os.ReadFile(filepath.Join(root(t), "examples", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	help := exec.Command("make", "--no-print-directory", "help")
	help.Dir = root(t)
	targets, err := help.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		name := filepath.Base(filepath.Dir(script))
		dry := exec.Command("make", "--dry-run", "--no-print-directory", "example-"+name)
		dry.Dir = root(t)
		if out, err := dry.CombinedOutput(); err != nil || string(out) != "examples/"+name+"/run.sh\n" {
			t.Errorf("make example-%s does %q, %v", name, out, err)
		}
		if target := "make example-" + name + " "; !strings.Contains(string(targets), target) || !strings.Contains(string(list), "`"+strings.TrimSpace(target)+"`") {
			t.Errorf("make help or examples/README.md does not list %s", target)
		}
	}
}
