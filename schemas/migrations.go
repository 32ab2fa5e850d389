package schemas

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

var migrationName = regexp.MustCompile(`^([0-9]{4})_[a-z0-9_]+\.sql$`)

// Databases are those of a warehouse, in the order in which they are made.
func Databases() []string { return []string{"raw", "facts", "mart", "ops", "history"} }

// Migration is one step from an empty server to the tables of this version:
// a single statement that may be run again.
type Migration struct {
	Name string // file name; its first four digits give the order
	SQL  string
	Sum  string // SHA-256 of SQL; a migration that was applied never changes
}

// Migrations returns every migration in the order in which they are applied.
// An error means that the binary was built from a folder with misnamed files.
func Migrations() ([]Migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	out := make([]Migration, 0, len(entries))
	for i, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil {
			return nil, fmt.Errorf("migration %q is not named NNNN_name.sql", e.Name())
		}
		if want := fmt.Sprintf("%04d", i+1); m[1] != want {
			return nil, fmt.Errorf("migration %q stands where %s is due", e.Name(), want)
		}
		b, err := migrationFiles.ReadFile("migrations/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %q: %w", e.Name(), err)
		}
		sum := sha256.Sum256(b)
		out = append(out, Migration{Name: e.Name(), SQL: strings.TrimSpace(string(b)), Sum: hex.EncodeToString(sum[:])})
	}
	return out, nil
}
