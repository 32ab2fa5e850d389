package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

// TestBytesPerRow writes what a row of each table takes on the disk, and what lies beside
// the warehouse, to the file that TIDEMARK_BYTES names: of the demonstration with 3,000
// securities and three years.
func TestBytesPerRow(t *testing.T) {
	enginetest.Require(t)
	out := os.Getenv("TIDEMARK_BYTES")
	if out == "" {
		t.Skip("only where TIDEMARK_BYTES names a file")
	}
	dir := t.TempDir()
	must(t, "demo", "--dir", dir, "--to", "2025-12-05", "--securities", "3000", "--years", "3")
	e, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(dir, "data", "engine")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	access := e.Loader()
	db, err := clickhouse.Open(&clickhouse.Options{Addr: []string{access.Addr}, Auth: clickhouse.Auth{Username: access.User, Password: access.Password}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(t.Context(), `SELECT concat(database, '.', table) AS name, sum(rows) AS n, sum(data_compressed_bytes) AS b, sum(data_uncompressed_bytes) AS u
		FROM system.parts WHERE active AND database IN ('raw', 'facts', 'history', 'ops') GROUP BY name HAVING n > 0 ORDER BY b DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var b bytes.Buffer
	fmt.Fprint(&b, "| table | rows | MB | bytes a row | uncompressed |\n|---|---:|---:|---:|---:|\n")
	for rows.Next() {
		var name string
		var n, size, plain uint64
		if err := rows.Scan(&name, &n, &size, &plain); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f | %.1f | %.1f |\n", name, n, float64(size)/1e6, float64(size)/float64(n), float64(plain)/float64(n))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(&b, "\n| beside it | files | MB |\n|---|---:|---:|\n")
	for _, name := range []string{"archive", "snapshots", "workbooks"} {
		files, size := 0, int64(0)
		err := filepath.WalkDir(filepath.Join(dir, "data", name), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			files, size = files+1, size+info.Size()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f |\n", name, files, float64(size)/1e6)
	}
	if err := os.WriteFile(out, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
