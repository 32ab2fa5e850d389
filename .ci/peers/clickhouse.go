package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
)

// readClickHouse reads the table prices of a server, which lies in order of symbol
// and date, over as many connections as there are workers. Of the dates it asks
// for the symbols' first ones, and of the volumes for those of members.
func readClickHouse(addr, compress string, workers int) (*prices, error) {
	options := ch.Options{Address: addr}
	if compress == "lz4" {
		options.Compression = ch.CompressionLZ4
	}
	ctx := context.Background()
	p := new(prices)
	names, err := p.outline(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("reading what there is in %s: %w", addr, err)
	}
	failed := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			lo, hi := len(names)*w/workers, len(names)*(w+1)/workers
			if lo < hi {
				failed[w] = p.read(ctx, options, names[lo:hi], p.starts[lo], p.starts[hi])
			}
		})
	}
	wg.Wait()
	return p, errors.Join(failed...)
}

// outline reads which symbols there are, when they begin and how many bars they
// have, and which dates there are.
func (p *prices) outline(ctx context.Context, options ch.Options) ([]string, error) {
	c, err := ch.Dial(ctx, options)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var days proto.ColDate
	err = c.Do(ctx, ch.Query{
		Body: "SELECT DISTINCT date FROM prices ORDER BY date", Result: proto.Results{{Name: "date", Data: &days}},
		OnResult: func(context.Context, proto.Block) error {
			for _, d := range days {
				p.axis = append(p.axis, int32(d))
			}
			days.Reset()
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	places := make(map[int32]int32, len(p.axis))
	for i, d := range p.axis {
		places[d] = int32(i)
	}
	var (
		names  []string
		symbol proto.ColStr
		first  proto.ColDate
		bars   proto.ColUInt64
	)
	p.starts = []int{0}
	err = c.Do(ctx, ch.Query{
		Body:   "SELECT CAST(symbol, 'String') AS s, min(date) AS first, count() AS bars FROM prices GROUP BY s ORDER BY s",
		Result: proto.Results{{Name: "s", Data: &symbol}, {Name: "first", Data: &first}, {Name: "bars", Data: &bars}},
		OnResult: func(context.Context, proto.Block) error {
			for i := range bars {
				names = append(names, symbol.Row(i))
				p.day = append(p.day, places[int32(first[i])])
				p.starts = append(p.starts, p.starts[len(p.starts)-1]+int(bars[i]))
			}
			symbol.Reset()
			first.Reset()
			bars.Reset()
			return nil
		},
	})
	n := p.starts[len(p.starts)-1]
	p.close, p.volume, p.shares, p.member = make([]float64, n), make([]uint64, n), make([]float64, n), make([]byte, n)
	return names, err
}

// read reads the bars [at, end), which are those of the symbols.
func (p *prices) read(ctx context.Context, options ch.Options, symbols []string, at, end int) error {
	c, err := ch.Dial(ctx, options)
	if err != nil {
		return err
	}
	defer c.Close()
	from := fmt.Sprintf("FROM prices WHERE symbol >= '%s' AND symbol <= '%s'", symbols[0], symbols[len(symbols)-1])
	var (
		closes, shares proto.ColFloat64
		volumes        proto.ColUInt64
		members        proto.ColUInt8
	)
	bar := at
	err = c.Do(ctx, ch.Query{
		Body:   "SELECT close, shares, member " + from + " ORDER BY symbol, date",
		Result: proto.Results{{Name: "close", Data: &closes}, {Name: "shares", Data: &shares}, {Name: "member", Data: &members}},
		OnResult: func(context.Context, proto.Block) error {
			if bar+len(closes) > end {
				return errors.New("there are more bars than there were a moment ago")
			}
			copy(p.close[bar:], closes)
			copy(p.shares[bar:], shares)
			copy(p.member[bar:], members)
			bar += len(closes)
			closes.Reset()
			shares.Reset()
			members.Reset()
			return nil
		},
	})
	if err != nil {
		return err
	}
	bar = at
	return c.Do(ctx, ch.Query{
		Body:   "SELECT volume " + from + " AND member ORDER BY symbol, date",
		Result: proto.Results{{Name: "volume", Data: &volumes}},
		OnResult: func(context.Context, proto.Block) error {
			for _, v := range volumes {
				for bar < end && p.member[bar] == 0 {
					bar++
				}
				if bar == end {
					return errors.New("there are more members than there were a moment ago")
				}
				p.volume[bar] = v
				bar++
			}
			volumes.Reset()
			return nil
		},
	})
}
