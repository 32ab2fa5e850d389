package engine_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// Codes of ClickHouse errors.
const (
	codeCannotOpen     = 76
	codeReadonly       = 164
	codeProhibited     = 392
	codeConstraint     = 452
	codeAccessDenied   = 497
	codeAuthentication = 516
	codeNoStructure    = 636
	codeSessions       = 700
)

// refused fails the test unless a statement ends with one of the codes.
func refused(t *testing.T, err error, statement string, codes ...int32) {
	t.Helper()
	e, ok := errors.AsType[*clickhouse.Exception](err)
	if !ok || !slices.Contains(codes, e.Code) {
		t.Errorf("%s: got %v, want one of the codes %v", statement, err, codes)
	}
}

func warehouse(t *testing.T) *engine.Engine {
	t.Helper()
	e := enginetest.Start(t)
	run(t, connect(t, e.Loader()),
		"CREATE DATABASE raw", "CREATE DATABASE facts", "CREATE DATABASE mart", "CREATE DATABASE ops",
		"CREATE TABLE facts.x (a UInt64 COMMENT 'a number') ENGINE = MergeTree PARTITION BY a % 2 ORDER BY a",
		"INSERT INTO facts.x SELECT number FROM numbers(10)",
		"CREATE VIEW mart.x DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT a FROM facts.x",
		"CREATE VIEW mart.invoker AS SELECT a FROM facts.x",
	)
	return e
}

func TestBIReadsTheMartOnly(t *testing.T) {
	t.Parallel()
	e := warehouse(t)
	conn := connect(t, e.BI())

	for _, query := range []string{
		"SELECT count() FROM mart.x",
		"SELECT count() FROM system.tables WHERE database = 'mart'",
		"SELECT count() FROM system.columns WHERE database = 'mart'",
		"SELECT count() FROM system.databases",
		"SELECT count() FROM system.functions",
		"SELECT count() FROM system.settings",
		"SELECT count() FROM system.keywords",
		"SELECT count() FROM information_schema.tables WHERE table_schema = 'mart'",
		"SELECT count() FROM information_schema.columns WHERE table_schema = 'mart'",
		"SELECT count() FROM mart.x SETTINGS max_threads = 2, max_execution_time = 10",
	} {
		if n := count(t, conn, query); n == 0 {
			t.Errorf("%s: nothing", query)
		}
	}
	for _, query := range []string{
		"SELECT count() FROM system.tables WHERE database IN ('raw', 'facts', 'ops')",
		"SELECT count() FROM system.parts",
		"SELECT count() FROM information_schema.tables WHERE table_schema = 'facts'",
	} {
		if n := count(t, conn, query); n != 0 {
			t.Errorf("%s: %d", query, n)
		}
	}
	for statement, code := range map[string]int32{
		"SELECT * FROM facts.x":                                               codeAccessDenied,
		"SELECT * FROM mart.invoker":                                          codeAccessDenied,
		"DESCRIBE TABLE facts.x":                                              codeAccessDenied,
		"SELECT * FROM merge('facts', 'x')":                                   codeNoStructure,
		"SELECT * FROM mergeTreeIndex(facts, x)":                              codeAccessDenied,
		"SELECT * FROM system.users":                                          codeAccessDenied,
		"SELECT * FROM system.processes":                                      codeAccessDenied,
		"SELECT * FROM system.macros":                                         codeAccessDenied,
		"SELECT * FROM url('http://127.0.0.1:1/', LineAsString)":              codeAccessDenied,
		"SELECT * FROM file('/etc/passwd', LineAsString)":                     codeAccessDenied,
		"SELECT * FROM default.`/etc/passwd`":                                 codeAccessDenied,
		"SELECT * FROM remote('127.0.0.1:1', system.one)":                     codeAccessDenied,
		"SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'CSV', 'a Int32')": codeAccessDenied,
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')":              codeAccessDenied,
		"SELECT * FROM executable('ls', 'CSV', 'a String')":                   codeAccessDenied,
		"INSERT INTO mart.x SELECT 1":                                         codeAccessDenied,
		"INSERT INTO facts.x SELECT 1":                                        codeAccessDenied,
		"INSERT INTO FUNCTION file('x.csv', 'CSV', 'a Int32') SELECT 1":       codeAccessDenied,
		"CREATE TABLE mart.y (a Int32) ENGINE = Memory":                       codeAccessDenied,
		"CREATE TEMPORARY TABLE y (a Int32)":                                  codeAccessDenied,
		"DROP VIEW mart.x":                                                    codeAccessDenied,
		"SYSTEM SHUTDOWN":                                                     codeAccessDenied,
		"SET readonly = 0":                                                    codeReadonly,
		"SELECT 1 SETTINGS max_execution_time = 0":                            codeConstraint,
		"SELECT 1 SETTINGS max_execution_time = 301":                          codeConstraint,
		"SELECT 1 SETTINGS max_memory_usage = 0":                              codeConstraint,
		"SELECT 1 SETTINGS max_memory_usage = 100000000000":                   codeConstraint,
		"SELECT 1 SETTINGS allow_introspection_functions = 1":                 codeConstraint,
		"SELECT 1 SETTINGS allow_ddl = 1":                                     codeProhibited,
	} {
		refused(t, conn.Exec(t.Context(), statement), statement, code)
	}
}

