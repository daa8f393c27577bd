package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the path that every package of ours begins with.
const module = "sallyport"

// pkg is the part of `go list -json` that the rules read.
type pkg struct {
	ImportPath   string
	Name         string
	Doc          string // first sentence of the package comment
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string // of GoFiles only
	Deps         []string // all that GoFiles need, near or far
}

// place is the package's path below internal/ ("db/dbtest"), or below the module ("cmd/sallyport").
func (p pkg) place() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module+"/"), "internal/")
}

// file is one parsed Go file of the tree.
type file struct {
	pkg  pkg
	path string // from the root of the tree, with slashes
	test bool
	set  *token.FileSet
	tree *ast.File
	text []byte
}

// at is "internal/otp/otp.go:12", for messages.
func (f file) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(n.Pos()).Line)
}

// line is the source text of the line that holds n.
func (f file) line(n ast.Node) string {
	lines := strings.Split(string(f.text), "\n")
	return lines[f.set.Position(n.Pos()).Line-1]
}

// listed and parsed are the tree as it stands when the first rule asks; no rule changes it.
var (
	listed = sync.OnceValues(list)
	parsed = sync.OnceValues(parseAll)
)

// packages is every package of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	all, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// list asks the go command.
func list() ([]pkg, error) {
	// -e: a package that does not compile just now is some other test's finding.
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Name,Doc,Dir,GoFiles,TestGoFiles,XTestGoFiles,Imports,Deps", "./...")
	cmd.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(p.GoFiles)+len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			all = append(all, p)
		}
	}
	if len(all) < 3 {
		return nil, fmt.Errorf("go list found %d packages: the rules would pass on an empty tree", len(all))
	}
	return all, nil
}

// root is the folder that holds go.mod.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// files is every Go file of every package, tests included.
func files(t *testing.T) []file {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parseAll() ([]file, error) {
	packages, err := listed()
	if err != nil {
		return nil, err
	}
	var all []file
	for _, p := range packages {
		for _, group := range []struct {
			names []string
			test  bool
		}{{p.GoFiles, false}, {p.TestGoFiles, true}, {p.XTestGoFiles, true}} {
			for _, name := range group.names {
				f, err := parse(p, name, group.test)
				if err != nil {
					return nil, err
				}
				all = append(all, f)
			}
		}
	}
	return all, nil
}

func parse(p pkg, name string, test bool) (file, error) {
	full := filepath.Join(p.Dir, name)
	text, err := os.ReadFile(full)
	if err != nil {
		return file{}, err
	}
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, full, text, parser.ParseComments|parser.SkipObjectResolution)
	return file{
		pkg: p, test: test, set: set, tree: tree, text: text,
		path: path.Join(strings.TrimPrefix(p.ImportPath, module+"/"), name),
	}, err
}

// source parses one made-up file, for the tests that show a rule failing.
func source(t *testing.T, place, name, text string) file {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p := pkg{ImportPath: module + "/internal/" + place, Name: tree.Name.Name}
	return file{pkg: p, set: set, tree: tree, text: []byte(text), path: path.Join("internal", place, name)}
}
