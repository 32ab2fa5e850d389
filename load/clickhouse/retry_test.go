package clickhouse

import (
	"database/sql"
	"fmt"
	"io"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestBroken tells a server that is going or gone, which may come back, from
// one that refuses a request.
func TestBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("read the answer: %w", io.EOF), true},
		{fmt.Errorf("take a lease: %w", &clickhouse.Exception{Code: 236, Message: "Server shutdown is called"}), true},
		{&clickhouse.Exception{Code: 62, Message: "Syntax error"}, false},
		{&clickhouse.Exception{Code: notEnoughSpace, Message: "Cannot reserve 1.00 MiB, not enough space"}, false},
		{sql.ErrNoRows, false},
	} {
		if got := broken(c.err); got != c.want {
			t.Errorf("%v: broken is %v, want %v", c.err, got, c.want)
		}
	}
}
