package sandbox

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// The published levels are what the closes, shares and actions make of the
// members of the day.
func TestLevelsFollowFromCloses(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	truth := s.Truth()
	all := truth.Securities()
	act := map[int]map[schemas.Date]schemas.Action{}
	for _, x := range all {
		act[x.ID] = map[schemas.Date]schemas.Action{}
		for _, a := range truth.Actions(x.ID) {
			act[x.ID][a.ExDate] = a
		}
	}
	last := map[int]float64{} // newest close, carried over halts
	days := truth.Sessions()
	for i, d := range days {
		before := last
		last = map[int]float64{}
		for _, x := range all {
			if c := truth.Close(x.ID, d); c.OK {
				last[x.ID] = c.V
			} else if d >= x.Listed && (x.Gone == schemas.NoDate || d < x.Gone) {
				last[x.ID] = before[x.ID]
			}
		}
		if i == 0 {
			continue
		}
		for _, index := range []string{indexLarge, indexSmall, indexBroad} {
			var worth, price, total float64
			for _, id := range truth.Members(index, d) {
				if before[id] == 0 {
					continue
				}
				kept, paid, dividend := 1.0, 0.0, 0.0
				switch a := act[id][d]; a.Kind {
				case schemas.ActionSplit, schemas.ActionSpinOff:
					kept = a.Ratio.V
				case schemas.ActionSpecial:
					paid = a.Amount.V
				case schemas.ActionDividend:
					dividend = a.Amount.V
				}
				w := before[id] * truth.Shares(id, days[i-1]) * all[id].Float
				worth += w
				price += w * ((last[id]*kept+paid)/before[id] - 1)
				total += w * ((last[id]*kept+paid+dividend)/before[id] - 1)
			}
			p0, t0 := truth.Level(index, days[i-1])
			p1, t1 := truth.Level(index, d)
			if gap := math.Abs(p1/p0 - 1 - price/worth); gap > 1e-7 {
				t.Errorf("%s on %s: the level moves by %g, the members by %g", index, d, p1/p0-1, price/worth)
			}
			if gap := math.Abs(t1/t0 - 1 - total/worth); gap > 1e-7 {
				t.Errorf("%s on %s: with dividends the level moves by %g, the members by %g", index, d, t1/t0-1, total/worth)
			}
		}
	}
}

// A renamed member leaves under one symbol and enters under another, in every
// publisher's spelling, and stays the same security.
func TestRenamedMember(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	truth := s.Truth()
	x := truth.Securities()[len(giants())+lineRenamed]
	if len(x.OldSymbols) != 1 {
		t.Fatalf("%s had the symbols %v", x.Symbol, x.OldSymbols)
	}
	old := x.OldSymbols[0]
	if !slices.Contains(truth.Members(indexLarge, old.Until), x.ID) {
		t.Fatalf("%s is not a member", x.Symbol)
	}
	has := func(path, text string) {
		t.Helper()
		if _, body := ask(t, s, path); !strings.Contains(string(body), text) {
			t.Errorf("%s lacks %q", path, text)
		}
	}
	days := truth.Sessions()
	before := days[slices.Index(days, old.Until)-1]
	has("/sp500/sp500_changes_since_2019.csv", old.Until.String()+`,"`+x.Symbol+`","`+old.Symbol+`"`)
	has("/sp500/sp500_ticker_start_end.csv", old.Symbol+",")
	has("/vendor/renames.csv", old.Until.String()+","+old.Symbol+","+x.Symbol)
	has(pathCSV+"239726&asOfDate="+before.Time().Format("20060102"), `"`+old.Symbol+`","`)
	has(pathCSV+"239726&asOfDate="+old.Until.Time().Format("20060102"), `"`+x.Symbol+`","`)
}

func TestWholeMarketIsItsTwoParts(t *testing.T) {
	t.Parallel()
	truth := small(t, nil).Truth()
	for _, d := range truth.Sessions() {
		parts := append(truth.Members(indexTop, d), truth.Members(indexBroad, d)...)
		slices.Sort(parts)
		if whole := truth.Members(indexWhole, d); !slices.Equal(whole, parts) {
			t.Fatalf("%s: %d members, the parts have %d", d, len(whole), len(parts))
		}
	}
}

// A company that is taken over leaves on the first session without it, another
// takes its place, and the workbook has a contra line for some days.
func TestTakeover(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	truth := s.Truth()
	x := truth.Securities()[len(giants())+lineTakenOver]
	if x.Gone == schemas.NoDate || x.Collapsed {
		t.Fatalf("%s goes on %s, collapsed: %v", x.Symbol, x.Gone, x.Collapsed)
	}
	days := truth.Sessions()
	at := slices.Index(days, x.Gone)
	if !slices.Contains(truth.Members(indexLarge, days[at-1]), x.ID) || slices.Contains(truth.Members(indexLarge, x.Gone), x.ID) {
		t.Error("it does not leave the index on the day it goes")
	}
	if a, b := len(truth.Members(indexLarge, days[at-1])), len(truth.Members(indexLarge, x.Gone)); a != b {
		t.Errorf("the index has %d members before and %d after", a, b)
	}
	set(days[at+2].String() + " 12:00")
	_, body := ask(t, s, pathSSGA+"spy.xlsx")
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(stringsName)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "CONTRA "+strings.ToUpper(x.Name)) {
		t.Error("the workbook has no contra line")
	}
}

// The publishers that are listed are those that answer.
func TestEveryPublisherAnswers(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	for _, path := range append(everything(), "/sec/files/company_tickers.json", "/ofr/v1/series/timeseries") {
		ask(t, s, path)
	}
	got := s.Requests()
	for _, p := range Publishers() {
		if len(got[p]) == 0 {
			t.Errorf("%s was not asked", p)
		}
		delete(got, p)
	}
	if len(got) > 0 {
		t.Errorf("not listed: %v", got)
	}
}

// A clock alone gives a market that ends yesterday.
func TestMarketEndsYesterday(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Securities: 60, Now: func() time.Time { return time.Date(2026, time.March, 10, 3, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	truth := s.Truth()
	if first, last := truth.First(), truth.Last(); first != schemas.NewDate(2022, time.March, 9) || last != schemas.NewDate(2026, time.March, 8) {
		t.Errorf("the market runs from %s to %s", first, last) // it is still the 9th in New York
	}
}
