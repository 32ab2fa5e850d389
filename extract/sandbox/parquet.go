package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"tidemark/schemas"
)

// packParquet makes a Parquet file of a table written as CSV: strings for
// symbols, days for dates, doubles for the rest.
func packParquet(out io.Writer, text func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(text(w)) }()
	err := writeParquet(out, r)
	_ = r.CloseWithError(errors.New("the table is no longer wanted")) // ends the writer if it has not ended
	return err
}

func writeParquet(out io.Writer, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), 1<<20)
	if !lines.Scan() {
		return fmt.Errorf("a table without a header: %w", lines.Err())
	}
	titles := strings.Split(lines.Text(), ",")
	group := parquet.Group{}
	for _, title := range titles {
		switch title {
		case "symbol":
			group[title] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case "date":
			group[title] = parquet.Date()
		default:
			group[title] = parquet.Leaf(parquet.DoubleType)
		}
	}
	schema := parquet.NewSchema("bars", group)
	place := make([]int, len(titles)) // columns of a group are sorted by name
	for i, title := range titles {
		leaf, found := schema.Lookup(title)
		if !found {
			return fmt.Errorf("the column %q is lost", title)
		}
		place[i] = leaf.ColumnIndex
	}
	pw := parquet.NewGenericWriter[any](out, schema, parquet.Compression(&parquet.Snappy), parquet.CreatedBy("Tidemark sandbox (simulated)", "1", ""))
	const batch = 4096
	rows := make([]parquet.Row, 0, batch)
	flush := func() error {
		_, err := pw.WriteRows(rows)
		rows = rows[:0]
		return err
	}
	for lines.Scan() {
		row, err := parquetRow(lines.Text(), titles, place)
		if err != nil {
			return err
		}
		if rows = append(rows, row); len(rows) == batch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return pw.Close()
}

func parquetRow(line string, titles []string, place []int) (parquet.Row, error) {
	row := make(parquet.Row, len(titles))
	i := 0
	for cell := range strings.SplitSeq(line, ",") {
		if i == len(titles) {
			return nil, fmt.Errorf("the line %q is too long", line)
		}
		var v parquet.Value
		switch titles[i] {
		case "symbol":
			v = parquet.ByteArrayValue([]byte(cell))
		case "date":
			d, err := schemas.ParseDateLayout(time.DateOnly, cell)
			if err != nil {
				return nil, err
			}
			v = parquet.Int32Value(int32(d))
		default:
			// Text that no double can hold becomes infinite, which is what
			// the fault of that name is to look like here.
			f, err := strconv.ParseFloat(cell, 64)
			if err != nil && !errors.Is(err, strconv.ErrRange) {
				return nil, err
			}
			v = parquet.DoubleValue(f)
		}
		row[place[i]] = v.Level(0, 0, place[i])
		i++
	}
	if i != len(titles) {
		return nil, fmt.Errorf("the line %q is too short", line)
	}
	return row, nil
}
