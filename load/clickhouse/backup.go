package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// TableContent is what a table held when it was backed up.
type TableContent struct {
	Table   string `json:"table"`
	Rows    int64  `json:"rows"`
	Content string `json:"content"` // fingerprint of the rows, as TableHash gives it
}

// BusyError says that windows were published while each backup was made: a table of
// it may be older than the record of what it holds.
type BusyError struct{ Tries int }

func (e *BusyError) Error() string {
	return fmt.Sprintf("windows were published during each of %d attempts at a backup: pause the backfill that does it (`tidemark backfill pause`), or take the backup later", e.Tries)
}

const (
	backupTries = 3
	pollBackup  = 100 * time.Millisecond
)

// databases are those that hold something: all but mart, whose views are made anew.
func databases() []string {
	var out []string
	for _, d := range schemas.Datasets() {
		if !slices.Contains(out, d.Database) {
			out = append(out, d.Database)
		}
	}
	return out
}

func databasesSQL() string {
	out := databases()
	for i, name := range out {
		out[i] = "DATABASE " + schemas.QuoteName(name)
	}
	return strings.Join(out, ", ")
}

// Backup has the server write the warehouse to a destination of its own, such as
// File('name.tar') or Disk('backups', 'name'), which must not exist yet. Others may
// go on to read and to work: where a window was published meanwhile the backup is made
// again, in the destination of the next attempt, and after the last it fails with a
// [*BusyError]. It returns what the tables of windows held, and the destination.
func (w *Warehouse) Backup(ctx context.Context, to func(attempt int) string) ([]TableContent, string, error) {
	for attempt := 1; attempt <= backupTries; attempt++ {
		before, err := w.journalled(ctx)
		if err != nil {
			return nil, "", fmt.Errorf("clickhouse: back up: %w", err)
		}
		if before.open > 0 {
			if _, err := w.Recover(ctx); err != nil { // what a crash has left; what is under way stays
				return nil, "", err
			}
			if before, err = w.journalled(ctx); err != nil {
				return nil, "", fmt.Errorf("clickhouse: back up: %w", err)
			}
		}
		destination := to(attempt)
		if err := w.operation(ctx, "BACKUP "+databasesSQL()+" TO "+destination); err != nil {
			return nil, "", fmt.Errorf("clickhouse: back up to %s: %w", destination, err)
		}
		contents, err := w.Contents(ctx)
		if err != nil {
			return nil, "", err
		}
		after, err := w.journalled(ctx)
		if err != nil {
			return nil, "", fmt.Errorf("clickhouse: back up: %w", err)
		}
		if before == after && after.open == 0 {
			return contents, destination, nil
		}
	}
	return nil, "", &BusyError{Tries: backupTries}
}

// journalled is how much there is in the journal of swaps: where it is the same before
// and after, no window has changed between.
type journalled struct{ lines, open uint64 }

func (w *Warehouse) journalled(ctx context.Context) (j journalled, err error) {
	err = w.row(ctx, "SELECT sum(n), countIf(NOT over) FROM (SELECT count() AS n, countIf(step IN ('done', 'undone')) > 0 AS over FROM ops.swap GROUP BY swap_id)", nil, &j.lines, &j.open)
	return j, err
}

// Restore has the server read a backup into a warehouse that is empty. The tables then
// are those of the version that wrote it: [Warehouse.Migrate] and [Warehouse.Views]
// come after it. A warehouse that holds rows is left as it is.
func (w *Warehouse) Restore(ctx context.Context, from string) error {
	var holds []string
	if err := w.each(ctx, "SELECT database || '.' || name FROM system.tables WHERE database IN {databases:Array(String)} AND total_rows > 0 ORDER BY 1",
		[]any{Named("databases", databases())}, func() { holds = nil }, func(rows driver.Rows) error {
			var name string
			err := rows.Scan(&name)
			holds = append(holds, name)
			return err
		}); err != nil {
		return fmt.Errorf("clickhouse: restore: %w", err)
	}
	// A warehouse that was only opened has had migrations, and nothing else.
	holds = slices.DeleteFunc(holds, func(name string) bool { return name == migrations.String() })
	if len(holds) > 0 {
		return fmt.Errorf("clickhouse: restore: the warehouse is not empty, %s holds rows: restore into an empty data folder, or a server without the databases %s", holds[0], strings.Join(databases(), ", "))
	}
	for _, name := range databases() {
		if err := w.exec(ctx, "DROP DATABASE IF EXISTS "+schemas.QuoteName(name)+" SYNC"); err != nil {
			return fmt.Errorf("clickhouse: restore: %w", err)
		}
	}
	if err := w.operation(ctx, "RESTORE "+databasesSQL()+" FROM "+from); err != nil {
		return fmt.Errorf("clickhouse: restore from %s: %w", from, err)
	}
	// A migration made the database of the views, and its record has been restored.
	if err := w.exec(ctx, "CREATE DATABASE IF NOT EXISTS mart"); err != nil {
		return fmt.Errorf("clickhouse: restore: %w", err)
	}
	return nil
}

// operation runs a BACKUP or RESTORE, however long it takes.
func (w *Warehouse) operation(ctx context.Context, sql string) error {
	var id, status string
	// Not tried again: the second would find what the first has begun.
	if err := w.conn.QueryRow(ctx, sql+" ASYNC").Scan(&id, &status); err != nil {
		return err
	}
	tick := time.NewTicker(pollBackup)
	defer tick.Stop()
	for {
		var failure string
		if err := w.row(ctx, "SELECT toString(status), error FROM system.backups WHERE id = {id:String}", []any{Named("id", id)}, &status, &failure); err != nil {
			return err
		}
		switch status {
		case "BACKUP_CREATED", "RESTORED":
			return nil
		case "CREATING_BACKUP", "RESTORING":
		default:
			return fmt.Errorf("%s: %s", strings.ToLower(strings.ReplaceAll(status, "_", " ")), failure)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx) // the server goes on by itself, and nobody waits for it
		case <-tick.C:
		}
	}
}

// Contents returns what the tables of windows hold now.
func (w *Warehouse) Contents(ctx context.Context) ([]TableContent, error) {
	var out []TableContent
	for _, d := range schemas.Datasets() {
		if d.Log() {
			continue
		}
		rows, content, err := w.TableHash(ctx, d)
		if err != nil {
			return nil, err
		}
		out = append(out, TableContent{d.String(), rows, content})
	}
	return out, nil
}
