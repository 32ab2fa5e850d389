package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidemark/schemas"
)

// appliedMigration is a line of ops.migration.
type appliedMigration struct {
	Name string
	Sum  string
	At   time.Time
	By   string
}

// migrations is ops.migration. It is not among schemas.Datasets, because it
// must exist before any migration can be recorded.
var migrations = schemas.NewTable(schemas.Dataset{Database: "ops", Name: "migration", Comment: "Migrations that this warehouse has had.", Order: []string{"name"}},
	schemas.Text("name", "File of the migration.", func(r *appliedMigration) *string { return &r.Name }),
	schemas.Text("checksum", "SHA-256 of the file.", func(r *appliedMigration) *string { return &r.Sum }),
	schemas.Instant("applied_at", "When it was applied.", func(r *appliedMigration) *time.Time { return &r.At }),
	schemas.Text("applied_by", "Host, process and its start time.", func(r *appliedMigration) *string { return &r.By }),
)

// MigrationChangedError says that a migration is no longer what the warehouse
// has had under its name: the binary was built from edited history.
type MigrationChangedError struct {
	Name            string
	Applied, Binary string // checksums
}

func (e *MigrationChangedError) Error() string {
	return fmt.Sprintf("migration %s has changed since it was applied (checksum %.12s then, %.12s now): use the version of the program that made this warehouse, or a later one with further migrations", e.Name, e.Applied, e.Binary)
}

// Migrate brings the databases and tables up to this version and returns the
// names of the migrations that were applied now. It can be run again, also
// after it was interrupted, and by several processes at once: every migration
// is a single statement that does nothing the second time.
func (w *Warehouse) Migrate(ctx context.Context) (applied []string, err error) {
	all, err := schemas.Migrations()
	if err != nil {
		return nil, fmt.Errorf("clickhouse: migrate: %w", err)
	}
	return w.migrate(ctx, all)
}

func (w *Warehouse) migrate(ctx context.Context, all []schemas.Migration) (applied []string, err error) {
	for _, sql := range []string{"CREATE DATABASE IF NOT EXISTS " + schemas.QuoteName(migrations.Database), migrations.CreateStatement()} {
		if err := w.exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("clickhouse: migrate: make %s: %w", migrations, err)
		}
	}
	had, err := Read(ctx, w, migrations, Query{Order: "name"})
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		i := slices.IndexFunc(had, func(a appliedMigration) bool { return a.Name == m.Name })
		if i >= 0 {
			if had[i].Sum != m.Sum {
				return applied, fmt.Errorf("clickhouse: migrate: %w", &MigrationChangedError{Name: m.Name, Applied: had[i].Sum, Binary: m.Sum})
			}
			continue
		}
		if err := w.exec(ctx, m.SQL); err != nil {
			return applied, fmt.Errorf("clickhouse: migrate: %s: %w", m.Name, err)
		}
		w.at("migrated " + m.Name)
		line := appliedMigration{Name: m.Name, Sum: m.Sum, At: w.now(), By: w.Owner()}
		if err := Append(ctx, w, migrations, []appliedMigration{line}); err != nil {
			return applied, err
		}
		applied = append(applied, m.Name)
	}
	return applied, nil
}
