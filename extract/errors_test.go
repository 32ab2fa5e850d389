package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"tidemark/extract/archive"
	"tidemark/schemas"
)

func TestContractNamesPublisherWindowAndAnswer(t *testing.T) {
	t.Parallel()
	w := schemas.CutYear.Window("IVV", schemas.NewDate(2025, 1, 2))
	err := Contract("ishares", w, "0123456789abcdef", fmt.Errorf("line 3: %w", errors.New("no number")))
	var contract *ContractError
	if !errors.As(err, &contract) || err.Error() != "ishares: IVV 2025: answer 0123456789ab breaks the contract: line 3: no number" {
		t.Errorf("%v", err)
	}
	if again := Contract("ishares", w, "ffff", err); !errors.Is(again, err) || again.Error() != err.Error() {
		t.Errorf("wrapped twice: %v", again)
	}
}

func TestContractLeavesOtherErrorsAlone(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, context.Canceled, context.DeadlineExceeded, ErrNoData, fmt.Errorf("x: %w", ErrNoData),
		&NotYetError{Publisher: "h41", What: "the release", Until: time.Unix(0, 0)}, &StatusError{Code: 404}, &TooLargeError{Limit: 1},
		&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, &archive.CorruptError{Path: "x", What: "cut"},
	} {
		if got := Contract("p", schemas.Window{}, "", err); !errors.Is(got, err) || (got == nil) != (err == nil) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestErrorsReadWell(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&NotYetError{Publisher: "h41", What: "the release of 2025-01-02", Until: time.Date(2025, 1, 2, 21, 30, 0, 0, time.UTC)}, "h41: the release of 2025-01-02 is not published yet; expected by 2025-01-02T21:30:00Z"},
		{&StatusError{Publisher: "fred", URL: "https://x/", Code: 400}, "fred: GET https://x/: HTTP 400"},
		{&StatusError{Publisher: "fred", URL: "https://x/", Code: 400, Body: "Bad Request."}, "fred: GET https://x/: HTTP 400: Bad Request."},
		{&TooLargeError{Publisher: "fred", URL: "https://x/", Limit: 10}, "fred: GET https://x/: the answer is larger than 10 bytes; refused"},
		{&TooLargeError{Publisher: "fred", URL: "https://x/", Limit: 10, Ratio: 200}, "fred: GET https://x/: the answer unpacks to more than 200 times its size; refused"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}
