package transform

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestSectorDistance_WE3_5(t *testing.T) {
	t.Parallel()
	// Financials, industrials, consumer discretionary, technology, other.
	large := sectorWeights{4: 0.13, 6: 0.09, 1: 0.10, 7: 0.33, sectorUnknown: 0.35}
	small := sectorWeights{4: 0.18, 6: 0.18, 1: 0.14, 7: 0.12, sectorUnknown: 0.38}
	near(t, "distance", sectorDistance(large, small), 0.21, 1e-12)
}

func TestSectorDistanceIsADistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) sectorWeights {
			var w sectorWeights
			var sum float64
			for k := range w {
				w[k] = rapid.Float64Range(0, 1).Draw(t, name)
				sum += w[k]
			}
			for k := range w {
				w[k] /= max(sum, 1e-9)
			}
			return w
		}
		a, b, c := draw("a"), draw("b"), draw("c")
		ab := sectorDistance(a, b)
		if ab < 0 || ab > 1+1e-9 || ab != sectorDistance(b, a) || sectorDistance(a, a) != 0 {
			t.Fatalf("distance %g", ab)
		}
		if ab > sectorDistance(a, c)+sectorDistance(c, b)+1e-12 {
			t.Fatal("a detour is shorter")
		}
	})
}

func TestSectorNames(t *testing.T) {
	t.Parallel()
	for published, want := range map[string]string{
		"Information Technology": "information_technology", "Communication": "communication_services", "Communication Services": "communication_services",
		"Telecommunications": "communication_services", "Telecommunication Services": "communication_services", " health care ": "health_care",
		"Real Estate": "real_estate", "-": "unknown", "": "unknown", "Other": "unknown", "Cash and/or Derivatives": "unknown",
	} {
		if got := sectorNames[sectorOf(published)]; got != want {
			t.Errorf("%q is %s, want %s", published, got, want)
		}
	}
	for date, want := range map[string]string{
		"2016-08-31": "gics2014", "2016-09-01": "gics2016", "2018-09-23": "gics2016", "2018-09-24": "gics2018", "2023-03-17": "gics2018", "2023-03-20": "gics2023",
	} {
		if got := sectorScheme(day(t, date)); got != want {
			t.Errorf("scheme of %s is %s, want %s", date, got, want)
		}
	}
}

// sectorLines makes a holdings file from pairs of ticker and sector, of equal
// weight.
func sectorLines(fund string, asOf schemas.Date, pairs ...string) []schemas.Holding {
	var out []schemas.Holding
	for i := 0; i < len(pairs); i += 2 {
		h := line(pairs[i], 200/float64(len(pairs)))
		h.Fund, h.AsOf, h.Line, h.AssetClass, h.Sector = fund, asOf, int64(i+1), "Equity", pairs[i+1]
		out = append(out, h)
	}
	return out
}

func sectorInputs(id string, holdings ...[]schemas.Holding) *Inputs {
	in := &Inputs{Universe: Universe{ID: id, Funds: []string{"S"}}, Window: schemas.CutWhole.Window(id, 0), Calendar: calendar.US()}
	for _, h := range holdings {
		in.Holdings = append(in.Holdings, h...)
	}
	return in
}

