package house

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sqlText recognises a statement by its beginning: in capitals, or in small letters with the
// words that follow. English, which begins with one capital, does not match, nor does a route.
var sqlText = regexp.MustCompile(`^\s*(?:(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK)\s+[^\s/]` +
	`|(?s:select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\())`)

// sqlOutside finds statements in files where they do not belong.
func sqlOutside(f file) (found []string) {
	place := f.pkg.place()
	base := path.Base(f.path)
	allowed := base == "store.go" || strings.HasPrefix(base, "store_") || place == "db" || strings.HasPrefix(place, "db/") || place == "bench"
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && !allowed && sqlText.MatchString(text) {
				found = append(found, f.at(n)+": SQL belongs in store.go, or store_TABLE.go")
			}
		case *ast.CallExpr:
			// Even in a store, a statement is a constant: what varies is an argument.
			if place == "db" || strings.HasPrefix(place, "db/") || place == "bench" || !isCall(n, "fmt", "Sprintf") || len(n.Args) == 0 {
				return true
			}
			if lit, ok := n.Args[0].(*ast.BasicLit); ok {
				if text, err := strconv.Unquote(lit.Value); err == nil && sqlText.MatchString(text) {
					found = append(found, f.at(n)+": SQL put together at run time")
				}
			}
		}
		return true
	})
	return found
}

// hold reports what breaks a rule in the code of the product.
func hold(t *testing.T, rule func(file) []string) {
	t.Helper()
	for _, f := range files(t) {
		if f.test {
			continue
		}
		for _, s := range rule(f) {
			t.Error(s)
		}
	}
}

func TestSQLStandsInStores(t *testing.T) { hold(t, sqlOutside) }

// secretName matches the names whose values must be compared in constant time. A code is one
// only where codes are judged: elsewhere the word means an error's or a status code.
var (
	secretName = regexp.MustCompile(`(?i)(secret|password|passcode|hash|digest|mac|token)(s|sum)?$`)
	codeName   = regexp.MustCompile(`(?i)code$`)
	judges     = []string{"otp", "totp", "backupcode", "factor", "signin", "token"}
)

// secretCompared finds == and != (and their likes) on what sounds secret. Comparing with a
// constant, nil or a length tells a listener nothing, so it is allowed; BackupCode is the name
// of a kind of factor, and a selector is the part of a code that is no secret.
func secretCompared(f file) (found []string) {
	secret := func(e ast.Expr) bool {
		name := lastName(e)
		return secretName.MatchString(name) || slices.Contains(judges, f.pkg.place()) && codeName.MatchString(name)
	}
	harmless := func(e ast.Expr) bool {
		if slices.Contains([]string{"BackupCode", "Selector", "nil", "true", "false"}, lastName(e)) {
			return true
		}
		switch e := e.(type) {
		case *ast.BasicLit:
			return true
		case *ast.CallExpr:
			return lastName(e.Fun) == "len"
		}
		return false
	}
	complain := func(n ast.Node, a, b ast.Expr) {
		if (secret(a) || secret(b)) && !harmless(a) && !harmless(b) && !strings.Contains(f.line(n), "// public:") {
			found = append(found, f.at(n)+": compare secrets with subtle.ConstantTimeCompare or hmac.Equal")
		}
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				complain(n, n.X, n.Y)
			}
		case *ast.CallExpr:
			if len(n.Args) == 2 && (isCall(n, "bytes", "Equal") || isCall(n, "bytes", "Compare") || isCall(n, "strings", "EqualFold") ||
				isCall(n, "strings", "Compare") || isCall(n, "slices", "Equal") || isCall(n, "reflect", "DeepEqual")) {
				complain(n, n.Args[0], n.Args[1])
			}
		}
		return true
	})
	return found
}

// cheapHashing finds calls that make password hashes cheap, outside of what exists for tests.
func cheapHashing(f file) (found []string) {
	if tiers[f.pkg.place()] == proof {
		return nil
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && lastName(call.Fun) == "Quick" {
			found = append(found, f.at(n)+": a password's hash is never quick but in tests")
		}
		return true
	})
	return found
}

func TestHashesAreDear(t *testing.T) { hold(t, cheapHashing) }

func TestSecretsAreComparedInConstantTime(t *testing.T) { hold(t, secretCompared) }

// readsClock finds calls of the clock in the tiers that are told the time, so that tests choose it.
func readsClock(f file) (found []string) {
	place := f.pkg.place()
	if t := tiers[place]; t != domain && t != flow && !slices.Contains([]string{"errs", "id", "token", "otp", "qr"}, place) {
		return nil
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && (isCall(call, "time", "Now") || isCall(call, "time", "Since") || isCall(call, "time", "Until") || isCall(call, "time", "Sleep")) {
			found = append(found, f.at(n)+": the clock is a field, Now func() time.Time")
		}
		return true
	})
	return found
}

func TestClockIsGiven(t *testing.T) { hold(t, readsClock) }

// undocumented finds exported types and functions without a comment. Methods that only fulfil
// a well-known interface say nothing new and may go without.
func undocumented(f file) (found []string) {
	known := []string{"Error", "Unwrap", "Is", "String", "ServeHTTP", "Scan", "Value", "Close", "Write", "Read", "Enabled", "Handle", "WithAttrs", "WithGroup"}
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if !d.Name.IsExported() || d.Doc != nil || d.Recv != nil && (slices.Contains(known, d.Name.Name) || !ast.IsExported(receiver(d))) {
				continue
			}
			found = append(found, f.at(d)+": "+d.Name.Name+" has no comment")
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if ts, ok := s.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil && ts.Comment == nil {
					found = append(found, f.at(ts)+": "+ts.Name.Name+" has no comment")
				}
			}
		}
	}
	return found
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, f := range files(t) {
		if f.test || f.pkg.Name == "main" {
			continue
		}
		for _, s := range undocumented(f) {
			t.Error(s)
		}
	}
}

// isCall says whether c calls the function name of the package imported as pkg.
func isCall(c *ast.CallExpr, pkg, name string) bool {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// lastName is the name nearest to the value: "Secret" of k.Secret, k.Secret[:4] and string(k.Secret).
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.ParenExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "string" && len(e.Args) == 1 {
			return lastName(e.Args[0])
		}
		return lastName(e.Fun)
	}
	return ""
}

// receiver is the type name that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	if len(d.Recv.List) == 0 {
		return ""
	}
	return lastName(d.Recv.List[0].Type)
}
