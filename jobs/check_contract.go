package jobs

import (
	"errors"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// contract is the check of what a publisher answers, before any row is read
// from it. It is held by the parsers; here it becomes a result like any other.
var contract = CheckInfo{
	Name: "contract", Severity: schemas.SeverityError,
	Says: "Every answer has the form that its publisher promises: columns, types, units and the day that was asked for.",
}

// broken returns the result of an answer that broke its contract, or nothing
// where the error is another.
func broken(err error) []schemas.CheckResult {
	e, ok := errors.AsType[*extract.ContractError](err)
	if !ok {
		return nil
	}
	return contract.results([]finding{{of: e.Publisher, day: schemas.NoDate, says: fmt.Sprintf("%s (answer %.12s)", e.What, e.Payload)}}, "")
}
