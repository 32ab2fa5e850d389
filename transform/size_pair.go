package transform

import (
	"strings"

	"tidemark/schemas"
)

// suffixes name the two bases on which levels are compared: price return and
// total return. The two are never mixed.
var suffixes = []string{"pr", "tr"}

// computeSize compares a universe with the larger one that it is paired with,
// on each basis for which both have a level.
func computeSize(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	u := in.Universe
	s := &levelFacts{in: in}
	var findings []Finding
	for _, b := range []struct{ suffix, small, large, basis string }{
		{"pr", u.Level, u.AgainstLevel, u.LevelBasis},
		{"tr", u.LevelTR, u.AgainstLevelTR, u.LevelTRBasis},
	} {
		if b.small == "" || b.large == "" {
			continue
		}
		if x, y := publisherKind(b.small), publisherKind(b.large); x != y {
			findings = append(findings, Finding{
				Check: "same_basis", Severity: schemas.SeverityWarning, Universe: u.ID, Date: schemas.NoDate,
				Message: b.small + " is compared with " + b.large + ": an index and a fund differ by the fund's fee",
			})
		}
		small, found := levelOf(in, b.small, b.suffix, b.basis)
		findings = append(findings, found...)
		large, found := levelOf(in, b.large, b.suffix, b.basis)
		findings = append(findings, found...)
		small, large = pairOf(small, large)
		s.strengthFacts(&small, &large)
		s.gapFacts(&small, &large)
		s.divergenceFacts(&small, &large)
	}
	return s.facts, findings
}

// publisherKind is what stands before the colon of a level's source: index or
// fund.
func publisherKind(source string) string {
	kind, _, _ := strings.Cut(source, ":")
	return kind
}

func sizePairMetrics() []string {
	var out []string
	for _, suffix := range suffixes {
		for _, name := range []string{"rs_ratio_", "rs_log_", "rs_z_", "rs_pctl_"} {
			out = append(out, name+suffix)
		}
		for _, sp := range spans {
			for _, g := range gaps {
				out = append(out, "size_gap_"+g.name+"_"+sp.name+"_"+suffix)
			}
		}
	}
	return append(out, divergenceIDs()...)
}
