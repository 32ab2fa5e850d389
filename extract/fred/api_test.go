package fred_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract/extracttest"
	"tidemark/extract/fred"
	"tidemark/schemas/sharedtest"
)

func TestAPITakesTheUnitFromTheMetadata(t *testing.T) {
	t.Parallel()
	const title = "Liabilities and Capital: Other Factors Draining Reserve Balances: Reserve Balances with Federal Reserve Banks: Week Average"
	for _, tc := range []struct {
		units, value string
		want         float64 // USD
	}{
		{"Millions of U.S. Dollars", "3347410", 3_347_410e6},
		{"Billions of U.S. Dollars", "3347.410", 3_347_410e6},
	} {
		base, p := serve(t, api(metadata("WRESBAL", title, tc.units, "Weekly, Ending Wednesday"), observations("2025-07-23 .", "2025-07-30 "+tc.value)))
		rows, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base, Key: key}), window("WRESBAL"))
		if err != nil {
			t.Fatal(err)
		}
		asked := []string{
			"/fred/series?api_key=" + key + "&file_type=json&series_id=WRESBAL",
			"/fred/series/observations?api_key=" + key + "&file_type=json&limit=100000&series_id=WRESBAL",
		}
		if diff := cmp.Diff(asked, p.asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		if len(rows) != 2 || rows[0].Value.OK || rows[1].Value.V*rows[1].Multiplier != tc.want || rows[1].Unit != tc.units || rows[1].Frequency != "Weekly, Ending Wednesday" {
			t.Errorf("%s: got %+v", tc.units, rows)
		}
	}
}

func TestAPIRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	const title = "Assets: Total Assets: Total Assets (Less Eliminations from Consolidation): Wednesday Level"
	meta := metadata("WALCL", title, "Millions of U.S. Dollars", "Weekly, As of Wednesday")
	obs := observations("2026-09-16 6748281", "2026-09-23 6747704")
	in := func(s, old, repl string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("%q is not in the answer", old)
		}
		return strings.Replace(s, old, repl, 1)
	}
	for name, tc := range map[string]struct{ meta, obs, want string }{
		"metadata web page":    {"<html><body>", obs, "web page"},
		"metadata empty":       {"", obs, "empty"},
		"metadata truncated":   {meta[:80], obs, "cut off"},
		"metadata of another":  {in(meta, `"id":"WALCL"`, `"id":"WALCX"`), obs, "WALCX"},
		"metadata of none":     {`{"seriess":[]}`, obs, "0 series"},
		"no units":             {in(meta, "units\":\"Millions of U.S. Dollars", "units\":\""), obs, "lack"},
		"another title":        {in(meta, "Wednesday Level", "Week Average"), obs, "another series"},
		"another frequency":    {in(meta, "Weekly, As of", "Monthly, As of"), obs, "frequency has changed"},
		"percent":              {in(meta, "Millions of U.S. Dollars", "Percent"), obs, "expected"},
		"unknown unit":         {in(meta, "Millions of U.S. Dollars", "Lin"), obs, "not known"},
		"unit says billions":   {in(meta, "Millions of U.S.", "Billions of U.S."), obs, "looks like"},
		"values in billions":   {meta, observations("2026-09-23 6747.704"), "looks like"},
		"web page":             {meta, "<!DOCTYPE html>", "web page"},
		"empty":                {meta, "", "empty"},
		"truncated":            {meta, obs[:len(obs)-30], "cut off"},
		"renamed key":          {meta, in(obs, `"value"`, `"val"`), `"val"`},
		"extra key":            {meta, in(obs, `"date"`, `"flag":"x","date"`), `"flag"`},
		"no observations":      {meta, `{"count":0,"units":"lin","output_type":1}`, "missing"},
		"no history":           {meta, observations(), "no value"},
		"transformed":          {meta, in(obs, `"lin"`, `"pch"`), "transformed"},
		"vintages as columns":  {meta, in(obs, `"output_type":1`, `"output_type":2`), "output_type"},
		"fewer than promised":  {meta, in(obs, `"count":2`, `"count":3`), "promised"},
		"more than promised":   {meta, in(obs, `"count":2`, `"count":1`), "count is 1"},
		"NaN":                  {meta, in(obs, "6747704", "NaN"), "not a number"},
		"1e309":                {meta, in(obs, "6747704", "1e309"), "too large"},
		"empty value":          {meta, in(obs, "6747704", ""), "not a number"},
		"value without quotes": {meta, in(obs, `"6747704"`, "6747704"), "JSON"},
		"a day twice":          {meta, in(obs, "2026-09-23", "2026-09-16"), "two values"},
		"bad day":              {meta, in(obs, `"date":"2026-09-23"`, `"date":"2026-9-23"`), "2026-9-23"},
		"an error":             {meta, `{"error_code":400,"error_message":"Bad Request. The series does not exist."}`, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := serve(t, api(tc.meta, tc.obs))
			_, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base, Key: key}), window("WALCL"))
			checkBroken(t, err, "WALCL", tc.want)
		})
	}
}

func TestRecordedAPIAnswerAsAFile(t *testing.T) {
	t.Parallel()
	src := fred.Series(extracttest.Client(t), fred.Config{Files: []string{"file://" + sharedtest.File(t, "upstream", "fred", "series_observations_SOFR_2024-06-01_2024-06-06.json")}})
	rows, err := extracttest.All(t, src, window("SOFR"))
	if err != nil || len(rows) != 4 || rows[0].Value.V != 5.35 || rows[3].Date != day("2024-06-06") {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func FuzzParseObservations(f *testing.F) {
	f.Add(observations("2026-09-23 6747704", "2026-09-30 ."))
	f.Add(`{"error_code":400,"error_message":"Bad Request."}`)
	f.Fuzz(func(t *testing.T, body string) {
		rows, total, err := fred.ParseObservations(strings.NewReader(body))
		if err != nil && rows != nil || len(rows) > total {
			t.Errorf("%d rows of %d, %v", len(rows), total, err)
		}
	})
}

func FuzzParseMetadata(f *testing.F) {
	f.Add(metadata("WALCL", "Total Assets", "Millions of U.S. Dollars", "Weekly"))
	f.Fuzz(func(t *testing.T, body string) {
		m, err := fred.ParseMetadata(strings.NewReader(body))
		if err == nil && (m.ID == "" || m.Units == "") {
			t.Errorf("believed %+v", m)
		}
	})
}