// The function file() needs no right; only the kernel stands between it and
// the passwords of the same folder.
func TestEngineCannotReadForeignFiles(t *testing.T) {
	t.Parallel()
	e := warehouse(t)
	if err := e.Confined(); err != nil {
		t.Skipf("this machine cannot confine the engine: %v", err)
	}
	own := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(own, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, access := range []engine.Access{e.BI(), e.Loader()} {
		conn := connect(t, access)
		for _, path := range []string{
			own,
			"/etc/passwd",
			filepath.Join("/proc/self/root", "etc", "passwd"),
			"/proc/1/status",
			filepath.Join(e.Dir(), "passwords.json"),
			filepath.Join(e.Dir(), "data", "..", "passwords.json"),
			filepath.Join(e.Dir(), "engine.json"),
			filepath.Join(e.Dir(), "engine.log"),
		} {
			statement := "SELECT file('" + path + "')"
			refused(t, conn.Exec(t.Context(), statement), statement, codeCannotOpen)
		}
	}
}

func TestLoaderDoesWhatASwapNeeds(t *testing.T) {
	t.Parallel()
	e := warehouse(t)
	conn := connect(t, e.Loader())
	run(t, conn,
		"CREATE TABLE facts.staging AS facts.x",
		"INSERT INTO facts.staging VALUES (100)",
		"ALTER TABLE facts.x REPLACE PARTITION 0 FROM facts.staging",
		"EXCHANGE TABLES facts.x AND facts.staging",
		"RENAME TABLE facts.staging TO facts.old",
		"ALTER TABLE facts.x MODIFY COMMENT 'numbers'",
		"OPTIMIZE TABLE facts.x FINAL",
		"SYSTEM STOP MERGES facts.x",
		"SYSTEM START MERGES facts.x",
		"TRUNCATE TABLE facts.old",
		"DROP TABLE facts.old",
		"CREATE OR REPLACE VIEW mart.x DEFINER = CURRENT_USER SQL SECURITY DEFINER AS SELECT 2 AS a",
		"SELECT count() FROM system.parts",
		"SELECT count() FROM system.processes",
		"SELECT 1 SETTINGS max_execution_time = 100000, max_insert_block_size = 10000000",
		"DROP DATABASE ops",
	)
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT toString(getSetting('async_insert'))").Scan(&value); err != nil || value != "false" && value != "0" {
		t.Errorf("async_insert is %q, %v: an insert would be acknowledged before it is written", value, err)
	}
	for _, statement := range []string{
		"CREATE DATABASE other",
		"CREATE TABLE default.x (a Int32) ENGINE = MergeTree ORDER BY a",
		"DROP DATABASE system",
		"CREATE USER someone",
		"GRANT SELECT ON mart.* TO bi",
		"SYSTEM SHUTDOWN",
		"SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
		"SELECT * FROM file('/etc/passwd', LineAsString)",
	} {
		refused(t, conn.Exec(t.Context(), statement), statement, codeAccessDenied)
	}
}

