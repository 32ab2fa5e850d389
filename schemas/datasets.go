package schemas

// Datasets lists every stored table, in the order in which they are made.
func Datasets() []Dataset {
	out := append(windowed(), Runs.Dataset, Builds.Dataset, Inputs.Dataset, Payloads.Dataset, CheckResults.Dataset, Journal.Dataset,
		Slots.Dataset, Leases.Dataset, Backfills.Dataset, LogLines.Dataset, Incidents.Dataset, Deliveries.Dataset)
	for _, d := range windowed() {
		out = append(out, d.History())
	}
	return out
}

// windowed lists the tables whose windows are built.
func windowed() []Dataset {
	out := []Dataset{
		Bars.Dataset, Actions.Dataset, Holdings.Dataset, Spells.Dataset, Changes.Dataset,
		Constituents.Dataset, Renames.Dataset, Observations.Dataset, Rates.Dataset,
		Operations.Dataset, CashBalances.Dataset,
	}
	for _, t := range FactTables {
		out = append(out, t.Dataset)
	}
	return append(out, Contributions.Dataset, ShareCounts.Dataset, Earnings.Dataset, SOMAHoldings.Dataset, Securities.Dataset, Vintages.Dataset)
}
