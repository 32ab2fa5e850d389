package snapshot

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidemark/schemas"
)

var year = schemas.CutYear.Window("vendor", schemas.NewDate(2025, time.March, 3))

// some is a window of two symbols, one of which changed its adjustment.
func some() []schemas.BarSeries {
	var rows []schemas.Bar
	for i := range schemas.Date(40) {
		b := schemas.Bar{
			Publisher: "vendor", Symbol: "A", Session: year.From + i, Close: 10 + float64(i), High: schemas.Some(11 + float64(i)), Low: schemas.Some(9.5),
			Adjustment: schemas.AdjustedSplit,
		}
		if i%3 == 0 {
			b.Volume = schemas.Some(0.0)
		}
		if i > 20 {
			b.Symbol, b.High = "B.C", schemas.Opt[float64]{}
		}
		if i > 30 {
			b.Adjustment = schemas.AdjustedNone
		}
		rows = append(rows, b)
	}
	return schemas.BarSeriesOf(rows)
}

// source counts how often it is read.
type source struct {
	series  []schemas.BarSeries
	content string
	err     error
	reads   atomic.Int64
}

func (s *source) read() ([]schemas.BarSeries, string, error) {
	s.reads.Add(1)
	return s.series, s.content, s.err
}

type store struct {
	*Store
	logged *bytes.Buffer
}

func newStore(t *testing.T) store {
	t.Helper()
	var logged bytes.Buffer
	return store{Open(filepath.Join(t.TempDir(), "snapshots"), slog.New(slog.NewTextHandler(&logged, nil))), &logged}
}

