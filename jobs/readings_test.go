package jobs

import (
	"errors"
	"testing"

	"tidemark/schemas"
)

func use(dataset, content string) schemas.Input {
	return schemas.Input{Kind: schemas.InputWindow, Dataset: dataset, Window: schemas.Window{Part: "IWM"}, Content: content}
}

// TestReadingsServeWhatWasAskedFor tells apart tables, contents and columns, and
// lets another task try what one could not read.
func TestReadingsServeWhatWasAskedFor(t *testing.T) {
	var kept readings
	columns := []string{"ticker", "weight"}
	r, first := kept.of(use("raw.holding", "1-a"), columns)
	if !first {
		t.Fatal("a window that nobody has read is said to be there")
	}
	kept.end(r, []int{1, 2}, 2, nil)
	again, first := kept.of(use("raw.holding", "1-a"), []string{"ticker", "weight"})
	if first || again != r || !again.read {
		t.Fatalf("a window that was read is not there: %+v", again)
	}
	for name, other := range map[string]schemas.Input{"table": use("raw.action", "1-a"), "content": use("raw.holding", "1-b")} {
		if _, first := kept.of(other, columns); !first {
			t.Errorf("another %s is served with the same rows", name)
		}
	}
	if _, first := kept.of(use("raw.holding", "1-a"), columns[:1]); !first {
		t.Error("other columns are served with the same rows")
	}

	failed, _ := kept.of(use("raw.spell", "1-c"), nil)
	kept.end(failed, nil, 0, errors.New("the connection broke"))
	<-failed.done // or whoever waits for it would wait for ever
	if _, first := kept.of(use("raw.spell", "1-c"), nil); !first || failed.read {
		t.Error("what could not be read is said to be there")
	}
}

// TestReadingsAreBounded reads more rows than are kept: the ones that were used
// last stay.
func TestReadingsAreBounded(t *testing.T) {
	var kept readings
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		r, _ := kept.of(use("raw.holding", name), nil)
		kept.end(r, nil, keptRows/3, nil)
		if _, first := kept.of(use("raw.holding", "a"), nil); first {
			t.Errorf("after %s the one that is used all the time is gone", name)
		}
		if kept.rows > keptRows {
			t.Errorf("%d rows are kept, at most %d may be", kept.rows, keptRows)
		}
	}
	if _, first := kept.of(use("raw.holding", "b"), nil); !first {
		t.Error("the one that was not used for longest is still there")
	}
	whole, _ := kept.of(use("raw.holding", "whole"), nil)
	kept.end(whole, nil, 2*keptRows, nil)
	if kept.rows > keptRows || !whole.read {
		t.Errorf("a window larger than what is kept: %d rows are kept, read: %v", kept.rows, whole.read)
	}
}
