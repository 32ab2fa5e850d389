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

// The columns of shares, in the order of columns[KindShares].
const (
	sharesCompany = iota
	sharesFiled
	sharesAsOf
	sharesCount
)

// Shares returns the source of raw.share_count for a file, sorted by company and
// day of filing. The part of a window is the file's name. A row that says what
// one before it said is left out. Several counts of one company and day are kept
// as they are: they are of its share classes, and which is which is not said.
func Shares(g extract.Getter, file File) extract.Source[schemas.ShareCount] {
	return source[schemas.ShareCount]{file: &file, kind: KindShares, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.ShareCount, error) {
		var counts []schemas.ShareCount
		companies := newInterner("")
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			filed, err := required(r, sharesFiled, "day of filing")
			if err != nil || !w.Contains(filed) {
				return err
			}
			row := schemas.ShareCount{Publisher: file.Name, Filed: filed, Payload: payload}
			if row.Company, err = companies.read(r, sharesCompany); err != nil {
				return fmt.Errorf("company: %w", err)
			}
			if row.AsOf, err = required(r, sharesAsOf, "as of"); err != nil {
				return err
			}
			n, err := r.Number(sharesCount)
			if err != nil {
				return fmt.Errorf("shares: %w", err)
			}
			if !n.OK || n.V < 0 {
				return fmt.Errorf("%s filed %v shares on %s", row.Company, n.V, filed)
			}
			row.Shares = n.V
			counts = append(counts, row)
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(counts, func(a, b schemas.ShareCount) int {
			return cmp.Or(strings.Compare(a.Company, b.Company), cmp.Compare(a.Filed, b.Filed), cmp.Compare(a.AsOf, b.AsOf), cmp.Compare(b.Shares, a.Shares))
		})
		counts = slices.CompactFunc(counts, func(a, b schemas.ShareCount) bool {
			return a.Company == b.Company && a.Filed == b.Filed && a.AsOf == b.AsOf && a.Shares == b.Shares
		})
		for i := range counts {
			counts[i].Line = 1
			if i > 0 && counts[i-1].Company == counts[i].Company && counts[i-1].Filed == counts[i].Filed && counts[i-1].AsOf == counts[i].AsOf {
				counts[i].Line = counts[i-1].Line + 1
			}
		}
		return counts, nil
	}}
}
