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

// The columns of earnings, in the order of columns[KindEarnings].
const (
	earningsCompany = iota
	earningsFiled
	earningsFrom
	earningsUntil
	earningsIncome
)

// Earnings returns the source of raw.earning for a file, sorted by company and
// day of filing. The part of a window is the file's name. A row that says what
// one before it said is left out; two figures of one period in one filing are an
// error, for nobody says which counts.
func Earnings(g extract.Getter, file File) extract.Source[schemas.Earning] {
	return source[schemas.Earning]{file: &file, kind: KindEarnings, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Earning, error) {
		var out []schemas.Earning
		companies := newInterner("")
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			filed, err := required(r, earningsFiled, "day of filing")
			if err != nil || !w.Contains(filed) {
				return err
			}
			row := schemas.Earning{Publisher: file.Name, Filed: filed, Payload: payload}
			if row.Company, err = companies.read(r, earningsCompany); err != nil {
				return fmt.Errorf("company: %w", err)
			}
			if row.From, err = required(r, earningsFrom, "start of the period"); err != nil {
				return err
			}
			if row.Until, err = required(r, earningsUntil, "end of the period"); err != nil {
				return err
			}
			if row.From > row.Until || row.Until > filed {
				return fmt.Errorf("%s filed on %s a period from %s to %s", row.Company, filed, row.From, row.Until)
			}
			n, err := r.Number(earningsIncome)
			if err != nil {
				return fmt.Errorf("net income: %w", err)
			}
			if !n.OK {
				return nil // a period without a figure
			}
			row.NetIncome = n.V
			out = append(out, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(out, func(a, b schemas.Earning) int {
			return cmp.Or(strings.Compare(a.Company, b.Company), cmp.Compare(a.Filed, b.Filed), cmp.Compare(a.Until, b.Until), cmp.Compare(a.From, b.From))
		})
		same := func(a, b *schemas.Earning) bool {
			return a.Company == b.Company && a.Filed == b.Filed && a.Until == b.Until && a.From == b.From
		}
		kept := out[:0]
		for i := range out {
			if n := len(kept); n > 0 && same(&kept[n-1], &out[i]) {
				if kept[n-1].NetIncome != out[i].NetIncome {
					return nil, fmt.Errorf("%s: %s filed both %v and %v on %s for %s to %s", file.Name, out[i].Company, kept[n-1].NetIncome, out[i].NetIncome, out[i].Filed, out[i].From, out[i].Until)
				}
				continue
			}
			kept = append(kept, out[i])
		}
		return kept, nil
	}}
}
