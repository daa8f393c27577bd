package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
)

// eachEmpty runs fn on each engine with the address of an empty database.
func eachEmpty(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, dbtest.EmptySQLite(t)) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, dbtest.EmptyPostgres(t)) })
}

func open(t *testing.T, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// schema lists tables and columns as "table.column type null", in order.
func schema(t *testing.T, d *db.DB) []string {
	t.Helper()
	query := `SELECT table_name, column_name, data_type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END
		FROM information_schema.columns WHERE table_schema = current_schema()`
	if d.Engine() == db.SQLite {
		query = `SELECT m.name, c.name, lower(c.type), c."notnull" FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`
	}
	var list []string
	err := d.Each(t.Context(), query, nil, func(scan func(...any) error) error {
		var table, column, kind string
		var notNull int
		err := scan(&table, &column, &kind, &notNull)
		list = append(list, fmt.Sprintf("%s.%s %s %d", table, column, kind, notNull))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// indexes lists the indexes that migrations name.
func indexes(t *testing.T, d *db.DB) []string {
	t.Helper()
	query := `SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND indexname NOT LIKE '%\_pkey' AND indexname NOT LIKE '%\_key'`
	if d.Engine() == db.SQLite {
		query = `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%'`
	}
	var list []string
	err := d.Each(t.Context(), query, nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		list = append(list, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// TestEnginesAgree migrates both from empty and compares what came of it.
func TestEnginesAgree(t *testing.T) {
	lite, pg := open(t, dbtest.EmptySQLite(t)), open(t, dbtest.EmptyPostgres(t))
	for _, d := range []*db.DB{lite, pg} {
		for range 2 { // the second time has nothing to do
			if err := d.Migrate(t.Context()); err != nil {
				t.Fatalf("%s: %v", d.Engine(), err)
			}
		}
	}
	a, b := schema(t, lite), schema(t, pg)
	for _, s := range a {
		if !slices.Contains(b, s) {
			t.Errorf("only on SQLite: %s", s)
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			t.Errorf("only on PostgreSQL: %s", s)
		}
		kind := strings.Fields(s)[1]
		if !slices.Contains([]string{"text", "bigint", "boolean", "bytea", "double"}, kind) {
			t.Errorf("%s: not a type of both engines", s)
		}
	}
	if len(a) < 5 {
		t.Errorf("only %d columns", len(a))
	}
	if x, y := indexes(t, lite), indexes(t, pg); !slices.Equal(x, y) {
		t.Errorf("indexes differ: %v and %v", x, y)
	}
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte("-- +goose Up\n" + text)} }

func version(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	if err := d.Get(context.Background(), `SELECT max(version) FROM schema_version`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrateSteps(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		ctx := t.Context()
		one := file("CREATE TABLE m_one (id text NOT NULL PRIMARY KEY);\nINSERT INTO m_one VALUES ('1');")
		steps := []struct {
			name    string
			files   fstest.MapFS
			want    error
			version int
		}{
			{"first", fstest.MapFS{"0001_one.sql": one}, nil, 1},
			{"same again", fstest.MapFS{"0001_one.sql": one}, nil, 1},
			{"a variant per engine replaces the file", fstest.MapFS{
				"0001_one.sql":          one,
				"0002_two.sql":          file("THIS IS NOT SQL;"),
				"0002_two.sqlite.sql":   file("CREATE TABLE m_two (id text NOT NULL);"),
				"0002_two.postgres.sql": file("CREATE TABLE m_two (id varchar NOT NULL);"),
			}, nil, 2},
			{"edited", fstest.MapFS{"0001_one.sql": file("CREATE TABLE m_other (id text);"), "0002_two.sql": one}, db.ErrSchemaEdited, 2},
			{"older program", fstest.MapFS{"0001_one.sql": one}, db.ErrSchemaTooNew, 2},
		}
		for _, s := range steps {
			err := d.MigrateFrom(ctx, s.files)
			if !errors.Is(err, s.want) || s.want == nil && err != nil {
				t.Errorf("%s: %v, want %v", s.name, err, s.want)
			}
			if s.want != nil && errs.From(err).Message == "" {
				t.Errorf("%s: no message", s.name)
			}
			if v := version(t, d); v != s.version {
				t.Errorf("%s: version %d, want %d", s.name, v, s.version)
			}
		}
		write(t, d, `INSERT INTO m_two VALUES ('x')`)
	})
}

// TestMigrationFails: a migration that fails half-way leaves nothing of itself.
func TestMigrationFails(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		d := open(t, dsn)
		ctx := t.Context()
		files := fstest.MapFS{
			"0001_one.sql": file("CREATE TABLE m_one (id text NOT NULL);"),
			"0002_two.sql": file("CREATE TABLE m_two (id text NOT NULL);\nINSERT INTO m_missing VALUES (1);"),
		}
		if err := d.MigrateFrom(ctx, files); err == nil {
			t.Fatal("no error")
		}
		if v := version(t, d); v != 1 {
			t.Errorf("version %d, want 1", v)
		}
		for _, s := range schema(t, d) {
			if strings.HasPrefix(s, "m_two") {
				t.Errorf("left behind: %s", s)
			}
		}
		files["0002_two.sql"] = file("CREATE TABLE m_two (id text NOT NULL);")
		if err := d.MigrateFrom(ctx, files); err != nil {
			t.Errorf("corrected: %v", err)
		}
	})
}

// TestMigrateTogether: several nodes start at once.
func TestMigrateTogether(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		files := fstest.MapFS{}
		for i := range 5 {
			files[fmt.Sprintf("%04d_m.sql", i+1)] = file(fmt.Sprintf("CREATE TABLE m_%d (id text NOT NULL);", i))
		}
		var wg sync.WaitGroup
		for range 4 {
			d := open(t, dsn)
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := d.MigrateFrom(t.Context(), files); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if v := version(t, open(t, dsn)); v != 5 {
			t.Errorf("version %d", v)
		}
	})
}

const envChild = "SALLYPORT_DBTEST_CHILD"

// slowMigration takes some seconds in its second statement.
var slowMigration = fstest.MapFS{"0001_slow.sql": file(`CREATE TABLE m_slow (n bigint NOT NULL);
INSERT INTO m_slow WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000000) SELECT n FROM c;`)}

// TestKilledMigration kills a process in the middle of a migration: old or new, nothing between.
func TestKilledMigration(t *testing.T) {
	if dsn := os.Getenv(envChild + "_MIGRATE"); dsn != "" {
		d, err := db.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("started")
		if err := d.MigrateFrom(t.Context(), slowMigration); err != nil {
			t.Fatal(err)
		}
		return
	}
	eachEmpty(t, func(t *testing.T, dsn string) {
		for _, delay := range []time.Duration{20 * time.Millisecond, 120 * time.Millisecond, 400 * time.Millisecond} {
			cmd := child(t, "TestKilledMigration", envChild+"_MIGRATE="+dsn)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := out.Read(make([]byte, 7)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			d := open(t, dsn)
			var rows, done int
			if err := d.Get(t.Context(), `SELECT count(*) FROM schema_version WHERE version = 1`, nil, &done); err != nil {
				done = 0 // not even the table of versions
			}
			if err := d.Get(t.Context(), `SELECT count(*) FROM m_slow`, nil, &rows); err == nil && rows != 1000000*done {
				t.Errorf("killed after %s: version recorded %d times, %d rows", delay, done, rows)
			} else if err != nil && done == 1 {
				t.Errorf("killed after %s: recorded, but %v", delay, err)
			}
		}
		small := fstest.MapFS{"0001_slow.sql": file("CREATE TABLE m_slow (n bigint NOT NULL);")}
		d := open(t, dsn)
		if err := d.MigrateFrom(t.Context(), small); err != nil && !errors.Is(err, db.ErrSchemaEdited) {
			t.Errorf("the next start: %v", err)
		}
	})
}

// child runs one test of this binary as a process of its own.
func child(t *testing.T, test string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^"+test+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	return cmd
}
