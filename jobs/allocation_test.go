package jobs

import (
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func TestAllocationsAreValidated(t *testing.T) {
	t.Parallel()
	bp := func(v float64) *float64 { return &v }
	good := Allocation{ID: "MIX", Large: "fund:SPY", Bonds: "fund:AGG"}
	for _, x := range []struct {
		what   string
		change func(*Allocation)
		want   string // "" where there is nothing to say
	}{
		{"as it is", func(*Allocation) {}, ""},
		{"trading for nothing", func(a *Allocation) { a.CostBP = bp(0) }, ""},
		{"no id", func(a *Allocation) { a.ID = "" }, "allocations[0]: id is missing"},
		{"a pair's id", func(a *Allocation) { a.ID = "A~B" }, `id "A~B" must not contain`},
		{"a universe's id", func(a *Allocation) { a.ID = "SPX" }, "a second one is called SPX"},
		{"the Fed's id", func(a *Allocation) { a.ID = FedUniverse }, "FED is the universe of the Federal Reserve"},
		{"no bonds", func(a *Allocation) { a.Bonds = "" }, "large and bonds are needed"},
		{"negative cost", func(a *Allocation) { a.CostBP = bp(-1) }, "cost_bp: -1 is not between"},
	} {
		a := good
		x.change(&a)
		cfg := Config{History: History{From: schemas.NewDate(2024, 1, 1)}, Universes: []Universe{{ID: "SPX", Index: "SP500"}}, Allocations: []Allocation{a}}
		switch err := cfg.Validate(); {
		case x.want == "" && err != nil:
			t.Errorf("%s: %v", x.what, err)
		case x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
}

func TestAllocationBasis(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]Allocation{
		"fund_tr":  {Large: "fund:SPY", Small: "fund:IJR", Bonds: "fund:AGG"},
		"index_tr": {Large: "index:SPXTR", Bonds: "index:LBUSTRUU"},
		"mixed":    {Large: "index:SPXTR", Bonds: "fund:AGG"},
	} {
		if got := a.basis(); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
}

// What an allocation names must be fetched; and what it costs is part of the
// method, so that another cost builds its facts anew.
func TestAllocationJobs(t *testing.T) {
	t.Parallel()
	files := []File{{}}
	files[0].Name, files[0].Kind, files[0].Paths, files[0].Parts = "funds", KindLevels, []string{"funds.csv"}, []string{"fund:SPY", "fund:AGG"}
	cfg := Config{
		History: History{From: schemas.NewDate(2024, 1, 1)}, Files: files, Publishers: Publishers{NYFed: &NYFed{Rates: []string{"EFFR"}}},
		Allocations: []Allocation{{ID: "MIX", Large: "fund:SPY", Bonds: "fund:AGG", Cash: "EFFR"}},
	}
	method := func(cfg Config) string {
		t.Helper()
		c, err := NewCatalog(cfg, calendar.US())
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range c.Jobs {
			if j.Name == "allocation:MIX" {
				return j.Method
			}
		}
		t.Fatal("there is no job")
		return ""
	}
	dear := cfg
	cost := 25.0
	dear.Allocations = []Allocation{cfg.Allocations[0]}
	dear.Allocations[0].CostBP = &cost
	if a, b := method(cfg), method(dear); a == b || a == "" {
		t.Errorf("methods %q and %q", a, b)
	}
	wrong := cfg
	wrong.Allocations = []Allocation{{ID: "MIX", Large: "fund:SPY", Bonds: "fund:TLT", Cash: "SOFR"}}
	_, err := NewCatalog(wrong, calendar.US())
	for _, want := range []string{`allocations[0] (MIX): bonds names "fund:TLT"`, `cash names "SOFR"`, "it has EFFR"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
