package clickhouse

import (
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"tidemark/schemas"
)

// blockColumn is a column of a block as it lies on the wire. To fill it and to
// empty it at once is several times faster than to go through the cells of a
// row one by one.
type blockColumn[T any] struct {
	data proto.Column
	// put writes the values of the newest block, as many as there are rows.
	put func(rows []T)
	// take replaces the values by those of rows.
	take func(rows []T)
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
		return blockColumn[T]{
			data, func(rows []T) { fillDays(rows, f.Date, *data) },
			func(rows []T) {
				*data = takeAs(rows, f.Date, *data, func(d schemas.Date) proto.Date { return proto.Date(d) })
			},
		}
	case schemas.KindLongDate:
		data := new(proto.ColDate32)
		return blockColumn[T]{
			data, func(rows []T) { fillDays(rows, f.Date, *data) },
			func(rows []T) { *data = takeAs(rows, f.Date, *data, longDay) },
		}
	case schemas.KindOptDate:
		days := new(proto.ColDate32)
		data := proto.NewColNullable[time.Time](days)
		return blockColumn[T]{
			data, func(rows []T) {
				for i, v := range *days {
					*f.Date(&rows[i]) = schemas.NoDate
					if data.Nulls[i] == 0 {
						*f.Date(&rows[i]) = schemas.Date(v)
					}
				}
			},
			func(rows []T) {
				*days = takeAs(rows, f.Date, *days, longDay)
				data.Nulls = takeNulls(rows, data.Nulls, func(row *T) bool { return *f.Date(row) != schemas.NoDate })
				unset(*days, data.Nulls)
			},
		}
	case schemas.KindTime:
		data := instants()
		return blockColumn[T]{
			data, func(rows []T) {
				for i, v := range data.Data {
					*f.Time(&rows[i]) = time.UnixMilli(int64(v)).UTC()
				}
			},
			func(rows []T) { data.Data = takeAs(rows, f.Time, data.Data, instant) },
		}
	case schemas.KindOptTime:
		at := instants()
		data := proto.NewColNullable[time.Time](at)
		return blockColumn[T]{
			data, func(rows []T) {
				for i, v := range at.Data {
					if data.Nulls[i] == 0 {
						*f.Time(&rows[i]) = time.UnixMilli(int64(v)).UTC()
					}
				}
			},
			func(rows []T) {
				at.Data = takeAs(rows, f.Time, at.Data, instant)
				data.Nulls = takeNulls(rows, data.Nulls, func(row *T) bool { return !f.Time(row).IsZero() })
				unset(at.Data, data.Nulls)
			},
		}
	case schemas.KindFloat:
		data := new(proto.ColFloat64)
		return plainColumn(data, f.Float, (*[]float64)(data))
	case schemas.KindOptFloat:
		data := new(proto.ColFloat64)
		return nullableColumn(proto.NewColNullable[float64](data), f.OptFloat, (*[]float64)(data))
	case schemas.KindInt:
		data := new(proto.ColInt64)
		return plainColumn(data, f.Int, (*[]int64)(data))
	case schemas.KindOptInt:
		data := new(proto.ColInt64)
		return nullableColumn(proto.NewColNullable[int64](data), f.OptInt, (*[]int64)(data))
	case schemas.KindBool:
		data := new(proto.ColBool)
		return plainColumn(data, f.Bool, (*[]bool)(data))
	}
	panic(fmt.Sprintf("clickhouse: column %s has an unknown kind", f.Name))
}

func instants() *proto.ColDateTime64 {
	return new(proto.ColDateTime64).WithPrecision(proto.PrecisionMilli).WithLocation(time.UTC)
}

func longDay(d schemas.Date) proto.Date32 { return proto.Date32(d) }

func instant(t time.Time) proto.DateTime64 { return proto.DateTime64(t.UnixMilli()) }

// plainColumn is a column whose values are those of the rows.
func plainColumn[T, V any](data proto.Column, ref func(*T) *V, values *[]V) blockColumn[T] {
	return blockColumn[T]{
		data, func(rows []T) {
			for i, v := range *values {
				*ref(&rows[i]) = v
			}
		},
		func(rows []T) { *values = takeAs(rows, ref, *values, func(v V) V { return v }) },
	}
}

func nullableColumn[T, V any](data *proto.ColNullable[V], ref func(*T) *schemas.Opt[V], values *[]V) blockColumn[T] {
	return blockColumn[T]{
		data, func(rows []T) {
			for i, v := range *values {
				if data.Nulls[i] == 0 {
					*ref(&rows[i]) = schemas.Some(v)
				}
			}
		},
		func(rows []T) {
			*values = takeAs(rows, ref, *values, func(o schemas.Opt[V]) V { return o.V })
			data.Nulls = takeNulls(rows, data.Nulls, func(row *T) bool { return ref(row).OK })
			unset(*values, data.Nulls)
		},
	}
}

func fillDays[T any, D ~uint16 | ~int32](rows []T, ref func(*T) *schemas.Date, days []D) {
	for i, d := range days {
		*ref(&rows[i]) = schemas.Date(d)
	}
}

// takeAs returns the values of rows, in the memory of those before them.
func takeAs[T, V, W any](rows []T, ref func(*T) *V, before []W, as func(V) W) []W {
	out := slices.Grow(before[:0], len(rows))
	for i := range rows {
		out = append(out, as(*ref(&rows[i])))
	}
	return out
}

func takeNulls[T any](rows []T, before []uint8, known func(*T) bool) []uint8 {
	out := slices.Grow(before[:0], len(rows))
	for i := range rows {
		if known(&rows[i]) {
			out = append(out, 0)
		} else {
			out = append(out, 1)
		}
	}
	return out
}

// unset leaves nothing where there is no value.
func unset[V any](values []V, nulls []uint8) {
	var none V
	for i, null := range nulls {
		if null != 0 {
			values[i] = none
		}
	}
}

// textColumn copies the texts of a block at once: they are parts of one string.
func textColumn[T any](ref func(*T) *string) blockColumn[T] {
	data := new(proto.ColStr)
	return blockColumn[T]{
		data, func(rows []T) {
			all := string(data.Buf)
			for i, p := range data.Pos {
				*ref(&rows[i]) = all[p.Start:p.End]
			}
		},
		func(rows []T) {
			data.Reset()
			for i := range rows {
				data.Append(*ref(&rows[i]))
			}
		},
	}
}

// symbolColumn keeps one copy of each symbol for all blocks. A block has its
// symbols in a dictionary, and for every row a key into it.
func symbolColumn[T any](ref func(*T) *string) blockColumn[T] {
	symbols := new(proto.ColStr)
	data := &proto.ColLowCardinalityRaw{Index: symbols, Key: proto.KeyUInt32}
	seen := make(map[string]string)
	var dictionary []string
	keys := make(map[string]uint32)
	return blockColumn[T]{
		data, func(rows []T) {
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
		},
		func(rows []T) {
			data.Reset()
			clear(keys)
			var last string
			var key uint32
			for i := range rows {
				if s := *ref(&rows[i]); i == 0 || s != last { // most repeat the row before
					var known bool
					if key, known = keys[s]; !known {
						key = uint32(len(keys))
						keys[s] = key
						symbols.Append(s)
					}
					last = s
				}
				data.Keys32 = append(data.Keys32, key)
			}
		},
	}
}

func look[T any, K uint8 | uint16 | uint32 | uint64](rows []T, ref func(*T) *string, dictionary []string, keys []K) {
	for i, k := range keys {
		*ref(&rows[i]) = dictionary[k]
	}
}
