package db_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sallyport/internal/db"
)

// TestMigrationsKeepRows puts rows into every table of the first version: after all migrations they are there, value for value.
func TestMigrationsKeepRows(t *testing.T) {
	text, err := os.ReadFile("migrations/0001_start.sql")
	if err != nil {
		t.Fatal(err)
	}
	eachEmpty(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		if err := d.MigrateFrom(t.Context(), fstest.MapFS{"0001_start.sql": {Data: text}}); err != nil {
			t.Fatal(err)
		}
		columns := map[string][]string{} // each as "name type null"
		for _, line := range schema(t, d) {
			table, column, _ := strings.Cut(line, ".")
			if table != "schema_version" {
				columns[table] = append(columns[table], column)
			}
		}
		if len(columns) < 9 {
			t.Fatalf("%d tables", len(columns))
		}
		before := map[string][]string{}
		for table, cols := range columns {
			for n := range 3 {
				var names, values []string
				for i, c := range cols {
					f := strings.Fields(c)
					names = append(names, f[0])
					values = append(values, map[string]string{
						"text": fmt.Sprintf("'%s %d'", f[0], 3-n), "bigint": fmt.Sprint(i*10 + n), "boolean": "TRUE", "bytea": "'bytes'",
					}[f[1]])
				}
				insert := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
				if _, err := d.Exec(t.Context(), insert); err != nil {
					t.Fatalf("%s: %v", insert, err)
				}
			}
			before[table] = rows(t, d, table, cols)
		}
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for table, cols := range columns {
			if got := rows(t, d, table, cols); !slices.Equal(got, before[table]) {
				t.Errorf("%s was\n%s\nand is\n%s", table, strings.Join(before[table], "\n"), strings.Join(got, "\n"))
			}
		}
	})
}

// TestMigrationForgetsRequests: of the calls that the version before kept, no hash of a request stays that guesses could be held against; the rows do,
// so that no call is carried out twice.
func TestMigrationForgetsRequests(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		before := fstest.MapFS{}
		for n := 1; n <= 14; n++ {
			names, err := filepath.Glob(fmt.Sprintf("migrations/%04d_*.sql", n))
			if err != nil || len(names) == 0 {
				t.Fatalf("migration %d: %v", n, err)
			}
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				before[filepath.Base(name)] = &fstest.MapFile{Data: text}
			}
		}
		if err := d.MigrateFrom(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		write(t, d, `INSERT INTO idempotent_calls (account_id, caller, call_id, request, status, answer, begun_at, expires_at) VALUES ('a', 'c', 'k', 'hash', 201, 'sealed', 1, 2)`)
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := rows(t, d, "idempotent_calls", []string{"request"}); !slices.Equal(got, []string{"before"}) {
			t.Errorf("%q", got)
		}
	})
}

// rows dumps the given columns of a table.
func rows(t *testing.T, d *db.DB, table string, cols []string) (all []string) {
	t.Helper()
	var names []string
	for _, c := range cols {
		names = append(names, strings.Fields(c)[0])
	}
	err := d.Each(t.Context(), "SELECT "+strings.Join(names, ", ")+" FROM "+table, nil, func(scan func(...any) error) error {
		values := make([]any, len(cols))
		dest := make([]any, len(cols))
		for i := range dest {
			dest[i] = &values[i]
		}
		err := scan(dest...)
		all = append(all, fmt.Sprint(values...))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}
