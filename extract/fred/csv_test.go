package fred_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fred"
	"tidemark/schemas"
)

func TestGraphRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	good := "observation_date,WALCL\r\n2026-09-16,6748281\r\n2026-09-23,6747704\r\n"
	in := func(old, repl string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the answer", old)
		}
		return strings.Replace(good, old, repl, 1)
	}
	for name, tc := range map[string]struct{ body, want string }{
		"web page":           {"<!DOCTYPE html><html><head><title>FRED</title>", "FRED"},
		"empty":              {"", "empty"},
		"only a header":      {"observation_date,WALCL\n", "no value"},
		"truncated":          {good[:len(good)-10], "cells"},
		"cut in a number":    {good[:len(good)-3], "cut off"},
		"another series":     {in("WALCL", "WALCX"), "WALCX"},
		"renamed column":     {in("observation_date", "day"), `"day"`},
		"extra column":       {strings.ReplaceAll(good, "\r\n", ",x\r\n"), `"x"`},
		"both names of day":  {"observation_date,DATE,WALCL\n2026-09-23,2026-09-23,1\n", "both"},
		"no column of day":   {"WALCL\n1\n", "neither"},
		"NaN":                {in("6747704", "NaN"), "not a number"},
		"1e309":              {in("6747704", "1e309"), "too large"},
		"billions":           {in("6747704", "6747.704"), "looks like"},
		"thousands":          {in("6747704", "6747704000"), "not believable"},
		"half a million":     {in("6747704", "6747704.5"), "finer"},
		"a day twice":        {in("2026-09-16", "2026-09-23"), "two values"},
		"not a Wednesday":    {in("2026-09-16", "2026-09-17"), "Thursday"},
		"American date":      {in("2026-09-16", "09/16/2026"), "09/16/2026"},
		"a quote not closed": {in("6747704", `"6747704`), "quote"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := serve(t, map[string]string{graph: tc.body})
			_, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base}), window("WALCL"))
			checkBroken(t, err, "WALCL", tc.want)
		})
	}
}

func TestGraphAsksForTheSeriesAndTheWindow(t *testing.T) {
	t.Parallel()
	base, p := serve(t, map[string]string{graph: "DATE,SOFR\n2018-12-31,3.00\n2019-01-01,.\n2019-01-02,3.15\n"})
	src := fred.Series(extracttest.Client(t), fred.Config{GraphBase: base})
	rows, err := extracttest.All(t, src, window("SOFR"))
	if err != nil || len(rows) != 3 || rows[1].Value.OK || rows[2].Value.V != 3.15 || rows[2].Unit != "Percent" || rows[2].Multiplier != 1 {
		t.Errorf("got %+v, %v", rows, err)
	}
	narrow := schemas.Window{Part: "fred:SOFR", From: day("2019-01-01"), To: day("2020-01-01")}
	var broken *extract.ContractError
	if _, err := extracttest.All(t, src, narrow); !errors.As(err, &broken) || !strings.Contains(broken.What, "2018-12-31, which was not asked for") {
		t.Errorf("a day that was not asked for: got %v", err)
	}
	want := []string{graph + "?id=SOFR", graph + "?coed=2019-12-31&cosd=2019-01-01&id=SOFR"}
	if diff := cmp.Diff(want, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestDaysBefore1970AreLeftOut(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, map[string]string{graph: "observation_date,GDP\n1969-10-01,1052.696\n1970-01-01,1058.1\n2026-04-01,31095.089\n"})
	rows, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base}), window("GDP"))
	if err != nil || len(rows) != 2 || rows[0].Date != day("1970-01-01") {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func TestDaysFitTheFrequency(t *testing.T) {
	t.Parallel()
	for id, line := range map[string]string{"SOFR": "2026-09-26,3.90", "GDP": "2026-04-02,31095.089", "SP500": "2026-09-27,7443.28", "WRESBAL": "2026-09-24,3142721"} {
		base, _ := serve(t, map[string]string{graph: "observation_date," + id + "\n" + line + "\n"})
		_, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base}), window(id))
		checkBroken(t, err, id, "does not fit")
	}
}

func TestDiscontinuedSeriesMayBeEmpty(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, map[string]string{graph: "observation_date,IOER\n"})
	if _, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Base: base}), window("IOER")); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("got %v, want ErrNoData", err)
	}
}

func FuzzParseCSV(f *testing.F) {
	f.Add("observation_date,WALCL\n2026-09-23,6747704\n")
	f.Add("DATE,WALCL\r\n2002-12-18,719542\r\n2002-12-25,.")
	f.Add("observation_date,WALCL\n2026-09-23,0x1p4\n")
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := fred.ParseCSV(strings.NewReader(body), "WALCL")
		if err != nil && rows != nil {
			t.Error("rows beside an error")
		}
	})
}