func (s store) files(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// all gets the window and reads all of it.
func (s store) all(t *testing.T, content string, from *source) []schemas.BarSeries {
	t.Helper()
	b, err := s.Get(year, content, from.read)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.All()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWindowIsReadOnce(t *testing.T) {
	s, from := newStore(t), &source{series: some(), content: "40-a"}
	for range 3 {
		if diff := cmp.Diff(some(), s.all(t, "40-a", from)); diff != "" {
			t.Fatal(diff)
		}
	}
	if n := from.reads.Load(); n != 1 {
		t.Errorf("read %d times", n)
	}
	s.Put(year, "40-a", Pack(nil)) // kept already
	if diff := cmp.Diff(some(), s.all(t, "40-a", from)); diff != "" {
		t.Fatal(diff)
	}
	next := &source{series: some()[:1], content: "21-b"}
	if diff := cmp.Diff(some()[:1], s.all(t, "21-b", next)); diff != "" {
		t.Fatal(diff)
	}
	if files := s.files(t); len(files) != 1 || !strings.HasSuffix(files[0], "2025-01-01_21-b.bars") {
		t.Errorf("the content before is still there: %v", files)
	}
	if s.logged.Len() > 0 {
		t.Error(s.logged)
	}
}

func TestSomeSymbolsOfSomeDays(t *testing.T) {
	s, from := newStore(t), &source{series: some(), content: "40-a"}
	s.Put(year, "40-a", Pack(some()))
	b, err := s.Get(year, "40-a", from.read)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Of([]string{"B.C", "Z"}, year.From+25, year.From+33)
	if err != nil {
		t.Fatal(err)
	}
	all := some()
	want := []schemas.BarSeries{all[1].Slice(4, 10), all[2].Slice(0, 2)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	extents := []Extent{{"A", year.From + 20, year.From + 20}, {"B.C", year.From + 21, year.From + 30}, {"B.C", year.From + 31, year.From + 31}}
	if diff := cmp.Diff(extents, b.Extents(year.From+20, year.From+32)); diff != "" {
		t.Error(diff)
	}
	if err := b.Close(); err != nil || from.reads.Load() != 0 {
		t.Error(err, from.reads.Load())
	}
}

// What was replaced while it was read serves who read it, and nobody else.
func TestAnotherContentIsNotKept(t *testing.T) {
	s, from := newStore(t), &source{series: some(), content: "40-b"}
	if diff := cmp.Diff(some(), s.all(t, "40-a", from)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was kept: ", err)
	}
}

func TestFailureToReadIsReported(t *testing.T) {
	s, from := newStore(t), &source{err: errors.New("no warehouse")}
	if _, err := s.Get(year, "40-a", from.read); !errors.Is(err, from.err) {
		t.Error(err)
	}
}

// Wherever a file has gone bad, it is made anew, and a line of the log says so.
func TestDamage(t *testing.T) {
	whole := encode(some())
	rapid.Check(t, func(rt *rapid.T) {
		bad := bytes.Clone(whole)
		switch at := rapid.IntRange(0, len(whole)-1).Draw(rt, "at"); rapid.IntRange(0, 2).Draw(rt, "damage") {
		case 0:
			bad[at] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		case 1:
			bad = bad[:at]
		case 2:
			bad = append(bad, 0)
		}
		s, from := newStore(t), &source{series: some(), content: "40-a"}
		s.Put(year, "40-a", Pack(some()))
		if err := os.WriteFile(s.files(t)[0], bad, 0o600); err != nil {
			rt.Fatal(err)
		}
		for range 2 {
			if diff := cmp.Diff(some(), s.all(t, "40-a", from)); diff != "" {
				rt.Fatal(diff)
			}
		}
		if n := from.reads.Load(); n != 1 || !strings.Contains(s.logged.String(), "made anew") {
			rt.Errorf("read %d times, log: %s", n, s.logged)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	price := rapid.Float64Range(0, 1e9)
	optional := rapid.Custom(func(t *rapid.T) schemas.Opt[float64] {
		if rapid.Bool().Draw(t, "known") {
			return schemas.Some(price.Draw(t, "value"))
		}
		return schemas.Opt[float64]{}
	})
	rapid.Check(t, func(t *rapid.T) {
		var rows []schemas.Bar
		for range rapid.IntRange(0, 60).Draw(t, "rows") {
			rows = append(rows, schemas.Bar{
				Publisher: "vendor", Symbol: rapid.SampledFrom([]string{"A", "BRK.B", "ÄÖ", ""}).Draw(t, "symbol"), Session: schemas.Date(rapid.Int32Range(int32(schemas.MinDate), int32(schemas.MaxDate)).Draw(t, "session")),
				High: optional.Draw(t, "high"), Low: optional.Draw(t, "low"), Close: price.Draw(t, "close"), Volume: optional.Draw(t, "volume"),
				Adjustment: rapid.SampledFrom([]string{schemas.AdjustedNone, schemas.AdjustedSplit}).Draw(t, "adjustment"),
			})
		}
		series := schemas.BarSeriesOf(rows)
		var back []schemas.Bar
		data := encode(series)
		b, err := open("vendor", bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.All()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(series, got); diff != "" {
			t.Fatal(diff)
		}
		value := func(s schemas.BarSeries, i int, bit schemas.BarKnown, column []float64) schemas.Opt[float64] {
			return schemas.Opt[float64]{V: column[i], OK: s.Known[i]&bit != 0}
		}
		for _, s := range got {
			for i, d := range s.Sessions {
				back = append(back, schemas.Bar{
					Publisher: s.Publisher, Symbol: s.Symbol, Session: d, Close: s.Close[i], Adjustment: s.Adjustment,
					High: value(s, i, schemas.KnownHigh, s.High), Low: value(s, i, schemas.KnownLow, s.Low), Volume: value(s, i, schemas.KnownVolume, s.Volume),
				})
			}
		}
		if diff := cmp.Diff(rows, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(nil))
	f.Add(encode(some()))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := open("vendor", bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = b.All()
		}
		if err != nil && !errors.Is(err, errDamaged) {
			t.Error(err)
		}
	})
}

func TestManyAtOnceReadOnce(t *testing.T) {
	s, from := newStore(t), &source{series: some(), content: "40-a"}
	gate := make(chan struct{})
	slow := func() ([]schemas.BarSeries, string, error) {
		<-gate
		return from.read()
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			b, err := s.Get(year, "40-a", slow)
			if err != nil {
				t.Error(err)
				return
			}
			got, err := b.All()
			if diff := cmp.Diff(some(), got); diff != "" || err != nil {
				t.Error(diff, err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	close(gate)
	group.Wait()
	if len(s.files(t)) != 1 {
		t.Error(s.files(t))
	}
}

// A disk that takes nothing costs speed, not the figures.
func TestFolderThatCannotBeWritten(t *testing.T) {
	s, from := newStore(t), &source{series: some(), content: "40-a"}
	if err := os.WriteFile(s.dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	for range 2 {
		if diff := cmp.Diff(some(), s.all(t, "40-a", from)); diff != "" {
			t.Fatal(diff)
		}
	}
	if !strings.Contains(s.logged.String(), "could not be kept") {
		t.Error(s.logged)
	}
}

// What a process left behind that died while writing goes with the next write.
func TestUnfinishedFilesGo(t *testing.T) {
	s := newStore(t)
	s.Put(year, "40-a", Pack(some()))
	dir := filepath.Dir(s.files(t)[0])
	old, young := filepath.Join(dir, "unfinished-1"), filepath.Join(dir, "unfinished-2")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.Put(year, "21-b", Pack(some()[:1]))
	if files := s.files(t); len(files) != 2 || filepath.Base(files[1]) != "unfinished-2" {
		t.Error(files)
	}
}
