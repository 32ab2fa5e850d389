package transform

import (
	"encoding/json"
	"os"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func readJSON(t *testing.T, into any, path ...string) {
	t.Helper()
	b, err := os.ReadFile(sharedtest.File(t, path...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func optional(v *float64) schemas.Opt[float64] {
	if v == nil {
		return schemas.None[float64]()
	}
	return schemas.Some(*v)
}

// ratesFile reads a recorded answer of the New York Fed's reference rates.
func ratesFile(t *testing.T, name string) []schemas.Rate {
	t.Helper()
	var answer struct {
		RefRates []struct {
			EffectiveDate                            schemas.Date
			Type, RevisionIndicator                  string
			PercentRate, PercentPercentile1          *float64
			PercentPercentile25, PercentPercentile75 *float64
			PercentPercentile99, VolumeInBillions    *float64
			TargetRateFrom, TargetRateTo             *float64
		}
	}
	readJSON(t, &answer, "upstream", "nyfed", name)
	var out []schemas.Rate
	for _, r := range answer.RefRates {
		out = append(out, schemas.Rate{
			Name: r.Type, Date: r.EffectiveDate, Percent: optional(r.PercentRate), P1: optional(r.PercentPercentile1), P25: optional(r.PercentPercentile25),
			P75: optional(r.PercentPercentile75), P99: optional(r.PercentPercentile99), Volume: optional(r.VolumeInBillions),
			TargetFrom: optional(r.TargetRateFrom), TargetTo: optional(r.TargetRateTo), Revised: r.RevisionIndicator != "",
		})
	}
	return out
}

// operationsFile reads a recorded answer of the desk's operations.
func operationsFile(t *testing.T, name string) []schemas.Operation {
	t.Helper()
	var answer struct {
		Repo struct {
			Operations []struct {
				OperationID, AuctionStatus, OperationType, Term, CloseTime string
				OperationDate, SettlementDate, MaturityDate                schemas.Date
				TotalAmtAccepted                                           int64
				Details                                                    []struct {
					SecurityType                          string
					PercentAwardRate, PercentOfferingRate *float64
				}
			}
		}
	}
	readJSON(t, &answer, "upstream", "nyfed", name)
	var out []schemas.Operation
	for _, o := range answer.Repo.Operations {
		for i, d := range o.Details {
			out = append(out, schemas.Operation{
				Desk: "nyfed", ID: o.OperationID, Line: int64(i), Date: o.OperationDate, Settlement: o.SettlementDate, Maturity: o.MaturityDate,
				Type: o.OperationType, Status: o.AuctionStatus, Term: o.Term, CloseTime: o.CloseTime, TotalAccepted: schemas.Some(o.TotalAmtAccepted),
				SecurityType: d.SecurityType, AwardRate: optional(d.PercentAwardRate), OfferingRate: optional(d.PercentOfferingRate),
			})
		}
	}
	return out
}

func TestRecordedRatesAndOperations(t *testing.T) {
	t.Parallel()
	in := fedInputs()
	for _, name := range []string{
		"rates_sofr_last5_2026-09-25.json", "rates_sofr_last_2026-06-05.json", "rates_effr_last5_2026-09-25.json", "rates_effr_search_2008-12-10_2008-12-22.json",
	} {
		in.Rates = append(in.Rates, ratesFile(t, name)...)
	}
	in.Operations = append(operationsFile(t, "rp_results_search_2026-09-21_2026-09-28.json"), operationsFile(t, "rp_results_search_2017-05-22.json")...)
	// FRED's copies agree with the recorded answers on every common day.
	in.Observations = fredFile(t, "SOFR", "Percent", 1, "market", "macro", "SOFR.csv")
	in.Observations = append(in.Observations, fredFile(t, "EFFR", "Percent", 1, "market", "macro", "EFFR.csv")...)
	in.Observations = append(in.Observations, fredFile(t, "RRPONTSYD", billions, 1e9, "market", "macro", "RRPONTSYD.csv")...)
	got := liquidity(t, in)
	for _, tt := range []struct {
		metric, on string
		want       float64
	}{
		{"onrrp", "2017-05-22", 185.031}, // not the 0.021 of the exercise on top
		{"onrrp", "2026-09-28", 0.851},
		{"repo_srf", "2026-09-28", 0.001},
		{"repo_srf", "2026-09-25", 0},
		{"onrrp_rate", "2026-09-25", 3.75},
		{"sofr", "2026-09-25", 3.90},
		{"sofr_volume", "2026-09-25", 2914},
		{"sofr_p99_p25", "2026-09-25", 10},
		{"sofr_p75_p25", "2026-09-25", 6},
		{"sofr_p99_p1", "2026-09-25", 16},
		{"spread_sofr_rrp", "2026-09-25", 15},
		{"spread_sofr_upper", "2026-09-25", -10},
		{"target_lower", "2026-09-25", 3.75},
		{"target_upper", "2008-12-22", 0.25},
	} {
		near(t, tt.metric+" on "+tt.on, valueOf(t, got, tt.metric, tt.on), tt.want, 1e-9)
	}
	for d := range got["target_lower"] {
		if d < day(t, "2008-12-16") {
			t.Errorf("a target range on %s", d)
		}
	}
}
