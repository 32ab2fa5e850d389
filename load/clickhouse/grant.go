package clickhouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tidemark/schemas"
)

// ErrNoUsers says that a server keeps its users in a file, as the embedded engine
// does, and takes none by SQL.
var ErrNoUsers = errors.New("the server takes no users by SQL")

// Codes with which a server says that it keeps no users that SQL could change.
const (
	codeStorageReadOnly = 495
	codeNoStorage       = 514
)

// Grant gives a user of the server the rules, by [schemas.GrantStatements]. It may
// be called again.
func (w *Warehouse) Grant(ctx context.Context, user, passwordSHA256 string, r schemas.AccessRules) error {
	for i, sql := range schemas.GrantStatements(user, passwordSHA256, r) {
		err := w.exec(ctx, sql)
		if e, ok := errors.AsType[*clickhouse.Exception](err); ok && (e.Code == codeStorageReadOnly || e.Code == codeNoStorage) {
			return fmt.Errorf("clickhouse: grant: %w", ErrNoUsers)
		}
		if err != nil {
			// The statement may hold the hash of a password.
			return fmt.Errorf("clickhouse: grant, statement %d: %w", i+1, err)
		}
	}
	return nil
}
