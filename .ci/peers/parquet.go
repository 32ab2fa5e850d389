package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
)

// readParquet reads a file of date, symbol, close, volume, shares and member, one
// column of one row group at a time, as many at once as there are workers.
func readParquet(path string, workers int) (*prices, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(file, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	columns := make([]int, 6)
	for i, name := range []string{"date", "symbol", "close", "volume", "shares", "member"} {
		leaf, ok := f.Schema().Lookup(name)
		if !ok {
			return nil, fmt.Errorf("no column %s in %s", name, path)
		}
		columns[i] = leaf.ColumnIndex
	}
	p := new(prices)
	p.allocate(int(f.NumRows()))
	groups := f.RowGroups()
	offsets, offset := make([]int, len(groups)), 0
	for g, group := range groups {
		offsets[g] = offset
		offset += int(group.NumRows())
	}
	symbols := make([][]start, len(groups))
	var next atomic.Int64
	var wg sync.WaitGroup
	failed := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for {
				task := int(next.Add(1)) - 1
				if task >= len(groups)*len(columns) {
					return
				}
				g, c := task/len(columns), task%len(columns)
				at := offsets[g]
				err := pages(groups[g].ColumnChunks()[columns[c]], func(page parquet.Page) error {
					n, values := int(page.NumValues()), page.Data()
					switch c {
					case 0:
						copy(p.date[at:], values.Int32())
					case 1:
						symbols[g] = append(symbols[g], changes(page, at)...)
					case 2:
						copy(p.close[at:], values.Double())
					case 3:
						copy(p.volume[at:], values.Uint64())
					case 4:
						copy(p.shares[at:], values.Double())
					case 5:
						unpack(p.member[at:at+n], page)
					}
					at += n
					return nil
				})
				if err != nil {
					failed[w] = err
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	last := ""
	for _, group := range symbols {
		for _, s := range group {
			if s.symbol != last {
				p.starts, last = append(p.starts, s.at), s.symbol
			}
		}
	}
	p.starts = append(p.starts, len(p.date))
	p.index()
	return p, nil
}

func pages(chunk parquet.ColumnChunk, take func(parquet.Page) error) error {
	r := chunk.Pages()
	defer r.Close()
	for {
		page, err := r.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = take(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

// start is where the bars of a symbol begin, or go on in another page.
type start struct {
	symbol string
	at     int
}

// changes lists where the symbols of a page begin.
func changes(page parquet.Page, at int) []start {
	dictionary, values := page.Dictionary(), page.Data()
	last := int32(-1)
	var out []start
	for i, n := range values.Int32() {
		if n != last {
			out, last = append(out, start{dictionary.Index(n).Clone().String(), at + i}), n
		}
	}
	return out
}

// unpack writes a page of bits as bytes.
func unpack(to []byte, page parquet.Page) {
	values := page.Data()
	bits := values.Boolean()
	for i := range to {
		to[i] = bits[i/8] >> (i % 8) & 1
	}
}
