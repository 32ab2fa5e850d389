package sandbox

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// answers collects what a sandbox says to every kind of request.
func answers(t *testing.T, s *Sandbox) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, path := range everything() {
		_, out[path] = ask(t, s, path)
	}
	return out
}

// changed lists the requests that are answered differently.
func changed(before, after map[string][]byte) []string {
	var out []string
	for _, path := range everything() {
		if !bytes.Equal(before[path], after[path]) {
			out = append(out, path)
		}
	}
	return out
}

// expect insists that answers of exactly the given publishers changed.
func expect(t *testing.T, got []string, publishers ...string) {
	t.Helper()
	seen := map[string]bool{}
	for _, path := range got {
		seen[strings.Split(path, "/")[1]] = true
	}
	for _, p := range publishers {
		if !seen[p] {
			t.Errorf("nothing of %s changed", p)
		}
		delete(seen, p)
	}
	for p := range seen {
		t.Errorf("%s changed as well: %v", p, got)
	}
}

func wednesday() schemas.Date { return schemas.NewDate(2025, time.June, 11) }

func TestReviseReservesKeepsTheIdentities(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	before, was := answers(t, s), s.Truth()
	if err := s.ReviseReserves(wednesday(), 700); err != nil {
		t.Fatal(err)
	}
	// WRESBAL's metadata do not change; its values do.
	expect(t, changed(before, answers(t, s)), "h41")
	now := s.Truth()
	figure := func(truth Truth, name string) int64 { return truth.Statement(name, wednesday()).V }
	for name, want := range map[string]int64{
		"RESH4R_N.WW": 700, "RESPPLLDO_N.WW": -700, "RESH4A_N.WW": -700, "RESPPLLDD_N.WW": 700, "RESPPMA_N.WW": 0, "RESPPMLL_N.WW": 0,
		"RESH4R_XAW_N.WW": 100,
	} {
		if got := figure(now, name) - figure(was, name); got != want {
			t.Errorf("%s moved by %d, want %d", name, got, want)
		}
	}
	if gap := figure(now, "RESH4S_N.WW") - figure(now, "RESH4A_N.WW") - figure(now, "RESH4R_N.WW"); gap != 0 {
		t.Errorf("reserves are off by %d", gap)
	}
	_, graph := ask(t, s, "/fred/graph/fredgraph.csv?id=WRBWFRBL")
	if want := fmt.Sprintf("%s,%d\n", wednesday(), figure(now, "RESH4R_N.WW")); !strings.Contains(string(graph), want) {
		t.Errorf("FRED does not have %q", want)
	}
}

func TestReviseObservationMayBreakIdentities(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	if err := s.ReviseObservation("RESPPMA_N.WW", wednesday(), 1); err != nil {
		t.Fatal(err)
	}
	if got := s.Truth().Statement("RESPPMA_N.WW", wednesday()); got != schemas.Some[int64](1) {
		t.Errorf("got %v", got)
	}
	if err := s.ReviseObservation("NONSENSE_N.WW", wednesday(), 1); err == nil {
		t.Error("revised a series that does not exist")
	}
}

func TestReviseRate(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	before := answers(t, s)
	d := schemas.NewDate(2025, time.February, 11)
	if err := s.ReviseRate("SOFR", d, 9.99); err != nil {
		t.Fatal(err)
	}
	expect(t, changed(before, answers(t, s)), "nyfed")
	_, body := ask(t, s, "/nyfed/api/rates/secured/sofr/search.json?startDate=2025-02-11&endDate=2025-02-11")
	if text := string(body); !strings.Contains(text, `"percentRate": 9.99`) || !strings.Contains(text, `"revisionIndicator": "r"`) {
		t.Errorf("got %s", text)
	}
	if err := s.ReviseRate("SOFR", schemas.NewDate(2025, time.February, 9), 1); err == nil {
		t.Error("revised a Sunday")
	}
}

