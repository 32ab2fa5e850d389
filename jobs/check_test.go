package jobs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/extract"
	"tidemark/schemas"
)

// TestFindingsAreBounded holds that a check that finds something in every line
// leaves a list that can be read, the errors first, and the count of the rest.
func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	var list []finding
	for i := range 70 {
		list = append(list, finding{of: "S", day: 20000, says: fmt.Sprint("finding ", i), mild: i%2 == 0})
	}
	got := (CheckInfo{Name: "c", Severity: schemas.SeverityError}).results(list, "")
	if len(got) != maxFindings+1 {
		t.Fatalf("%d results, want %d", len(got), maxFindings+1)
	}
	if got[0].Message != "2024-10-04 S: finding 1" || got[0].Severity != schemas.SeverityError || got[0].Passed {
		t.Errorf("the first is %+v, want the first error", got[0])
	}
	if got[35].Severity != schemas.SeverityWarning || got[35].Message != "2024-10-04 S: finding 0" {
		t.Errorf("after the errors comes %+v, want the first warning", got[35])
	}
	if last := got[maxFindings]; last.Message != "and 20 more" || last.Severity != schemas.SeverityWarning {
		t.Errorf("the last is %+v, want the count of the rest", last)
	}
}

// TestPassedChecksAreResults holds that a check that found nothing leaves a
// result with its note, and one that is off leaves none.
func TestPassedChecksAreResults(t *testing.T) {
	t.Parallel()
	checks := []check[int]{
		{CheckInfo: CheckInfo{Name: "a", Severity: schemas.SeverityError}, holds: func(n int) ([]finding, string) { return nil, fmt.Sprint("held ", n) }},
		{CheckInfo: CheckInfo{Name: "b", Severity: schemas.SeverityError}, holds: func(int) ([]finding, string) { return []finding{{says: "no"}}, "" }},
	}
	got := examine(configured(checks, map[string]schemas.Severity{"b": Off}), 3)
	if len(got) != 1 || !got[0].Passed || got[0].Check != "a" || got[0].Message != "held 3" {
		t.Errorf("got %+v", got)
	}
	got = examine(configured(checks, map[string]schemas.Severity{"b": schemas.SeverityWarning}), 3)
	if len(got) != 2 || got[1].Passed || got[1].Severity != schemas.SeverityWarning {
		t.Errorf("got %+v", got)
	}
	if checks[1].Severity != schemas.SeverityError {
		t.Error("a configuration changed the check of another")
	}
}

// TestEveryFindingIsACheck holds that whatever the calculations notice is under
// a check of its table's jobs, so that nothing is dropped without a word.
func TestEveryFindingIsACheck(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../transform/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	named := regexp.MustCompile(`(?:Check:\s+|\bfind\(|\bagree\()"([a-z0-9_]+)"`)
	names := map[string]string{"h41_identity_1": "h41.go", "h41_identity_5": "h41.go"}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllSubmatch(text, -1) {
			names[string(m[1])] = filepath.Base(file)
		}
	}
	if len(names) < 25 {
		t.Fatalf("only %d names of findings were found", len(names))
	}
	for name, file := range names {
		if isIdentity(name) {
			name = identities.Name
		}
		if !slices.ContainsFunc(KnownChecks(), func(k CheckInfo) bool { return k.Name == name }) {
			t.Errorf("%s finds %q, which is no check", file, name)
		}
	}
}

// TestChecksSayWhatTheyHold holds that each check is one sentence, that no job
// has two of one name, and that all of its checks are known.
func TestChecksSayWhatTheyHold(t *testing.T) {
	t.Parallel()
	known := KnownChecks()
	for _, k := range known {
		if !strings.HasSuffix(k.Says, ".") || strings.Contains(k.Says, ". ") || k.Says[:1] != strings.ToUpper(k.Says[:1]) {
			t.Errorf("%s: %q is not one sentence", k.Name, k.Says)
		}
		if k.Severity != schemas.SeverityError && k.Severity != schemas.SeverityWarning {
			t.Errorf("%s: severity %q", k.Name, k.Severity)
		}
	}
	c := testCatalog(t, nil)
	for _, j := range c.Jobs {
		seen := map[string]bool{}
		for _, k := range j.Checks {
			if seen[k.Name] || !slices.Contains(known, k) {
				t.Errorf("%s: %+v is there twice or is not known", j.Name, k)
			}
			seen[k.Name] = true
		}
		if j.Fetched() && (!seen["contract"] || !seen["row_count"]) {
			t.Errorf("%s is not checked for its contract and its rows", j.Name)
		}
	}
}

// TestSeverityOfChecks holds what the configuration may say of checks.
func TestSeverityOfChecks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"weight_sum: warning": "",
		"row_count: off":      "",
		"contract: error":     "",
		"wieght_sum: warning": `there is no check "wieght_sum"; there are actions_cash, `,
		"weight_sum: fatal":   `checks.weight_sum: "fatal" is none of error, warning, off`,
		"contract: off":       "checks.contract: it is always of severity error",
	} {
		key, severity, _ := strings.Cut(name, ": ")
		c := testConfig(schemas.NewDate(2025, 1, 1))
		c.Checks = map[string]schemas.Severity{key: schemas.Severity(severity)}
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	c := testCatalog(t, map[string]schemas.Severity{"weight_sum": Off, "coverage": schemas.SeverityError})
	want := map[string]schemas.Severity{"ishares:IVV weight_sum": Off, "ssga:SPY weight_sum": Off, "breadth:SPX_MEMBERS coverage": schemas.SeverityError, "ishares:IVV row_count": schemas.SeverityError}
	for _, j := range c.Jobs {
		for _, k := range j.Checks {
			if s, ok := want[j.Name+" "+k.Name]; ok && s != k.Severity {
				t.Errorf("%s of %s has severity %s, want %s", k.Name, j.Name, k.Severity, s)
			}
			delete(want, j.Name+" "+k.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("no job has %v", want)
	}
}

// TestBrokenContract holds that a broken contract is told in words, and that
// no other failure is taken for one.
func TestBrokenContract(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("fetch: %w", &extract.ContractError{Publisher: "ishares", Payload: "0123456789abcdef", What: `no column "Weight (%)"`})
	got := broken(err)
	if len(got) != 1 || got[0].Passed || got[0].Severity != schemas.SeverityError || got[0].Message != `ishares: no column "Weight (%)" (answer 0123456789ab)` {
		t.Errorf("got %+v", got)
	}
	if got := broken(errors.New("no route to host")); got != nil {
		t.Errorf("got %+v, want nothing", got)
	}
}
