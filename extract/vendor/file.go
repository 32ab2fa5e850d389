// Package vendor reads files of prices, corporate actions, index levels and
// changes of ticker, from a folder or a web server, in whatever layout their
// vendor gives them: CSV, gzipped CSV, Parquet or xlsx. The configuration says
// which column holds what.
package vendor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tidemark/extract"
	"tidemark/schemas"
)

// Publisher names this source to the client and the archive.
const Publisher = "vendor"

// Every is the pause to keep between two requests of one web server; files of
// the user's own need none.
const Every = 200 * time.Millisecond

// The formats of files. A gzipped text file is recognised by its first bytes.
const (
	FormatCSV     = "csv"
	FormatGZ      = "csv.gz"
	FormatParquet = "parquet"
	FormatXLSX    = "xlsx"
)

// The kinds of files.
const (
	KindBars     = "bars"
	KindActions  = "actions"
	KindLevels   = "levels"
	KindRenames  = "renames"
	KindShares   = "shares"
	KindEarnings = "earnings"
)

// File describes a file, or a set of files with one layout.
type File struct {
	// Name stands for the vendor. It is the part of the windows of bars,
	// actions and renames.
	Name string `yaml:"name"`
	// Kind is one of the Kind constants.
	Kind string `yaml:"kind"`
	// Paths are file names, patterns of file names, or http(s) addresses. Where
	// they contain {year}, only the files of a window's years are read.
	Paths []string `yaml:"path"`
	// Format is one of the Format constants; empty means by the path's ending.
	Format string `yaml:"format"`
	// Sheet of an xlsx file; empty means the first.
	Sheet string `yaml:"sheet"`

	// Columns gives the header of the file's column for each of our names:
	//
	//	bars     symbol, date, open, high, low, close, volume
	//	actions  symbol, date, kind, ratio, amount; or, where each row is a
	//	         session, symbol, date, split, dividend
	//	levels   symbol, date, value; wide: date
	//	renames  date, old, new
	//
	// A column that is not listed is looked for under our name.
	Columns map[string]string `yaml:"columns"`
	// Defaults gives the symbol, or the kind of the actions, that no column
	// holds, as in a file of one index.
	Defaults map[string]string `yaml:"defaults"`
	// Ignore lists columns that are known and not used. A column that is neither
	// used nor listed is refused: it may mean that the file has changed.
	Ignore []string `yaml:"ignore"`
	// IgnoreOthers accepts any other column.
	IgnoreOthers bool `yaml:"ignore_others"`

	// Adjustment says what the prices of bars already take into account: raw,
	// split or split_dividend.
	Adjustment string `yaml:"adjustment"`
	// Kinds translates the file's words for actions into split, dividend,
	// spin_off and special_dividend; those words themselves need no entry.
	Kinds map[string]string `yaml:"kinds"`
	// Series gives, for each part of the levels (index:SPX, fund:SPY), the
	// symbol in the file or, in a wide file, the column. A part that is not
	// listed has the symbol after its colon.
	Series map[string]string `yaml:"series"`
	// Wide says that a file of levels has a column for each symbol.
	Wide bool `yaml:"wide"`
	// Unit and Multiplier of levels; empty and 0 mean "Index" for index: parts,
	// "USD per share" for others, and 1.
	Unit       string  `yaml:"unit"`
	Multiplier float64 `yaml:"multiplier"`

	// DateLayout is the layout of days as in Go's package time; empty means
	// 2006-01-02. Days that a Parquet or xlsx file stores as such need none.
	DateLayout string `yaml:"date_layout"`
	// Separator of cells, ',' if empty. Decimal is the decimal mark, '.' if
	// empty. Thousands separates the thousands; empty means that there is none.
	Separator string `yaml:"separator"`
	Decimal   string `yaml:"decimal"`
	Thousands string `yaml:"thousands"`
	// Missing lists the texts that stand for no value, besides the empty one.
	Missing []string `yaml:"missing"`

	// MaxBytes bounds a file as it is stored; 0 means 8 GiB.
	MaxBytes int64 `yaml:"max_bytes"`
	// Secret is the credential of the vendor's web server.
	Secret extract.Secret `yaml:"-"`
}

const (
	defaultMaxBytes = 8 << 30
	// maxRows bounds the rows of one file: 32 million are some forty years of
	// the whole American market.
	maxRows = 500_000_000
)

// columns are our names for each kind, those first that a row cannot be without.
var columns = map[string]struct{ required, optional []string }{
	KindBars:     {[]string{"symbol", "date", "close"}, []string{"open", "high", "low", "volume"}},
	KindActions:  {[]string{"symbol", "date"}, []string{"kind", "ratio", "amount", "split", "dividend"}},
	KindLevels:   {[]string{"symbol", "date", "value"}, nil},
	KindRenames:  {[]string{"date", "old", "new"}, nil},
	KindShares:   {[]string{"company", "date", "as_of", "shares"}, nil},
	KindEarnings: {[]string{"company", "date", "start", "end", "net_income"}, nil},
}

