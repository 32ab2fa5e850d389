package schemas

// Datasets lists every stored table, in the order in which they are made.
func Datasets() []Dataset {
	out := []Dataset{
		Bars.Dataset, Actions.Dataset, Holdings.Dataset, Spells.Dataset, Changes.Dataset,
		Constituents.Dataset, Renames.Dataset, Observations.Dataset, Rates.Dataset,
		Operations.Dataset, CashBalances.Dataset,
	}
	for _, t := range FactTables {
		out = append(out, t.Dataset)
	}
	out = append(out, Contributions.Dataset, ShareCounts.Dataset, Earnings.Dataset, SOMAHoldings.Dataset)
	return append(out, Runs.Dataset, Builds.Dataset, Inputs.Dataset, Payloads.Dataset, CheckResults.Dataset, Journal.Dataset,
		Slots.Dataset, Leases.Dataset, Backfills.Dataset, LogLines.Dataset, Incidents.Dataset, Deliveries.Dataset)
}
