package h41_test

import (
	"testing"

	"tidemark/extract/extracttest"
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