// TestReadersHaveTheRules holds what the server says of bi against the rules that
// SQL gives to readers of other servers.
func TestReadersHaveTheRules(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	conn := connect(t, e.BI())
	rows, err := conn.Query(t.Context(), "SHOW GRANTS")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSuffix(strings.TrimPrefix(line, "GRANT "), " TO bi"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	const memory = 1 << 30 // half of what the engine of a test has
	rules := schemas.ReaderRules(memory)
	want := slices.Sorted(slices.Values(rules.Grants))
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("bi has %q, want %q", got, want)
	}
	for _, s := range rules.Settings {
		var value string
		if err := conn.QueryRow(t.Context(), "SELECT toString(getSetting('"+s.Name+"'))").Scan(&value); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if is := strings.NewReplacer("false", "0", "true", "1").Replace(value); is != strconv.FormatInt(s.Value, 10) {
			t.Errorf("%s is %s, want %d", s.Name, value, s.Value)
		}
		if s.Fixed {
			err := conn.Exec(t.Context(), fmt.Sprintf("SELECT 1 SETTINGS %s = %d", s.Name, s.Value+1))
			refused(t, err, s.Name+" changed", codeReadonly, codeConstraint, codeProhibited)
		}
		if s.Max > 0 {
			err := conn.Exec(t.Context(), fmt.Sprintf("SELECT 1 SETTINGS %s = %d", s.Name, s.Max+1))
			refused(t, err, s.Name+" above its bound", codeReadonly, codeConstraint)
		}
	}
}

func TestDefaultIsLockedOut(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	loader := e.Loader()
	for range 3 {
		refused(t, connect(t, engine.Access{Addr: loader.Addr, User: "default"}).Ping(t.Context()), "log in as default", codeSessions)
		refused(t, connect(t, engine.Access{Addr: loader.Addr, User: "default", Password: "x"}).Ping(t.Context()), "log in as default with a password", codeAuthentication, codeSessions)
	}
	for _, user := range []string{schemas.LoaderUser, schemas.BIUser, "probe", "nobody"} {
		refused(t, connect(t, engine.Access{Addr: loader.Addr, User: user}).Ping(t.Context()), "log in as "+user+" without a password", codeAuthentication)
	}
}

func TestSecretsAreClosedToOthers(t *testing.T) {
	t.Parallel()
	e := enginetest.Start(t)
	for _, dir := range []string{".", "conf", "data"} {
		info, err := os.Stat(filepath.Join(e.Dir(), dir))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, %v", dir, info.Mode(), err)
		}
	}
	passwords := []string{e.Loader().Password, e.BI().Password}
	found := 0
	err := filepath.WalkDir(e.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || strings.HasPrefix(path, filepath.Join(e.Dir(), "data")) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", path, info.Mode())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, password := range passwords {
			if strings.Contains(string(text), password) {
				found++
				if d.Name() != "passwords.json" {
					t.Errorf("a password stands in %s", path)
				}
			}
		}
		return nil
	})
	if err != nil || found != len(passwords) {
		t.Errorf("found %d passwords, want %d: %v", found, len(passwords), err)
	}
	if slices.ContainsFunc(passwords, func(p string) bool { return len(p) < 20 }) || passwords[0] == passwords[1] {
		t.Error("the passwords can be guessed")
	}
}
