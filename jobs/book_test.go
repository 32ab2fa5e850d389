package jobs

import (
	"slices"
	"testing"

	"tidemark/schemas"
)

// TestChosenForTheBook holds what a workbook shows where sheets and universes are
// chosen: pairs of chosen universes, and what is no universe of an index.
func TestChosenForTheBook(t *testing.T) {
	t.Parallel()
	r := &Runner{Catalog: &Catalog{Config: Config{
		Universes: []Universe{{ID: "SPX_MEMBERS"}, {ID: "SP600_MEMBERS"}, {ID: "R2000_MEMBERS"}},
		Workbook:  WorkbookConfig{Universes: []string{"SPX_MEMBERS", "SP600_MEMBERS"}, Sheets: []string{"Breadth", "Sources"}},
	}}}
	all := []string{"SPX_MEMBERS", "SP600_MEMBERS", "R2000_MEMBERS", "SP600_MEMBERS~SPX_MEMBERS", "R2000_MEMBERS~SPX_MEMBERS", "FED", "STOCKS_BONDS"}
	shown := func(id string) bool { return r.Catalog.Config.Workbook.shown(id, r.Catalog.Config.Universes) }
	got := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return !shown(id) })
	if want := []string{"SPX_MEMBERS", "SP600_MEMBERS", "SP600_MEMBERS~SPX_MEMBERS", "FED", "STOCKS_BONDS"}; !slices.Equal(got, want) {
		t.Errorf("shown are %v, want %v", got, want)
	}
	var tables []string
	for _, table := range schemas.FactTables {
		if r.Catalog.Config.Workbook.shows(table) {
			tables = append(tables, table.String())
		}
	}
	if want := []string{"facts.breadth", "facts.breadth_trend"}; !slices.Equal(tables, want) {
		t.Errorf("tables %v are read, want %v", tables, want)
	}
	r.Catalog.Config.Workbook = WorkbookConfig{}
	if !shown("R2000_MEMBERS~SPX_MEMBERS") || !r.Catalog.Config.Workbook.shows(schemas.Liquidity) {
		t.Error("something is left out though nothing was chosen")
	}
}
