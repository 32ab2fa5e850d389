package jobs

import (
	"errors"
	"testing"

	"tidemark/schemas"
)

func use(dataset, content string) schemas.Input {
	return schemas.Input{Kind: schemas.InputWindow, Dataset: dataset, Window: schemas.Window{Part: "IWM"}, Content: content}
}

// TestReadingsServeWhatWasAskedFor tells apart tables and contents, and lets
// another task try what one could not read.
func TestReadingsServeWhatWasAskedFor(t *testing.T) {
	var kept readings
	r, first := kept.of(use("raw.holding", "1-a"))
	if !first {
		t.Fatal("a window that nobody has read is said to be there")
	}
	kept.end(r, []int{1, 2}, 2, nil)
	again, first := kept.of(use("raw.holding", "1-a"))
	if first || again != r || !again.read {
		t.Fatalf("a window that was read is not there: %+v", again)
	}
	for name, other := range map[string]schemas.Input{"table": use("raw.action", "1-a"), "content": use("raw.holding", "1-b")} {
		if _, first := kept.of(other); !first {
			t.Errorf("another %s is served with the same rows", name)
		}
	}

	failed, _ := kept.of(use("raw.spell", "1-c"))
	kept.end(failed, nil, 0, errors.New("the connection broke"))
	<-failed.done // or whoever waits for it would wait for ever
	if _, first := kept.of(use("raw.spell", "1-c")); !first || failed.read {
		t.Error("what could not be read is said to be there")
	}
}

// TestReadingsAreBounded reads more than are kept: the ones that were used
// last stay.
func TestReadingsAreBounded(t *testing.T) {
	var kept readings
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		r, _ := kept.of(use("raw.holding", name))
		kept.end(r, nil, keptBytes/3, nil)
		if _, first := kept.of(use("raw.holding", "a")); first {
			t.Errorf("after %s the one that is used all the time is gone", name)
		}
		if kept.size > keptBytes {
			t.Errorf("%d bytes are kept, at most %d may be", kept.size, keptBytes)
		}
	}
	if _, first := kept.of(use("raw.holding", "b")); !first {
		t.Error("the one that was not used for longest is still there")
	}
	whole, _ := kept.of(use("raw.holding", "whole"))
	kept.end(whole, nil, 2*keptBytes, nil)
	if kept.size > keptBytes || !whole.read {
		t.Errorf("a window larger than what is kept: %d bytes are kept, read: %v", kept.size, whole.read)
	}
}
