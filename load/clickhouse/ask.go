package clickhouse

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Answer is the result of a query of the user's own, as text.
type Answer struct {
	Columns []string
	Rows    [][]string // "NULL" stands for no value
}

// Ask runs a query of the user's own, with the rights of the connection.
func (w *Warehouse) Ask(ctx context.Context, sql string) (Answer, error) {
	var a Answer
	err := w.each(ctx, sql, nil, func() { a = Answer{} }, func(rows driver.Rows) error {
		if a.Columns == nil {
			a.Columns = rows.Columns()
		}
		types := rows.ColumnTypes()
		values := make([]any, len(types))
		for i, t := range types {
			values[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(values...); err != nil {
			return err
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = text(reflect.ValueOf(v).Elem(), types[i].DatabaseTypeName())
		}
		a.Rows = append(a.Rows, row)
		return nil
	})
	if err != nil {
		return Answer{}, fmt.Errorf("clickhouse: %w", err)
	}
	return a, nil
}

// text writes a value of the server as a person reads it.
func text(v reflect.Value, dbType string) string {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "NULL"
		}
		v = v.Elem()
	}
	if t, ok := reflect.TypeAssert[time.Time](v); ok {
		switch dbType {
		case "Date", "Date32", "Nullable(Date)", "Nullable(Date32)":
			return t.Format(time.DateOnly)
		}
		return t.UTC().Format("2006-01-02 15:04:05.000")
	}
	return fmt.Sprint(v.Interface())
}
