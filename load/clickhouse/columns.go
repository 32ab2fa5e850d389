package clickhouse

import (
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"tidemark/schemas"
)

// blockColumn takes in a column of a block as it lies on the wire and puts its
// values into rows. That is several times faster than to go through the cells
// of a row one by one.
type blockColumn[T any] struct {
	data proto.ColResult
	// put writes the values of the newest block, as many as there are rows.
	put func(rows []T)
}

// newColumn makes the column of a field.
func newColumn[T any](f schemas.Field[T]) blockColumn[T] {
	switch f.Kind {
	case schemas.KindText:
		return textColumn(f.Text)
	case schemas.KindSymbol:
		return symbolColumn(f.Text)
	case schemas.KindDate:
		data := new(proto.ColDate)
		return blockColumn[T]{data, func(rows []T) { fillDays(rows, f.Date, *data) }}
	case schemas.KindLongDate:
		data := new(proto.ColDate32)
		return blockColumn[T]{data, func(rows []T) { fillDays(rows, f.Date, *data) }}
	case schemas.KindOptDate:
		days := new(proto.ColDate32)
		data := proto.NewColNullable[time.Time](days)
		return blockColumn[T]{data, func(rows []T) {
			for i, v := range *days {
				*f.Date(&rows[i]) = schemas.NoDate
				if data.Nulls[i] == 0 {
					*f.Date(&rows[i]) = schemas.Date(v)
				}
			}
		}}
	case schemas.KindTime:
		data := instants()
		return blockColumn[T]{data, func(rows []T) {
			for i, v := range data.Data {
				*f.Time(&rows[i]) = time.UnixMilli(int64(v)).UTC()
			}
		}}
	case schemas.KindOptTime:
		at := instants()
		data := proto.NewColNullable[time.Time](at)
		return blockColumn[T]{data, func(rows []T) {
			for i, v := range at.Data {
				if data.Nulls[i] == 0 {
					*f.Time(&rows[i]) = time.UnixMilli(int64(v)).UTC()
				}
			}
		}}
	case schemas.KindFloat:
		data := new(proto.ColFloat64)
		return blockColumn[T]{data, func(rows []T) { fill(rows, f.Float, *data) }}
	case schemas.KindOptFloat:
		data := new(proto.ColFloat64)
		nullable := proto.NewColNullable[float64](data)
		return blockColumn[T]{nullable, func(rows []T) { fillSome(rows, f.OptFloat, *data, nullable.Nulls) }}
	case schemas.KindInt:
		data := new(proto.ColInt64)
		return blockColumn[T]{data, func(rows []T) { fill(rows, f.Int, *data) }}
	case schemas.KindOptInt:
		data := new(proto.ColInt64)
		nullable := proto.NewColNullable[int64](data)
		return blockColumn[T]{nullable, func(rows []T) { fillSome(rows, f.OptInt, *data, nullable.Nulls) }}
	case schemas.KindBool:
		data := new(proto.ColBool)
		return blockColumn[T]{data, func(rows []T) { fill(rows, f.Bool, *data) }}
	}
	panic(fmt.Sprintf("clickhouse: column %s has an unknown kind", f.Name))
}

func instants() *proto.ColDateTime64 {
	return new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli).WithLocation(time.UTC)
}

func fill[T, V any](rows []T, ref func(*T) *V, values []V) {
	for i, v := range values {
		*ref(&rows[i]) = v
	}
}

func fillDays[T any, D ~uint16 | ~int32](rows []T, ref func(*T) *schemas.Date, days []D) {
	for i, d := range days {
		*ref(&rows[i]) = schemas.Date(d)
	}
}

func fillSome[T, V any](rows []T, ref func(*T) *schemas.Opt[V], values []V, nulls []uint8) {
	for i, v := range values {
		if nulls[i] == 0 {
			*ref(&rows[i]) = schemas.Some(v)
		}
	}
}

// textColumn copies the texts of a block at once: they are parts of one string.
func textColumn[T any](ref func(*T) *string) blockColumn[T] {
	data := new(proto.ColStr)
	return blockColumn[T]{data, func(rows []T) {
		all := string(data.Buf)
		for i, p := range data.Pos {
			*ref(&rows[i]) = all[p.Start:p.End]
		}
	}}
}

// symbolColumn keeps one copy of each symbol for all blocks. A block has its
// symbols in a dictionary, and for every row a key into it.
func symbolColumn[T any](ref func(*T) *string) blockColumn[T] {
	symbols := new(proto.ColStr)
	data := &proto.ColLowCardinalityRaw{Index: symbols}
	seen := make(map[string]string)
	var dictionary []string
	return blockColumn[T]{data, func(rows []T) {
		dictionary = dictionary[:0]
		_ = symbols.ForEachBytes(func(_ int, b []byte) error { // fails where the function does
			one, ok := seen[string(b)]
			if !ok {
				one = string(b)
				seen[one] = one
			}
			dictionary = append(dictionary, one)
			return nil
		})
		switch data.Key {
		case proto.KeyUInt8:
			look(rows, ref, dictionary, data.Keys8)
		case proto.KeyUInt16:
			look(rows, ref, dictionary, data.Keys16)
		case proto.KeyUInt32:
			look(rows, ref, dictionary, data.Keys32)
		case proto.KeyUInt64:
			look(rows, ref, dictionary, data.Keys64)
		}
	}}
}

func look[T any, K uint8 | uint16 | uint32 | uint64](rows []T, ref func(*T) *string, dictionary []string, keys []K) {
	for i, k := range keys {
		*ref(&rows[i]) = dictionary[k]
	}
}
