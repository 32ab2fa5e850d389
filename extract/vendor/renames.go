package vendor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// The columns of renames, in the order of columns[KindRenames].
const (
	renameDate = iota
	renameOld
	renameNew
)

// Renames returns the source of raw.rename for a file, sorted by day and old
// symbol. The part of a window is the file's name. Two new symbols for an old
// one on one day are refused.
func Renames(g extract.Getter, file File) extract.Source[schemas.Rename] {
	return source[schemas.Rename]{file: &file, kind: KindRenames, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Rename, error) {
		var renames []schemas.Rename
		symbols := newInterner("")
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			day, err := required(r, renameDate, "date")
			if err != nil || !w.Contains(day) {
				return err
			}
			row := schemas.Rename{Source: file.Name, Date: day, Payload: payload}
			if row.Old, err = symbols.read(r, renameOld); err != nil {
				return fmt.Errorf("old: %w", err)
			}
			if row.New, err = symbols.read(r, renameNew); err != nil {
				return fmt.Errorf("new: %w", err)
			}
			if row.Old == row.New {
				return fmt.Errorf("%s is renamed to itself", row.Old)
			}
			renames = append(renames, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(renames, func(a, b schemas.Rename) int {
			return cmp.Or(cmp.Compare(a.Date, b.Date), strings.Compare(a.Old, b.Old))
		})
		for i := 1; i < len(renames); i++ {
			if a, b := &renames[i-1], &renames[i]; a.Date == b.Date && a.Old == b.Old {
				return nil, duplicate(w, b.Payload, "%s is renamed twice on %s", b.Old, b.Date)
			}
		}
		return renames, nil
	}}
}
