package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommandsInTheDocumentsExist: each command that a page names explains itself, and has the
// flags that the page gives it.
func TestCommandsInTheDocumentsExist(t *testing.T) {
	command := regexp.MustCompile("(?:`|^)(?:bin/)?sallyport((?: [a-z][a-z-]*)+)([^`\n#]*)")
	flag := regexp.MustCompile(`--[a-z][a-z-]*`)
	found := 0
	for _, name := range []string{"README.md", "docs/client.md", "docs/operating.md", "SECURITY.md", "internal/config/example.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			for _, m := range command.FindAllStringSubmatch(line, -1) {
				found++
				words := strings.Fields(m[1])
				if last := len(words) - 1; strings.HasPrefix(m[2], ".") {
					words = words[:last] // the name of a file
				}
				code, help, said := shell{}.run(t, append(words, "--help")...)
				if code != 0 {
					t.Errorf("%s: there is no command %q: %s", name, strings.Join(words, " "), said)
				}
				for _, f := range flag.FindAllString(m[2], -1) {
					if !strings.Contains(help, f) {
						t.Errorf("%s: %q has no %s", name, strings.Join(words, " "), f)
					}
				}
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d commands found", found)
	}
}
