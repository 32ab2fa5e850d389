package ofr

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

func TestTimeseries(t *testing.T) {
	t.Parallel()
	got, err := ParseTimeseries(strings.NewReader(`[["2014-08-22",0.07],["2014-08-25",null],["2014-08-26",-1e-2]]`))
	want := []schemas.Observation{
		{Date: schemas.NewDate(2014, time.August, 22), Value: schemas.Some(0.07)},
		{Date: schemas.NewDate(2014, time.August, 25)},
		{Date: schemas.NewDate(2014, time.August, 26), Value: schemas.Some(-0.01)},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		`[["2014-08-22"]]`:                          "1 parts",
		`[["2014-08-22",0.07,1]]`:                   "3 parts",
		`[[1408665600000,0.07]]`:                    "the day is",
		`[["22.08.2014",0.07]]`:                     "date",
		`[["2014-08-22","0.07"]]`:                   "value",
		`[["2014-08-22",1e309]]`:                    "value",
		`[["2014-08-22",1],["2014-08-22",2]]`:       "after one of",
		`[["2014-08-22",1],["2014-08-21",2]]`:       "after one of",
		`{"REPO-TRI_AR_OO-P":{"timeseries":{}}}`:    "not the JSON",
		`null`:                                      "null",
		`[["2014-08-22",`:                           "cut off",
		"<html><title>403 Forbidden</title></html>": "",
	} {
		if _, err := ParseTimeseries(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", text, err, want)
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for mnemonic, want := range map[string]string{
		"REPO-TRI_AR_OO-P": "Percent", "REPO-TRIV1_TV_TOT-F": "U.S. Dollars", "REPO-GCF_TV_OO-A": "U.S. Dollars", "FNYR-SOFR-A": "Percent",
		"MMF-MMF_TOT-M": "", "REPO-TRI_OV_OO-P": "", "REPO-TRI_AR_OO": "", "repo-tri_ar_oo-p": "", "": "",
	} {
		u, _, err := unitOf(mnemonic)
		if u.name != want || (err == nil) != (want != "") {
			t.Errorf("%q is in %q, error %v", mnemonic, u.name, err)
		}
	}
	answer := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("User-Agent"), "Mozilla/5.0") {
			t.Errorf("asked as %q", r.Header.Get("User-Agent"))
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer srv.Close()
	for _, c := range []struct{ mnemonic, answer, want string }{
		{"REPO-TRI_AR_OO-P", `[["2025-01-02",4.3]]`, ""},
		{"REPO-TRI_AR_OO-P", `[["2025-01-02",430]]`, "percent"}, // basis points
		{"REPO-TRI_TV_OO-P", `[["2025-01-02",1.2e12],["2025-01-03",0]]`, ""},
		{"REPO-TRI_TV_OO-P", `[["2025-01-02",1200],["2025-01-03",1300]]`, "not in u.s. dollars"}, // billions
		{"REPO-TRI_TV_OO-P", `[["2025-01-02",-5]]`, "u.s. dollars"},
		{"REPO-TRI_TV_OO-P", `[["2012-01-02",1e12]]`, ""}, // the whole series was asked for
	} {
		answer = c.answer
		rows, err := extracttest.All(t, Series(extracttest.Client(t), Config{Base: srv.URL}), schemas.CutWhole.Window(Part(c.mnemonic), 0))
		if c.want == "" {
			if err != nil || rows[0].Status != "P" || rows[0].Series != c.mnemonic {
				t.Errorf("%s %s: %+v, error %v", c.mnemonic, c.answer, rows, err)
			}
			continue
		}
		if breach, ok := errors.AsType[*extract.ContractError](err); !ok || !strings.Contains(breach.What, c.want) {
			t.Errorf("%s %s: %v, want a breach that says %q", c.mnemonic, c.answer, err, c.want)
		}
	}
	answer = "[]"
	if _, err := extracttest.All(t, Series(extracttest.Client(t), Config{Base: srv.URL}), schemas.CutWhole.Window(Part("FNYR-SOFR-A"), 0)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("nothing: %v", err)
	}
}

func FuzzTimeseries(f *testing.F) {
	f.Add(`[["2014-08-22",0.07],["2014-08-25",null]]`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ParseTimeseries(strings.NewReader(text))
		for i, r := range rows {
			if err == nil && i > 0 && r.Date <= rows[i-1].Date {
				t.Errorf("%+v of %q", r, text)
			}
		}
	})
}
