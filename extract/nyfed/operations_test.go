package nyfed_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/nyfed"
	"tidemark/schemas"
)

// heads returns the first line of each operation.
func heads(rows []schemas.Operation) []schemas.Operation {
	var out []schemas.Operation
	for _, r := range rows {
		if r.Line == 0 {
			out = append(out, r)
		}
	}
	return out
}

func TestOperationsKeepsWhatTheServerDidNotFilter(t *testing.T) {
	t.Parallel()
	src := nyfed.Operations(extracttest.Client(t), nyfed.Config{Files: recorded(t, "rp_results_search_2017-05-22.json", "rp_results_search_2026-09-21_2026-09-28.json")})
	rows, err := extracttest.All(t, src, year(nyfed.Desk, 2026))
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for _, o := range heads(rows) {
		count[o.Type]++
	}
	if count[schemas.OperationRepo] != 12 || count[schemas.OperationReverseRepo] != 6 {
		t.Errorf("got %v, want 12 Repo and 6 Reverse Repo", count)
	}
	// A repo operation has three types of collateral, a reverse repo one.
	if want := 12*3 + 6; len(rows) != want {
		t.Errorf("got %d lines, want %d", len(rows), want)
	}
	last := rows[len(rows)-1]
	last.Payload = ""
	want := schemas.Operation{
		Desk: "nyfed", ID: "RP 092826 27", Line: 2, Date: day("2026-09-28"), Settlement: day("2026-09-28"), Maturity: day("2026-09-29"),
		Type: "Repo", Method: "Full Allotment", Status: "Results", TermDays: schemas.Some[int64](1), Term: "Overnight",
		ReleaseTime: "13:30", CloseTime: "13:45", LastUpdated: time.Date(2026, 9, 28, 17, 45, 26, 0, time.UTC),
		TotalSubmitted: schemas.Some[int64](1_000_000), TotalAccepted: schemas.Some[int64](1_000_000),
		SecurityType: "Mortgage-Backed", AmountSubmitted: schemas.Some[int64](0), AmountAccepted: schemas.Some[int64](0), OfferingRate: some(4),
	}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOperationsKeepsTheSmallValueExercise(t *testing.T) {
	t.Parallel()
	rows, err := extracttest.All(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Files: recorded(t, "rp_results_search_2017-05-22.json")}), year(nyfed.Desk, 2017))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 {
		t.Fatalf("got %d rows, want the exercise and the regular operation", len(rows))
	}
	exercise, regular := rows[0], rows[1]
	if exercise.CloseTime != "10:00" || exercise.TotalAccepted.V != 21_000_000 || exercise.SecurityType != "Mortgage-Backed" {
		t.Errorf("the exercise is %+v", exercise)
	}
	if want := `See announcement from <a href="http://www.newyorkfed.org/markets/opolicy/operating_policy_170508a.html"> May 8, 2017</a>.`; exercise.Note != want {
		t.Errorf("note is %q, want %q", exercise.Note, want)
	}
	if regular.CloseTime != "13:15" || regular.TotalAccepted.V != 185_031_000_000 || regular.AwardRate != some(0.75) || regular.Accepted.V != 55 {
		t.Errorf("the regular operation is %+v", regular)
	}
	if exercise.ReleaseTime != "" || regular.OfferingRate.OK {
		t.Error("absent keys became values")
	}
}

func TestOperationsRefusesTheReducedRecordOfPropositions(t *testing.T) {
	t.Parallel()
	_, err := extracttest.All(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Files: recorded(t, "rp_reverserepo_propositions_2014-12-15_2015-01-05.json")}), year(nyfed.Desk, 2014))
	var broken *extract.ContractError
	if !errors.As(err, &broken) || !strings.Contains(broken.What, "auctionStatus is missing") {
		t.Errorf("got %v", err)
	}
	if err != nil && !strings.Contains(err.Error(), "propositions_2014") {
		t.Errorf("%v does not name the file", err)
	}
}

