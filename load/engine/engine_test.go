package engine_test

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/load/engine"
	"tidemark/load/engine/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// connect returns a client that is closed before the engine is.
func connect(t *testing.T, a engine.Access) clickhouse.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Addr:        []string{a.Addr},
		Auth:        clickhouse.Auth{Username: a.User, Password: a.Password, Database: "system"},
		DialTimeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestLoaderWritesAndReads(t *testing.T) {
	t0 := time.Now()
	e := enginetest.Start(t)
	t.Log("start", time.Since(t0))
	conn := connect(t, e.Loader())
	for _, q := range []string{
		"CREATE DATABASE raw", "CREATE DATABASE mart",
		"CREATE TABLE raw.x (a Int32) ENGINE = MergeTree ORDER BY a",
		"INSERT INTO raw.x SELECT number FROM numbers(10)",
		"CREATE VIEW mart.x AS SELECT sum(a) AS s FROM raw.x",
	} {
		if err := conn.Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	var n int64
	if err := conn.QueryRow(t.Context(), "SELECT s FROM mart.x").Scan(&n); err != nil || n != 45 {
		t.Fatalf("got %d, %v", n, err)
	}
}
