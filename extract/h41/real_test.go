package h41_test

import (
	"errors"
	"os"
	"testing"

	"tidemark/extract/extracttest"
	"tidemark/extract/fred"
	"tidemark/extract/h41"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

var window = schemas.CutWhole.Window(h41.Release, schemas.MinDate)

type point struct {
	series string
	day    string
}

func index(rows []schemas.Observation) map[point]schemas.Observation {
	out := make(map[point]schemas.Observation, len(rows))
	for _, r := range rows {
		out[point{r.Series, r.Date.String()}] = r
	}
	return out
}

func TestRecordedDownloadsGiveThePublishedFigures(t *testing.T) {
	t.Parallel()
	src := h41.Archive(extracttest.Client(t), h41.Config{Files: []string{
		"file://" + sharedtest.File(t, "market", "macro", "FRB_H41_2021-2023.csv.gz"),
		"file://" + sharedtest.File(t, "upstream", "fed_h41", "ddp_seriescolumn_table1_2021-04-28_2023-03-22.csv"),
		"file://" + sharedtest.File(t, "upstream", "fed_h41", "ddp_seriescolumn_table5_lastobs5_2026-08-26_2026-09-23.csv"),
	}})
	rows, err := extracttest.All(t, src, window)
	if err != nil {
		t.Fatal(err)
	}
	at := index(rows)
	for p, want := range map[point]float64{
		{"RESPPMA_N.WW", "2026-09-23"}:       6_747_704,
		{"RESPPMLL_N.WW", "2026-09-23"}:      6_699_988,
		{"RESPPLC_N.WW", "2026-09-23"}:       47_716,
		{"RESPPALG_N.WW", "2026-09-23"}:      6_471_088,
		{"RESPPLLDT_N.WW", "2026-09-23"}:     947_317,
		{"RESPPLLR_N.WW", "2026-09-23"}:      320_725,
		{"RESPPALGTR_N.WW", "2026-09-23"}:    1,
		{"RESPPLLO_N.WW", "2026-09-23"}:      -225_085,
		{"RESH4R_N.WW", "2023-03-22"}:        3_369_986,
		{"RESH4R_XAW_N.WW", "2023-03-22"}:    3_425_075,
		{"RESPPLLDT_XAW_N.WW", "2023-03-22"}: 259_587,
		{"RESH4SCF_N.WW", "2023-03-22"}:      -272,
		{"RESPPALDP_N.WW", "2023-03-22"}:     110_248,
		{"RESH4A_N.WW", "2021-04-28"}:        3_940_209,
	} {
		got := at[p]
		if got.Value != schemas.Some(want) || got.Unit != "Currency" || got.Multiplier != 1e6 || got.Source != "h41" || got.Status != "A" {
			t.Errorf("%v: got %+v, want %v", p, got, want)
		}
	}
	for i := range rows {
		if r := &rows[i]; r.Value.OK != (r.Status == "A") || len(r.Payload) != 64 {
			t.Fatalf("%+v", *r)
		}
	}
	t.Logf("%d rows", len(rows))
}

// The Board's averages and levels are the same figures that FRED carries under
// names of its own.
func TestRecordedDownloadAgreesWithFRED(t *testing.T) {
	t.Parallel()
	rows, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Files: []string{
		"file://" + sharedtest.File(t, "market", "macro", "FRB_H41_2021-2023.csv.gz"),
	}}), window)
	if err != nil {
		t.Fatal(err)
	}
	at := index(rows)
	for id, name := range map[string]string{"WRESBAL": "RESH4R_XAW_N.WW", "WTREGEN": "RESPPLLDT_XAW_N.WW", "WDTGAL": "RESPPLLDT_N.WW", "WSHOSHO": "RESPPALG_N.WW"} {
		f, err := os.Open(sharedtest.File(t, "market", "macro", id+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := fred.ParseCSV(f, id)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		common := 0
		for _, r := range theirs {
			ours, ok := at[point{name, r.Date.String()}]
			if !ok {
				continue
			}
			common++
			if ours.Value != r.Value {
				t.Errorf("%s: %s is %v here and %v there", r.Date, name, ours.Value, r.Value)
			}
		}
		if common != 100 {
			t.Errorf("%s: %d weeks in common, want 100", id, common)
		}
	}
}

// The sums that hold in every release, to the rounding of their parts.
func TestRecordedDownloadsAddUp(t *testing.T) {
	t.Parallel()
	rows, err := extracttest.All(t, h41.Archive(extracttest.Client(t), h41.Config{Files: []string{
		"file://" + sharedtest.File(t, "market", "macro", "FRB_H41_2021-2023.csv.gz"),
		"file://" + sharedtest.File(t, "upstream", "fed_h41", "ddp_seriescolumn_table5_lastobs5_2026-08-26_2026-09-23.csv"),
	}}), window)
	if err != nil {
		t.Fatal(err)
	}
	at := index(rows)
	for _, sum := range []struct {
		weeks int
		since string
		total string
		parts map[string]float64
	}{
		{5, "", "RESPPMA", map[string]float64{"RESPPMLL": 1, "RESPPLC": 1}},
		{100, "", "RESPPLLR", map[string]float64{"RESPPLLRF": 1, "RESPPLLRD": 1}},
		{105, "", "RESPPALG", map[string]float64{"RESPPALGUO": 1, "RESPPALGAO": 1, "RESPPALGASMO": 1}},
		{105, "", "RESPPALGUO", map[string]float64{"RESPPALGUOB": 1, "RESPPALGUOMN": 1, "RESPPALGUOMI": 1, "RESPPALGUOMC": 1}},
		{100, "", "RESH4R", map[string]float64{"RESH4S": 1, "RESH4A": -1}},
		{100, "", "RESH4S", map[string]float64{"RESH4SC": 1, "RESPPAOF": 1, "RESTBMG": 1, "RESPPAS": 1, "RESTBMT": 1}},
		// Vehicles that were wound up by December 2021 are not in the download.
		{65, "2021-12-29", "RESH4SC", map[string]float64{
			"RESPPALG": 1, "RESPPALSP": 1, "RESPPALSD": 1, "RESPPALGTR": 1, "RESPPALD": 1, "RESPPAAEH": 1, "RESPPAADH": 1, "RESPPAATAL2H": 1, "RESH4SCF": 1, "RESH4SCS": 1, "RESH4SO": 1,
		}},
	} {
		weeks := 0
		for p, total := range at {
			if p.series != sum.total+"_N.WW" || p.day < sum.since {
				continue
			}
			got, whole := 0.0, true
			for item, sign := range sum.parts {
				part, ok := at[point{item + "_N.WW", p.day}]
				whole = whole && ok && part.Value.OK
				got += sign * part.Value.V
			}
			if !whole {
				continue
			}
			weeks++
			if got < total.Value.V-3 || got > total.Value.V+3 {
				t.Errorf("%s %s: the parts add up to %v, not %v", p.day, sum.total, got, total.Value.V)
			}
		}
		if weeks != sum.weeks {
			t.Errorf("%s: %d whole weeks, want %d", sum.total, weeks, sum.weeks)
		}
	}
}
