package clickhouse

import "tidemark/schemas"

// securityView is facts.security over all its years: a row for each symbol that a
// source has had for a security, and for each decision about it.
func securityView() view {
	return view{
		name: "security", comment: "Who is who: whom the symbols of prices, holdings and index members stand for in the figures of a universe, and why. Lines of funds that are no shares are listed with an empty security.",
		columns: []viewColumn{
			{"universe", "String", "For whose figures it was decided: an index universe."},
			{"security", "String", securityComment[:len(securityComment)-1] + ", as in mart.contribution; empty where the line is no share."},
			{"source", "String", "Whose symbol it is: prices, holdings or members, and of whom."},
			{"symbol", "String", "Symbol in the source's spelling, or the number or name by which a line without one goes."},
			{"first_day", "Date", "First day on which the source has it."},
			{"last_day", "Nullable(Date32)", "Last day on which the source has it; empty while it is among its newest."},
			{"how", "String", "Why the symbol stands for the security."},
			{"issuer", "String", "Permanent id of the issuer: its registrant number, its CUSIP, or the security itself; empty where the security has no part in the universe."},
			{"name", "String", "Name, the newest that the source gives."},
			{"sector", "String", "Sector, the newest that the source gives."},
			{"cusip", "String", "CUSIP, the newest that the source gives."},
			{"isin", "String", "ISIN, the newest that the source gives."},
			{"sedol", "String", "SEDOL, the newest that the source gives."},
		},
		query: "SELECT universe, security, source, symbol, min(r.first_day) AS first_day, if(countIf(last IS NULL) > 0, NULL, max(last)) AS last_day, how,\n" +
			"    argMaxIf(r.issuer, r.first_day, r.issuer != '') AS issuer, argMax(r.name, r.first_day) AS name, argMax(r.sector, r.first_day) AS sector,\n" +
			"    argMax(r.cusip, r.first_day) AS cusip, argMax(r.isin, r.first_day) AS isin, argMax(r.sedol, r.first_day) AS sedol\n" +
			// Each year tells for itself; what is open at the end of one that another follows ended with it, or goes on in that.
			"FROM (SELECT s.*, if(s.last_day IS NULL AND toYear(s.first_day) < n.newest, makeDate32(toYear(s.first_day), 12, 31), s.last_day) AS last\n" +
			"    FROM " + schemas.Securities.String() + " AS s INNER JOIN (SELECT universe, toYear(max(first_day)) AS newest FROM " + schemas.Securities.String() + " GROUP BY universe) AS n USING (universe)) AS r\n" +
			"GROUP BY universe, security, source, symbol, how",
	}
}