func TestSectorWeightsOfFiles(t *testing.T) {
	t.Parallel()
	friday, sunday := day(t, "2025-03-07"), day(t, "2025-03-09")
	in := sectorInputs("SMALL",
		sectorLines("S", friday, "A", "Energy", "B", "Energy", "C", "Financials", "D", "-", "E", "Utilities"),
		sectorLines("S", sunday, "A", "", "B", "Other", "C", "Financials", "D", "-"))
	in.Constituents = []schemas.Constituent{{Index: "X", AsOf: day(t, "2025-03-01"), Symbol: "D", Sector: "Materials"}}
	facts, findings := Compute(schemas.Size.String(), in)
	got := byMetric(facts)
	for metric, want := range map[string]float64{"energy": 0.4, "financials": 0.2, "materials": 0.2, "utilities": 0.2, "unknown": 0, "real_estate": 0} {
		near(t, metric, valueOf(t, got, "sector_weight_"+metric, "2025-03-07"), want, 1e-12)
	}
	f := factOf(t, got, "sector_weight_energy", "2025-03-07")
	if f.Basis != "file" || f.Members != 5 || f.Coverage.V != 1 || f.Detail != "fund=S file=2025-03-07 scheme=gics2023" || !f.KnownAt.Equal(utc(t, "2025-03-10T12:00:00Z")) {
		t.Errorf("%+v", f)
	}
	// Half of the second file has no sector: the rest says too little. A day
	// that is no session is told on the next one.
	if f := factOf(t, got, "sector_weight_financials", "2025-03-10"); f.Status != schemas.LowCoverage || f.Value.OK {
		t.Errorf("%+v", f)
	}
	near(t, "unknown", valueOf(t, got, "sector_weight_unknown", "2025-03-10"), 0.5, 1e-12)
	for _, f := range findings {
		if f.Check != "identity_issuer" {
			t.Errorf("%s: %s", f.Check, f.Message)
		}
	}
}

func TestSectorDistanceOfFiles(t *testing.T) {
	t.Parallel()
	d := day(t, "2025-03-07")
	in := sectorInputs("SMALL~LARGE",
		sectorLines("S", d, "A", "Energy", "B", "Financials"),
		sectorLines("L", d+3, "C", "Energy", "D", "Health Care", "E", "Health Care", "F", "Health Care"),
		sectorLines("L", d+40, "C", "Energy"))
	in.Universe.Against, in.Universe.AgainstFunds = "LARGE", []string{"L"}
	facts, _ := Compute(schemas.Size.String(), in)
	got := byMetric(facts)["sector_distance"]
	if len(got) != 1 {
		t.Fatalf("facts on %d days, want the one on which both have a file of the 35 days before", len(got))
	}
	f := got[d+3]
	near(t, "distance", f.Value.V, 0.75, 1e-12)
	if f.Members != 6 || !f.KnownAt.Equal(utc(t, "2025-03-11T12:00:00Z")) || f.Detail != "fund=S file=2025-03-07 scheme=gics2023; fund=L file=2025-03-10 scheme=gics2023" {
		t.Errorf("%+v", f)
	}
}

// The sectors of the recorded files are those that a sum over their printed
// weights gives, and together they are the whole.
func TestRealSectors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, fund, asOf string
		skip             int
		printed          map[string]float64 // percent of the fund
		equity           float64
	}{
		{"IVV_2023-04-06.csv", "S", "2023-04-06", 9, map[string]float64{"information_technology": 25.76, "communication_services": 8.29, "utilities": 2.94}, 99.70},
		{"IVV_2024-12-06.csv", "S", "2024-12-06", 9, map[string]float64{"information_technology": 31.97, "communication_services": 9.14, "real_estate": 2.17}, 99.75},
		{"IWM_2025-05-13.csv", "S", "2025-05-13", 9, map[string]float64{"financials": 19.73, "industrials": 18.23, "information_technology": 13.27}, 99.51},
	} {
		in := sectorInputs("X", readISharesFile(t, tt.fund, day(t, tt.asOf), tt.file, tt.skip))
		facts, _ := Compute(schemas.Size.String(), in)
		got := byMetric(facts)
		var sum float64
		for _, name := range sectorNames {
			sum += valueOf(t, got, "sector_weight_"+name, tt.asOf)
		}
		near(t, tt.file+", all sectors", sum, 1, 1e-12)
		for name, percent := range tt.printed {
			near(t, tt.file+", "+name, valueOf(t, got, "sector_weight_"+name, tt.asOf), percent/tt.equity, 0.002)
		}
		if unknown := valueOf(t, got, "sector_weight_unknown", tt.asOf); math.Abs(unknown) > 0.001 {
			t.Errorf("%s: %g has no sector", tt.file, unknown)
		}
	}
}
