package house

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A migration says who writes each table in the comment before it: "Written by package user."
var (
	created = regexp.MustCompile(`(?s)((?:--[^\n]*\n)+)CREATE TABLE (\w+)`)
	owner   = regexp.MustCompile(`Written by package (\w+)\.`)
	written = regexp.MustCompile(`(?i)\b(?:insert\s+into|update|delete\s+from)\s+(\w+)`)
)

// owners reads from the migrations which package writes which table.
func owners(t *testing.T, sql string) map[string]string {
	t.Helper()
	byTable := map[string]string{}
	commented := created.FindAllStringSubmatch(sql, -1)
	for _, m := range commented {
		o, before := owner.FindStringSubmatch(m[1]), byTable[m[2]]
		switch {
		case o == nil:
			t.Errorf("table %s: the migration does not say which package writes it", m[2])
		case before != "" && before != o[1]: // a later migration made the table anew
			t.Errorf("table %s: its writer is %s in one migration and %s in another", m[2], before, o[1])
		default:
			byTable[m[2]] = o[1]
		}
	}
	if made := strings.Count(sql, "CREATE TABLE "); made != len(commented) {
		t.Errorf("%d tables are made, but only %d have a comment that names their writer", made, len(commented))
	}
	return byTable
}

// strangers finds statements in f that write a table of another package.
func strangers(f file, byTable map[string]string) (found []string) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil || !sqlText.MatchString(text) {
			return true
		}
		for _, m := range written.FindAllStringSubmatch(text, -1) {
			// "DO UPDATE SET" and "FOR UPDATE" name no table.
			if by, is := byTable[m[1]]; is && by != f.pkg.place() {
				found = append(found, f.at(lit)+": writes "+m[1]+", which is "+by+"'s")
			}
		}
		return true
	})
	return found
}

// TestTablesHaveOneWriter: two features in one transaction meet by passing the transaction,
// not by knowing each other's tables.
func TestTablesHaveOneWriter(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root(t), "internal", "db", "migrations", "*.sql"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	var all strings.Builder
	for _, name := range names {
		sql, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(sql)
	}
	byTable := owners(t, all.String())
	for _, f := range files(t) {
		if f.test || tiers[f.pkg.place()] == proof {
			continue
		}
		for _, s := range strangers(f, byTable) {
			t.Error(s)
		}
	}
}

func TestPlantedStranger(t *testing.T) {
	byTable := owners(t, "-- People.\n-- Written by package user.\nCREATE TABLE users (x text);\n")
	cases := []struct {
		place, sql string
		found      int
	}{
		{"user", "UPDATE users SET x = $1", 0},
		{"session", "UPDATE users SET x = $1", 1},
		{"session", "DELETE FROM users", 1},
		{"session", "INSERT INTO users (x) VALUES ($1)", 1},
		{"session", "WITH gone AS (DELETE FROM users RETURNING x) SELECT x FROM gone", 1},
		{"session", "SELECT x FROM users", 0},
	}
	for _, c := range cases {
		f := source(t, c.place, "store.go", "package p\nconst q = `"+c.sql+"`\n")
		if got := strangers(f, byTable); len(got) != c.found {
			t.Errorf("%s in %s: found %v, want %d", c.sql, c.place, got, c.found)
		}
	}
}
