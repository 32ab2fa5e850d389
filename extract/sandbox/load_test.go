package sandbox

import (
	"io"
	"runtime"
	"testing"
	"time"

	"tidemark/schemas"
)

// A market's memory must not grow with its prices: 1,000 securities over 20
// years have 5 million closes, which would be 40 MB.
func TestPricesAreNotKept(t *testing.T) {
	// Not in parallel: memory is measured.
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	s, err := New(Config{Securities: 1000, From: schemas.NewDate(2006, time.January, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the market holds %d MB", grown>>20)
	}
	runtime.KeepAlive(s)
}

func BenchmarkBars(b *testing.B) {
	s, err := New(Config{Securities: 4000})
	if err != nil {
		b.Fatal(err)
	}
	w := s.world.Load()
	rows := 0
	for b.Loop() {
		c := counter{}
		if err := w.writeBars(&c, len(w.market.years)-1, len(w.market.days)-1); err != nil {
			b.Fatal(err)
		}
		rows += c.lines
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// counter counts lines.
type counter struct{ lines int }

func (c *counter) Write(p []byte) (int, error) {
	for _, x := range p {
		if x == '\n' {
			c.lines++
		}
	}
	return len(p), nil
}

func BenchmarkArchive(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := s.world.Load()
	weeks := w.wednesdays()
	for b.Loop() {
		err := packArchive(io.Discard, func(out io.Writer) error { return w.writeSDMX(out, weeks, w.cal.H41Release(weeks[len(weeks)-1])) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLevels(b *testing.B) {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	w := s.world.Load()
	for b.Loop() {
		w.market.buildLevels(w.market.panel)
	}
}
