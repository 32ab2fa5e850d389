package clickhouse

import (
	"strings"
	"testing"

	"tidemark/schemas"
)

// TestGrantStatementsAreSQL has a real server read the statements: the embedded
// engine keeps its users in a file and cannot run them.
func TestGrantStatementsAreSQL(t *testing.T) {
	w := fresh(t)
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, password := range []string{"", hash} {
		statements := schemas.GrantStatements("o'brien`s", password, schemas.ReaderRules(1<<30))
		for _, sql := range statements {
			var again string
			if err := w.row(t.Context(), "SELECT formatQuerySingleLine({sql:String})", []any{Named("sql", sql)}, &again); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
			if strings.Contains(sql, "o'brien") && !strings.Contains(again, "`o'brien\\`s`") {
				t.Errorf("%s: the server reads another name: %s", sql, again)
			}
		}
		if made := strings.Contains(strings.Join(statements, "\n"), "IDENTIFIED WITH sha256_hash BY '"+hash+"'"); made != (password != "") {
			t.Errorf("with the password %q: %s", password, statements)
		}
	}
}

// TestGrantNeedsTheRight has a user who may not manage access.
func TestGrantNeedsTheRight(t *testing.T) {
	w := fresh(t)
	const hash = "not-to-be-told"
	err := w.Grant(t.Context(), schemas.BIUser, hash, schemas.ReaderRules(1<<30))
	if err == nil || !strings.Contains(err.Error(), "Not enough privileges") || strings.Contains(err.Error(), hash) {
		t.Errorf("got %v", err)
	}
}
