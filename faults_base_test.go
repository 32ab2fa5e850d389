package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// faultBase is a warehouse on the evening before, and what an undisturbed run of the
// next evening makes of it.
type faultBase struct {
	dir           string
	before, after map[string]string // tables
	answers       []string
	book          []string
	delivered     []string
}

func newFaultBase(t *testing.T) *faultBase {
	t.Helper()
	b := &faultBase{dir: t.TempDir()}
	c := &faultCell{dir: b.dir}
	c.to = "2025-12-04"
	c.configure(t, 0)
	for _, command := range []string{"run", "export", "deliver"} {
		c.must(t, command)
	}
	e, w := c.open(t)
	b.before = contents(t, w)
	_ = w.Close()
	_ = e.Close()

	end := b.copy(t, t.TempDir())
	for _, command := range []string{"run", "export", "deliver"} {
		end.must(t, command)
	}
	_, w = end.open(t)
	b.after, b.answers, b.book, b.delivered = contents(t, w), end.answers(t), end.bookCells(t), end.files(t)
	if maps.Equal(b.before, b.after) || len(b.delivered) != 2 {
		t.Fatalf("the evening changes nothing, or nothing is delivered: %v", b.delivered)
	}
	return b
}

// copy lays a copy of the evening before into a folder, about to see the next.
func (b *faultBase) copy(t *testing.T, dir string) *faultCell {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", b.dir+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("copy: %s", out)
	}
	c := &faultCell{dir: dir, to: "2025-12-05"}
	c.configure(t, 0)
	return c
}

// cell lets a fault strike at a step.
func (b *faultBase) cell(t *testing.T, step faultStep, f fault) {
	t.Helper()
	dir := t.TempDir()
	var disk *badDisk
	switch f.disk {
	case anyDisk:
	case smallDisk:
		mount(t, "-t", "tmpfs", "-o", "size=256m", "tmpfs", dir)
		t.Cleanup(func() { unmount(dir) })
	case weakDisk:
		disk = mountBadDisk(t, dir)
	}
	c := b.copy(t, dir)
	c.disk = disk
	for _, command := range []string{"run", "export", "deliver"} {
		if command == step.command {
			break
		}
		c.must(t, command)
	}
	_, w := c.open(t)
	polled := b.poll(t, w)
	c.step = step
	if f.wire {
		c.wire(t)
	}
	c.start(t)
	f.strike(t, c)
	t.Logf("struck, the program ended with exit code %d", c.cmd.ProcessState.ExitCode())
	if f.wire {
		c.dsn = ""
		c.configure(t, 0)
	}
	for _, command := range []string{"run", "export", "deliver"} {
		c.must(t, command)
	}
	if n := polled(); n == 0 {
		t.Error("nobody read meanwhile")
	}
	if got := contents(t, w); !maps.Equal(got, b.after) {
		for name, want := range b.after {
			if got[name] != want {
				t.Errorf("%s has %s, want %s", name, got[name], want)
			}
		}
	}
	if open, err := w.OpenRuns(t.Context()); err != nil || len(open) > 0 {
		t.Errorf("runs without an end: %v, error %v", open, err)
	}
	if swaps, err := w.Recover(t.Context()); err != nil || len(swaps) > 0 {
		t.Errorf("swaps without an end: %v, error %v", swaps, err)
	}
	for what, pair := range map[string][2][]string{
		"the archive": {b.answers, c.answers(t)}, "the workbook": {b.book, c.bookCells(t)}, "what was delivered": {b.delivered, c.files(t)},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s differs: %d and %d lines, first %q", what, len(pair[0]), len(pair[1]), firstDifference(pair[0], pair[1]))
		}
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " | " + b[i]
		}
	}
	return "at the end"
}

// poll reads tables of which one window changes, again and again, until the returned
// function is called, and holds each against what it was and what it is to be.
func (b *faultBase) poll(t *testing.T, w *clickhouse.Warehouse) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	n := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			for _, d := range []schemas.Dataset{schemas.Bars.Dataset, schemas.CashBalances.Dataset, schemas.Breadth.Dataset, schemas.BreadthTrend.Dataset} {
				rows, hash, err := w.TableHash(ctx, d)
				if err != nil {
					continue // the engine is away
				}
				n++
				if got := fmt.Sprintf("%d rows %s", rows, hash); got != b.before[d.String()] && got != b.after[d.String()] {
					t.Errorf("a reader saw %s with %s", d, got)
				}
			}
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		return n
	}
}
