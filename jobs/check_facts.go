package jobs

import (
	"fmt"
	"slices"
	"strings"

	"tidemark/schemas"
	"tidemark/transform"
)

// product is what a check of facts sees: what is to be published, what it was
// made from, and what the calculation noticed on the way.
type product struct {
	in       *transform.Inputs
	facts    []schemas.Fact
	stood    []schemas.Fact // where only new days are to be published: what checks ask of the days before
	findings []transform.Finding
}

// noticed makes a check of what the calculation notices under the given name.
// Most are warnings: figures that such a finding concerns carry the reason as
// their status, and facts with a reason are right.
func noticed(name, says string) check[product] {
	return check[product]{
		CheckInfo: CheckInfo{Name: name, Severity: schemas.SeverityWarning, Says: says},
		holds: func(p product) ([]finding, string) {
			return p.noticed(func(check string) bool { return check == name }), ""
		},
	}
}

func (p product) noticed(under func(check string) bool) []finding {
	var out []finding
	for _, f := range p.findings {
		if under(f.Check) {
			out = append(out, finding{of: f.Security, day: f.Date, says: f.Message})
		}
	}
	return out
}

// factChecks lists the checks of each table of facts. A test holds that
// everything the calculations notice is under one of them. What several tables
// of a universe would notice in the same rows is told by one of them: of
// holdings by concentration, of prices and actions by breadth, whose windows
// look back furthest.
var factChecks = map[string][]check[product]{
	schemas.Concentration.String(): slices.Concat([]check[product]{
		coverage,
		noticed("funds_agree", "Two funds on one index have the same weight in their ten largest lines on the same day, to within half a point."),
		noticed("prices_of_fund", "A member's close is the price at which a fund on the index values it on that day, to within 0.3 %."),
		noticed("holdings_rejected", "Each holdings file adds up, has no short positions, and tells one story by market value and by weight."),
		noticed("holdings_residual", "At most 2 % of a fund is something other than shares."),
		noticed("identity_issuer", "Each line has one issuer, and somebody says who it is."),
	}, identityChecks),
	schemas.Breadth.String(): slices.Concat([]check[product]{
		coverage,
		noticed("members_none", "Where there are prices, somebody says who the members are."),
	}, identityChecks, priceChecks),
	schemas.Size.String(): slices.Concat([]check[product]{
		levelDrift,
		noticed("same_basis", "An index is compared with an index, and a fund with a fund."),
	}, levelChecks),
	schemas.Allocation.String():          levelChecks,
	schemas.ContributionSummary.String(): {coverage},
	schemas.Dispersion.String():          {coverage},
	schemas.Valuation.String():           {coverage},
	schemas.ContributionLevel.String(): {
		noticed("contribution_residual", "The contributions of a day add up to the published return of the index, to within 5 basis points."),
	},
	schemas.Liquidity.String(): {
		identities,
		noticed("h41_identity_5", "The changes that the H.4.1 prints are those of its figures: nothing was revised without a word."),
		noticed("sources_agree", "Two publishers of one figure of the Fed agree to the rounding: the H.4.1 and FRED, the New York Fed and FRED."),
		noticed("tga_agrees", "The Treasury's own balance on Wednesdays is the H.4.1's."),
		noticed("week_average_agrees", "The averages of the week's operations are the H.4.1's."),
		noticed("unit", "Amounts are in dollars and rates in percent, and unit and multiplier agree."),
		noticed("magnitude", "No amount is beyond what the balance sheet of the Fed can be."),
		noticed("sign", "What cannot be negative is not."),
		noticed("weekday", "Figures of the H.4.1 are dated on Wednesdays."),
		noticed("one_row", "The Treasury's statement of a day has one closing balance."),
	},
}

var identityChecks = []check[product]{
	noticed("identity_rename", "A ticker is renamed to one other on a day."),
	noticed("identity_class", "Each spelling of a share class stands for one security."),
	noticed("identity_reuse", "A ticker that was given up is not taken over by another company within the prices."),
	noticed("members_rename", "No list goes on for long under a ticker that was given up."),
	noticed("members_change", "Who leaves the index was in it, and who joins was not."),
}

var priceChecks = []check[product]{
	noticed("prices_missing", "Each member has prices on each of its sessions."),
	noticed("prices_gap", "No session between others of a member is left out."),
	noticed("prices_range", "Closes are above zero and within what trades."),
	noticed("prices_differ", "Publishers of adjusted closes agree to within 1 %."),
	noticed("prices_basis", "All publishers adjust for the same."),
	noticed("actions_missing", "No member's adjusted close jumps by a third or more without an action within two sessions or the trading that news brings."),
	noticed("actions_no_jump", "Prices as traded jump where a split says so."),
	noticed("actions_not_applied", "Prices that their publisher has adjusted do not jump where a split says so."),
	noticed("actions_differ", "Publishers of an action agree on its ratio."),
	noticed("actions_twice", "A split and a large cash amount do not stand on one day, as they do where one event is booked twice."),
	noticed("actions_cash", "No cash amount is as large as the price."),
	noticed("actions_spin_off", "What was spun off has a value."),
}

var levelChecks = []check[product]{
	noticed("level_positive", "Levels are above zero."),
	noticed("level_once", "A day has one level."),
	noticed("level_session", "Levels are dated on sessions."),
}

// checksOf returns the checks of a job of facts.
func (c *Catalog) checksOf(d schemas.Dataset) []check[product] {
	return configured(factChecks[d.String()], c.Config.Checks)
}

// identities gathers the first four identities of the H.4.1 into one check.
// The weeks on which one fails carry that reason as their status, so it does
// not hold back the others.
var identities = check[product]{
	CheckInfo: CheckInfo{
		Name: "h41_identities", Severity: schemas.SeverityWarning,
		Says: "The totals of the H.4.1 are the sums of their parts, to within 3 mn.",
	},
	holds: func(p product) ([]finding, string) {
		found := p.noticed(isIdentity)
		failing := map[schemas.Date]bool{}
		for _, f := range found {
			failing[f.day] = true
		}
		weeks := map[schemas.Date]bool{}
		for _, f := range p.facts {
			if isIdentity(f.Metric) && f.Value.OK {
				weeks[f.Session] = true
			}
		}
		said := fmt.Sprintf("they hold on %d of %d Wednesdays", len(weeks)-len(failing), len(weeks))
		if len(found) == 0 {
			return nil, said
		}
		return append([]finding{{day: schemas.NoDate, says: said}}, found...), ""
	},
}

func isIdentity(name string) bool {
	return strings.HasPrefix(name, "h41_identity_") && name != "h41_identity_5"
}
