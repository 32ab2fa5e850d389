package h41_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/h41"
	"tidemark/schemas"
)

const download = `"Series Description","Assets: Total assets: Wednesday level","Change, ""week"", of something","Float: Wednesday level"
"Unit:","Currency","Currency","Currency"
"Multiplier:","1000000","1000000","1000000"
"Currency:","USD","USD","USD"
"Unique Identifier: ","H41/H41/RESPPMA_N.WW","H41/H41/RESPPMA_XCH1_N.WW","H41/H41/RESH4SCF_N.WW"
"Time Period","RESPPMA_N.WW","RESPPMA_XCH1_N.WW","RESH4SCF_N.WW"
2026-09-16,6748281,NA,NC
2026-09-23,6747704,-577,-272`

func fetchCSV(t *testing.T, content string, cfg h41.Config) ([]schemas.Observation, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "FRB_H41.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Files = []string{"file://" + path}
	return extracttest.All(t, h41.Archive(extracttest.Client(t), cfg), window)
}

func TestDownloadIsReadByName(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"LF": download, "CRLF": strings.ReplaceAll(download, "\n", "\r\n"), "last newline": download + "\n"} {
		rows, err := fetchCSV(t, content, h41.Config{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		at := index(rows)
		if len(rows) != 4 || at[point{"RESPPMA_N.WW", "2026-09-23"}].Value.V != 6_747_704 || at[point{"RESH4SCF_N.WW", "2026-09-23"}].Value.V != -272 {
			t.Errorf("%s: got %+v", name, rows)
		}
		if none := at[point{"RESH4SCF_N.WW", "2026-09-16"}]; none.Value.OK || none.Status != "NC" {
			t.Errorf("%s: a value that was not calculated became %+v", name, none)
		}
	}
	rows, err := fetchCSV(t, download, h41.Config{Series: []string{"RESPPMA_XCH1_N.WW"}})
	if err != nil || len(rows) != 6 || index(rows)[point{"RESPPMA_XCH1_N.WW", "2026-09-23"}].Value.V != -577 {
		t.Errorf("with the change as well: got %+v, %v", rows, err)
	}
	if _, err := fetchCSV(t, download, h41.Config{Series: []string{"WALCL"}}); err == nil || !strings.Contains(err.Error(), `"WALCL"`) {
		t.Errorf("a series of another publisher in the configuration: got %v", err)
	}
}

func TestDownloadRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	in := func(old, repl string) string {
		if !strings.Contains(download, old) {
			t.Fatalf("%q is not in the download", old)
		}
		return strings.Replace(download, old, repl, 1)
	}
	for name, tc := range map[string]struct{ body, want string }{
		"web page":               {"<html><head></head><body></body></html>", "web page"},
		"empty":                  {"", "empty"},
		"truncated":              {download[:len(download)-5], "cells"},
		"cut in the header":      {download[:300], "quote"},
		"no header":              {"2026-09-23,6747704\n", "no header line"},
		"a header line missing":  {in("\"Currency:\",\"USD\",\"USD\",\"USD\"\n", ""), "header lines"},
		"another label":          {in("Multiplier:", "Scale:"), "Scale:"},
		"renamed column":         {in("\"Time Period\",\"RESPPMA_N.WW\"", "\"Time Period\",\"RESPPMB_N.WW\""), "RESPPMB"},
		"columns moved":          {in("\"Time Period\",\"RESPPMA_N.WW\",\"RESPPMA_XCH1_N.WW\"", "\"Time Period\",\"RESPPMA_XCH1_N.WW\",\"RESPPMA_N.WW\""), "identified as"},
		"extra column":           {in("\"RESH4SCF_N.WW\"\n", "\"RESH4SCF_N.WW\",\"X\"\n"), "cells where line 1"},
		"extra cell":             {in("6747704,-577", "6747704,1,-577"), "cells"},
		"another release":        {in("H41/H41/RESPPMA_N.WW", "H8/H8/B1001NCBA"), "identified as"},
		"billions":               {in(`"Multiplier:","1000000"`, `"Multiplier:","1000000000"`), "millions of US dollars"},
		"percent":                {in(`"Unit:","Currency"`, `"Unit:","Percent"`), "millions of US dollars"},
		"euro":                   {in(`"USD"`, `"EUR"`), "EUR"},
		"a fraction":             {in("6747704", "6747.704"), "unit has changed"},
		"whole billions":         {in("6747704", "6748"), "total assets"},
		"thousands":              {in("6747704", "6747704000"), "unit has changed"},
		"NaN":                    {in("6747704", "NaN"), "not a number"},
		"1e309":                  {in("6747704", "1e309"), "too large"},
		"empty value":            {in("6747704", ""), "not a number"},
		"American date":          {in("2026-09-23", "09/23/2026"), "09/23/2026"},
		"a Thursday":             {in("2026-09-23", "2026-09-24"), "Thursday"},
		"a day twice":            {in("2026-09-23", "2026-09-16"), "second line"},
		"column twice":           {strings.ReplaceAll(download, "RESH4SCF", "RESPPMA"), "second one named"},
		"odd name":               {strings.ReplaceAll(download, "RESPPMA_XCH1", "Total assets"), "not the name of a series"},
		"nothing that is wanted": {strings.NewReplacer("RESPPMA_N", "RESPPZZ_N", "RESH4SCF", "RESPPYY").Replace(download), "none of the series"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fetchCSV(t, tc.body, h41.Config{})
			var broken *extract.ContractError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want a ContractError", err)
			}
			if broken.Publisher != "h41" || broken.Window != window || len(broken.Payload) != 64 {
				t.Errorf("the error names %q, %v, %q", broken.Publisher, broken.Window, broken.Payload)
			}
			if !strings.Contains(broken.What, tc.want) {
				t.Errorf("got %q, want it to contain %q", broken.What, tc.want)
			}
			if !strings.Contains(err.Error(), "FRB_H41.csv") {
				t.Errorf("%v does not name the file", err)
			}
		})
	}
}

func FuzzParseCSV(f *testing.F) {
	keep := func(name string) bool { return name == "RESPPMA_N.WW" }
	f.Add(download)
	f.Add(strings.ReplaceAll(download, "6748281", "ND"))
	f.Add(strings.ReplaceAll(download, "\n", "\r\n"))
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := h41.ParseCSV(strings.NewReader(body), keep)
		checkRows(t, rows, err)
	})
}

func TestSelectKeepsWhatTheIdentitiesNeed(t *testing.T) {
	t.Parallel()
	keep := h41.Select("RESPPMA_XCH1_N.WW")
	for name, want := range map[string]bool{
		"RESPPMA_N.WW": true, "RESH4R_XAW_N.WW": true, "RESPPALD_N.WW": true,
		"RESPPMA_XCH1_N.WW": true, "RESH4R_XCH1_N.WW": false, // changes only on request
		"RESPPMA_XAW_N.WW":     false, // table 5 has no averages
		"RESPPAAML1H_XAW_N.WW": true,  // a vehicle, by its prefix
		"RESPPAANEW1H_N.WW":    true,
		"RESPPAAEH_XCH52_N.WW": false,
		"RESPPAAEH_N.WM":       false,
		"RESBANK1_N.WW":        false,
		"":                     false,
	} {
		if got := keep(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