// Check reports what is wrong with the description itself, before any file is
// read.
func (f *File) Check() error {
	known, ok := columns[f.Kind]
	switch {
	case f.Name == "":
		return errors.New("the file has no name")
	case !ok:
		return fmt.Errorf("kind %q is none of %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(columns)), ", "))
	case len(f.Paths) == 0:
		return errors.New("no path")
	case len(f.Separator) > 1 || utf8.RuneCountInString(f.Decimal) > 1 || utf8.RuneCountInString(f.Thousands) > 1:
		return errors.New("separator, decimal and thousands are single characters")
	case f.decimal() == f.Thousands:
		return fmt.Errorf("%q cannot be both decimal mark and thousands separator", f.Thousands)
	case f.Wide && f.Kind != KindLevels:
		return errors.New("only files of levels can be wide")
	}
	if !slices.Contains([]string{"", FormatCSV, FormatGZ, FormatParquet, FormatXLSX}, f.Format) {
		return fmt.Errorf("format %q is none of csv, csv.gz, parquet and xlsx", f.Format)
	}
	if f.Kind == KindBars && !slices.Contains([]string{schemas.AdjustedNone, schemas.AdjustedSplit, schemas.AdjustedSplitDividend}, f.Adjustment) {
		return fmt.Errorf("adjustment %q is none of raw, split and split_dividend; without it the prices mean nothing", f.Adjustment)
	}
	names := slices.Concat(known.required, known.optional)
	for _, name := range slices.Sorted(maps.Keys(f.Columns)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%s have no column %q; they have %s", f.Kind, name, strings.Join(names, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Defaults)) {
		if !slices.Contains(names, name) || name != "symbol" && name != "kind" {
			return fmt.Errorf("%s have no default for %q; only symbol and kind can have one", f.Kind, name)
		}
	}
	return nil
}

// Parts returns the parts of the tables that the file fills: the series of a
// file of levels, the name of any other.
func (f *File) Parts() []string {
	if f.Kind != KindLevels {
		return []string{f.Name}
	}
	return slices.Sorted(maps.Keys(f.Series))
}

func (f *File) decimal() string { return cmp.Or(f.Decimal, ".") }

// open opens one file of the set as rows.
func (f *File) open(p *extract.Payload, address string, plan *plan) (rows, error) {
	name := extract.FileName(address)
	format := f.Format
	if format == "" {
		switch {
		case strings.HasSuffix(strings.ToLower(name), ".parquet"):
			format = FormatParquet
		case strings.HasSuffix(strings.ToLower(name), ".xlsx"):
			format = FormatXLSX
		default:
			format = FormatCSV
		}
	}
	switch format {
	case FormatParquet:
		return openParquet(p, f, plan)
	case FormatXLSX:
		return openXLSX(p, f, plan)
	default:
		return openCSV(p, f, plan)
	}
}

// each hands the rows of every file of the window to read. Errors name the file
// and the row.
func (f *File) each(ctx context.Context, g extract.Getter, w schemas.Window, read func(r rows, payload string) error) error {
	addresses, err := f.addresses(ctx, g, w)
	if err != nil {
		return err
	}
	plan, _ := f.planOf(w)
	for _, address := range addresses {
		if err := f.readOne(ctx, g, w, plan, address, read); err != nil {
			return fmt.Errorf("read %s: %w", extract.FileName(address), err)
		}
	}
	return nil
}

func (f *File) readOne(ctx context.Context, g extract.Getter, w schemas.Window, plan *plan, address string, read func(r rows, payload string) error) (err error) {
	p, err := g.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: cmp.Or(f.MaxBytes, defaultMaxBytes), Secret: f.Secret})
	if status, ok := errors.AsType[*extract.StatusError](err); ok && status.Code == http.StatusNotFound && f.byYear() {
		return nil // the vendor has no file of this year
	}
	if err != nil {
		return err
	}
	defer func() { err = extract.Contract(Publisher, w, p.Hash, err) }()
	r, err := f.open(p, address, plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for n := 0; r.Next(); n++ {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if err := read(r, p.Hash); err != nil {
			return fmt.Errorf("%s: %w", r.Where(), err)
		}
	}
	return r.Err()
}

const yearMark = "{year}"

func (f *File) byYear() bool {
	return slices.ContainsFunc(f.Paths, func(p string) bool { return strings.Contains(p, yearMark) })
}

// addresses returns the files to read for a window, sorted.
func (f *File) addresses(ctx context.Context, g extract.Getter, w schemas.Window) ([]string, error) {
	var patterns []string
	first, last := w.From.Year(), w.Last().Year()
	for _, p := range f.Paths {
		switch {
		case !strings.Contains(p, yearMark):
			patterns = append(patterns, p)
		case last-first < 50:
			for year := first; year <= last; year++ {
				patterns = append(patterns, strings.ReplaceAll(p, yearMark, strconv.Itoa(year)))
			}
		case isWeb(p):
			return nil, fmt.Errorf("%s of all years cannot be read from an address with %s", f.Kind, yearMark)
		default:
			patterns = append(patterns, strings.ReplaceAll(p, yearMark, "[0-9][0-9][0-9][0-9]"))
		}
	}
	expander, ok := g.(extract.Expander)
	if !ok {
		return patterns, nil
	}
	addresses, err := expander.Expand(ctx, Publisher, patterns)
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	if len(addresses) == 0 && !f.byYear() {
		return nil, fmt.Errorf("no file matches %s", strings.Join(f.Paths, ", "))
	}
	return addresses, nil
}

func isWeb(p string) bool { return strings.HasPrefix(p, "http://") || strings.HasPrefix(p, "https://") }