// A year with an amount that needs exact 64 bits, written in three ways, and
// an announcement, which has neither amounts nor collateral.
const operations2022 = `{"repo":{"operations":[
 {"operationId":"RP 123022 1","auctionStatus":"Results","operationDate":"2022-12-30","settlementDate":"2022-12-30","maturityDate":"2023-01-03","operationType":"Reverse Repo","operationMethod":"Fixed Rate","settlementType":"Same Day","termCalenderDays":4,"term":"Overnight","releaseTime":"12:45","closeTime":"13:15","note":"","lastUpdated":"2022-12-30 13:15:40","participatingCpty":113,"acceptedCpty":113,"totalAmtSubmitted":2.553716E12,"totalAmtAccepted":2553716000000,"details":[{"securityType":"Treasury","amtSubmitted":2553716000000.0,"amtAccepted":2553716000000,"percentOfferingRate":4.30,"percentAwardRate":4.30}]},
 {"operationId":"RP 123022 2","auctionStatus":"Announcement","operationDate":"2022-12-30","operationType":"Repo","operationMethod":"Multiple Price","term":"Overnight"}
]}}`

func TestOperationsAsksForTheDaysOfTheWindow(t *testing.T) {
	t.Parallel()
	base, last := serve(t, operations2022)
	rows, err := extracttest.All(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Base: base}), year(nyfed.Desk, 2022))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := last.URL.String(), "/api/rp/results/search.json?endDate=2022-12-31&startDate=2022-01-01"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if len(rows) != 2 {
		t.Fatalf("got %d rows, want 2", len(rows))
	}
	for _, got := range []schemas.Opt[int64]{rows[0].TotalSubmitted, rows[0].TotalAccepted, rows[0].AmountSubmitted, rows[0].AmountAccepted} {
		if got != schemas.Some[int64](2_553_716_000_000) {
			t.Errorf("got %v, want 2553716000000", got)
		}
	}
	if a := rows[1]; a.Status != "Announcement" || a.TotalAccepted.OK || a.SecurityType != "" || a.Settlement != schemas.NoDate || !a.LastUpdated.IsZero() {
		t.Errorf("the announcement is %+v", a)
	}
}

func TestRatesAndOperationsMayLieInOneFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := []string{writeFile(t, dir, "2022.json", operations2022), writeFile(t, dir, "2019.json", sofr2019), writeFile(t, dir, "rates_effr.json", "not opened for SOFR")}
	rates, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Files: files}), year("SOFR", 2019))
	if err != nil || len(rates) != 2 {
		t.Errorf("got %d rates, %v, want 2", len(rates), err)
	}
	operations, err := extracttest.All(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Files: files[:2]}), year(nyfed.Desk, 2022))
	if err != nil || len(operations) != 2 {
		t.Errorf("got %d operations, %v, want 2", len(operations), err)
	}
	var broken *extract.ContractError
	if _, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Files: files}), year("EFFR", 2019)); !errors.As(err, &broken) {
		t.Errorf("a file that is no answer at all: got %v, want a ContractError", err)
	}
}

func TestOperationsLaterFileCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := writeFile(t, dir, "a.json", operations2022)
	amended := strings.NewReplacer("2553716000000,\"details\"", "2553000000000,\"details\"").Replace(operations2022)
	second := writeFile(t, dir, "b.json", amended)
	for _, tc := range []struct {
		files []string
		want  int64
	}{{[]string{first, second}, 2_553_000_000_000}, {[]string{second, first}, 2_553_716_000_000}} {
		rows, err := extracttest.All(t, nyfed.Operations(extracttest.Client(t), nyfed.Config{Files: tc.files}), year(nyfed.Desk, 2022))
		if err != nil || len(rows) != 2 {
			t.Fatalf("got %d rows, %v", len(rows), err)
		}
		if got := rows[0].TotalAccepted.V; got != tc.want {
			t.Errorf("%v: got %d, want %d", tc.files, got, tc.want)
		}
	}
}

func TestOperationsNoDataIsNotAFailure(t *testing.T) {
	t.Parallel()
	base, last := serve(t, `{"repo":{"operations":[]}}`)
	src := nyfed.Operations(extracttest.Client(t), nyfed.Config{Base: base})
	if _, err := extracttest.All(t, src, year(nyfed.Desk, 1999)); !errors.Is(err, extract.ErrNoData) || last.URL != nil {
		t.Errorf("before there were operations: got %v, asked %v", err, last.URL)
	}
	if _, err := extracttest.All(t, src, year(nyfed.Desk, 2030)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("an empty year: got %v", err)
	}
	if _, err := extracttest.All(t, src, year("ecb", 2024)); err == nil || errors.Is(err, extract.ErrNoData) {
		t.Errorf("an unknown desk: got %v", err)
	}
}

func TestOperationsRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	change := func(old, repl string) string {
		if !strings.Contains(operations2022, old) {
			t.Fatalf("%q is not in the answer", old)
		}
		return strings.Replace(operations2022, old, repl, 1)
	}
	hostile(t, func(base string) extract.Source[schemas.Operation] {
		return nyfed.Operations(extracttest.Client(t), nyfed.Config{Base: base})
	}, year(nyfed.Desk, 2022), map[string]struct{ body, want string }{
		"web page":                {"<html><body>sorry</body></html>", "web page"},
		"empty":                   {"\n", "empty"},
		"truncated":               {operations2022[:400], "cut off"},
		"rates instead":           {sofr2019, "another kind"},
		"no list":                 {`{"repo":{}}`, "repo.operations is missing"},
		"renamed key":             {change("totalAmtAccepted", "totalAccepted"), `"totalAccepted"`},
		"renamed in details":      {change(`"amtAccepted"`, `"accepted"`), `"accepted"`},
		"extra key":               {change(`"term":`, `"venue":"X","term":`), `"venue"`},
		"missing total":           {change(`"totalAmtAccepted":2553716000000,`, ""), "totalAmtAccepted is missing"},
		"unknown type":            {change("Reverse Repo", "Swap"), "Swap"},
		"in thousands":            {change(`"totalAmtAccepted":2553716000000`, `"totalAmtAccepted":2553716001`), "unit has changed"},
		"in thousandths":          {change(`"totalAmtAccepted":2553716000000`, `"totalAmtAccepted":2553716000000000`), "not an amount in dollars"},
		"fraction of a dollar":    {change("2553716000000.0", "2553716000000.5"), "whole number"},
		"amount beyond 64 bits":   {change("2553716000000.0", "1e19"), "whole number"},
		"huge exponent":           {change("2553716000000.0", "1e-9999999"), "too small"},
		"1e309":                   {change("4.30", "1e309"), "too large"},
		"NaN":                     {change("4.30", "NaN"), "N"},
		"amount in quotes":        {change("2553716000000.0", `"2553716000000"`), "not a JSON number"},
		"negative amount":         {change("2553716000000.0", "-1000000"), "negative"},
		"bad clock":               {change(`"13:15"`, `"1:15 pm"`), "closeTime"},
		"bad instant":             {change("2022-12-30 13:15:40", "yesterday"), "lastUpdated"},
		"operation twice":         {change("RP 123022 2", "RP 123022 1"), "twice"},
		"a day not asked for":     {change(`"operationDate":"2022-12-30"`, `"operationDate":"2021-12-30"`), "not asked for"},
		"collateral with no name": {change(`"securityType":"Treasury",`, ""), "securityType is missing"},
	})
}

func FuzzParseOperations(f *testing.F) {
	f.Add(operations2022)
	f.Add(`{"repo":{"operations":[{"operationId":"x","totalAmtAccepted":1E12}]}}`)
	f.Add(`{"repo":{"operations":[{"details":[{"amtAccepted":1e99}],"note":"<\/a>"}]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := nyfed.ParseOperations(strings.NewReader(body))
		if err != nil && rows != nil {
			t.Error("rows beside an error")
		}
		for _, r := range rows {
			if r.ID == "" || r.TotalAccepted.V < 0 || r.Type == "" {
				t.Errorf("believed %+v", r)
			}
		}
	})
}

func TestOperationsHasManners(t *testing.T) {
	t.Parallel()
	extracttest.Manners[schemas.Operation]{
		New: func(g extract.Getter, base string) extract.Source[schemas.Operation] {
			return nyfed.Operations(g, nyfed.Config{Base: base})
		},
		Publisher: answering(operations2022),
		Window:    year(nyfed.Desk, 2022),
		Date:      func(r *schemas.Operation) schemas.Date { return r.Date },
	}.Hold(t)
}