func TestReviseOperation(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	d := schemas.NewDate(2025, time.June, 11)
	if err := s.ReviseOperation(d, "13:15", 123e6); err != nil {
		t.Fatal(err)
	}
	_, body := ask(t, s, "/nyfed/api/rp/results/search.json?startDate=2025-06-11&endDate=2025-06-11")
	if text := string(body); !strings.Contains(text, `"totalAmtAccepted": 123000000 `) || !strings.Contains(text, `"lastUpdated": "2025-06-12 09:05`) {
		t.Errorf("got %s", text)
	}
	_, body = ask(t, s, "/fred/graph/fredgraph.csv?id=RRPONTSYD&cosd=2025-06-11&coed=2025-06-11")
	if !strings.Contains(string(body), "2025-06-11,0.123\n") {
		t.Errorf("FRED says %s", body)
	}
	if err := s.ReviseOperation(d, "12:00", 1); err == nil {
		t.Error("revised an operation that never was")
	}
}

func TestReviseHoldings(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	before := answers(t, s)
	d := schemas.NewDate(2025, time.June, 30)
	path := pathCSV + "239726&asOfDate=20250630"
	_, was := ask(t, s, path)
	if err := s.ReviseHoldings("IVV", d, "AAPL", 2); err != nil {
		t.Fatal(err)
	}
	_, is := ask(t, s, path)
	if bytes.Equal(was, is) {
		t.Error("the file is the same")
	}
	expect(t, changed(before, answers(t, s))) // no other file
	if err := s.ReviseHoldings("IVV", d, "NONE", 2); err == nil {
		t.Error("revised a line that is not held")
	}
}

func TestReviseSplit(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	d := schemas.NewDate(2025, time.June, 11)
	before, was := answers(t, s), s.Truth()
	if err := s.ReviseSplit("AAPL", d, 4); err != nil {
		t.Fatal(err)
	}
	now := s.Truth()
	expect(t, changed(before, answers(t, s)), "vendor", "ishares", "polygon", "ssga", "stooq", "tiingo", "yahoo")
	id, _ := now.BySymbol("AAPL")
	closing := func(truth Truth, d schemas.Date) float64 { return truth.Close(id, d).V }
	if a, b := closing(was, d-1), closing(now, d-1); a != b {
		t.Errorf("the close before the split was %g and is %g", a, b)
	}
	if a, b := closing(was, d), closing(now, d); math.Abs(a/b-4) > .01 {
		t.Errorf("the close after the split was %g and is %g", a, b)
	}
	if a, b := was.Shares(id, d), now.Shares(id, d); math.Abs(b/a-4) > 1e-6 {
		t.Errorf("there were %g shares and are %g", a, b)
	}
	last := s.Truth().Last()
	if a, _ := was.Level(indexLarge, last); a > 0 {
		if b, _ := now.Level(indexLarge, last); math.Abs(b/a-1) > 1e-3 {
			t.Errorf("the index was %g and is %g", a, b)
		}
	}
	if err := s.ReviseSplit("AAPL", d, 2); err == nil {
		t.Error("split twice on one day")
	}
}

func TestHoldBackAndRelease(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	before := answers(t, s)
	truth := s.Truth()
	id, _ := truth.BySymbol("NVDA")
	var split schemas.Action
	for _, a := range truth.Actions(id) {
		if a.Kind == schemas.ActionSplit {
			split = a
		}
	}
	line := fmt.Sprintf("NVDA,%s,split,10,\n", split.ExDate)
	listed := func() bool {
		_, body := ask(t, s, "/vendor/actions.csv")
		return strings.Contains(string(body), line)
	}
	if !listed() {
		t.Fatalf("no line %q", line)
	}
	if err := s.HoldBack("NVDA", split.ExDate); err != nil {
		t.Fatal(err)
	}
	if listed() {
		t.Error("held back and listed")
	}
	if got := changed(before, answers(t, s)); len(got) != 1 || got[0] != "/vendor/actions.csv" {
		t.Errorf("changed: %v", got)
	}
	if err := s.Release("NVDA", split.ExDate); err != nil {
		t.Fatal(err)
	}
	if got := changed(before, answers(t, s)); len(got) != 0 {
		t.Errorf("changed after the release: %v", got)
	}
	if err := s.HoldBack("NVDA", split.ExDate+1); err == nil {
		t.Error("held back what never was")
	}
}
