package schemas

import (
	"strconv"
	"time"
)

// ContributionWindows are the windows over which contributions are linked, in
// sessions; the first is the calendar year so far.
var ContributionWindows = [...]string{"ytd", "63", "126", "252"}

// ContributionMethod is the version of the definition of contributions.
const ContributionMethod = 1

// Linked is what one security added to the return of an index over a window.
// The contributions of all securities add up to the return, whichever way they
// are linked. Unknown where the window is not complete.
type Linked struct {
	BuyHold  Opt[float64] // sum c_t prod_{s<t}(1 + R_s)
	Carino   Opt[float64] // sum c_t k_t/k, k_t = ln(1 + R_t)/R_t
	Menchero Opt[float64] // sum c_t (A + a R_t)
	Return   Opt[float64] // of the security; only of one that was in throughout
}

// Contribution is what one security added to the return of a universe on one
// session and over the windows that end with it. There is a row for every line
// of the index, and for every line that has left it while a window still
// remembers it.
type Contribution struct {
	Universe string
	Session  Date
	Security string       // permanent id
	Weight   Opt[float64] // at the open, after the session's changes of the index; those of a session add up to 1
	Return   Opt[float64] // of the session
	Daily    Opt[float64] // weight times return
	Windows  [len(ContributionWindows)]Linked
	Status   Status // ok, or why there is no return of the session
	Basis    string // of the returns: tr, pr or mixed
	Method   int64
	KnownAt  time.Time
	Run      string
}

// Contributions holds what each security added to the return of an index. Its
// rows go by session, so that an evening adds to their end.
var Contributions = NewTable(Dataset{
	Database: "facts", Name: "contribution", Comment: "What each security added to the return of an index, day by day and over windows.",
	PartColumn: "universe", DateColumn: "session", Cut: CutYear, Order: []string{"session", "security"},
}, contributionFields()...)

// ContributionSummary and ContributionLevel hold what follows from
// contributions. What is held against published levels stands apart, because
// these come in one piece for all years.
var (
	ContributionSummary = FactTable("contribution_summary", "Who earned the return of an index, and what it is without them.", CutYear)
	ContributionLevel   = FactTable("contribution_level", "What contributions add up to, held against published levels.", CutWhole)
)

func contributionFields() []Field[Contribution] {
	fields := []Field[Contribution]{
		Symbol("universe", "Whose return it is: an index universe.", func(r *Contribution) *string { return &r.Universe }),
		Day("session", "Session; the last one of the windows.", func(r *Contribution) *Date { return &r.Session }),
		Symbol("security", "Permanent id of the security.", func(r *Contribution) *string { return &r.Security }),
		OptFloat("weight", "fraction", "Weight at the open, after the session's changes of the index; 0 for a line that has left, empty where the session's return is not known.", func(r *Contribution) *Opt[float64] { return &r.Weight }),
		OptFloat("security_return", "fraction", "Return of the session; empty where it is not known or the line has left.", func(r *Contribution) *Opt[float64] { return &r.Return }),
		OptFloat("contrib_i", "fraction", "Weight times return; those of a session add up to the return of the index.", func(r *Contribution) *Opt[float64] { return &r.Daily }),
	}
	for i, w := range ContributionWindows {
		over := "over " + w + " sessions"
		if _, err := strconv.Atoi(w); err != nil {
			over = "since the last session of the year before"
		}
		fields = append(
			fields,
			OptFloat("contrib_bh_"+w, "fraction", "Contribution "+over+", bought and held: sum c_t prod_{s<t}(1 + R_s).", func(r *Contribution) *Opt[float64] { return &r.Windows[i].BuyHold }),
			OptFloat("contrib_carino_"+w, "fraction", "Contribution "+over+", after Carino 1999: sum c_t k_t/k.", func(r *Contribution) *Opt[float64] { return &r.Windows[i].Carino }),
			OptFloat("contrib_menchero_"+w, "fraction", "Contribution "+over+", after Menchero 2000: sum c_t (A + a R_t).", func(r *Contribution) *Opt[float64] { return &r.Windows[i].Menchero }),
			OptFloat("return_"+w, "fraction", "Return of the security "+over+"; empty where it was not in the index throughout.", func(r *Contribution) *Opt[float64] { return &r.Windows[i].Return }),
		)
	}
	return append(
		fields,
		Symbol("status", "ok, or the reason why the session has no return of the security.", func(r *Contribution) *string { return (*string)(&r.Status) }),
		Symbol("basis", "What the returns are: tr, pr or mixed.", func(r *Contribution) *string { return &r.Basis }),
		Int("method", "", "Version of the definition.", func(r *Contribution) *int64 { return &r.Method }),
		Instant("known_at", "When all inputs were public.", func(r *Contribution) *time.Time { return &r.KnownAt }),
		Symbol("run_id", "Run that built the row.", func(r *Contribution) *string { return &r.Run }).AsOrigin(),
	)
}
