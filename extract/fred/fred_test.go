package fred_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fred"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

const key = "0123456789abcdef0123456789abcdef"

func window(id string) schemas.Window {
	return schemas.CutWhole.Window(fred.Part(id), schemas.MinDate)
}

func day(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// publisher answers by path and keeps what it was asked.
type publisher struct {
	mu      sync.Mutex
	asked   []string
	answers map[string]string
}

func serve(t *testing.T, answers map[string]string) (string, *publisher) {
	t.Helper()
	p := &publisher{answers: answers}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return srv.URL, p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.URL.Path+"?"+r.URL.Query().Encode())
	body, ok := p.answers[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(body))
}

func metadata(id, title, units, frequency string) string {
	return fmt.Sprintf(`{"realtime_start":"2026-09-25","realtime_end":"2026-09-25","seriess":[{"id":%q,"realtime_start":"2026-09-25","title":%q,`+
		`"frequency":%q,"frequency_short":"W","units":%q,"seasonal_adjustment":"Not Seasonally Adjusted","last_updated":"2026-09-24 15:34:05-05","popularity":81,"notes":"a note"}]}`,
		id, title, frequency, units)
}

func observations(rows ...string) string {
	var list []string
	for _, r := range rows {
		d, v, _ := strings.Cut(r, " ")
		list = append(list, fmt.Sprintf(`{"realtime_start":"2026-09-25","realtime_end":"2026-09-25","date":%q,"value":%q}`, d, v))
	}
	return fmt.Sprintf(`{"realtime_start":"2026-09-25","realtime_end":"2026-09-25","observation_start":"1600-01-01","observation_end":"9999-12-31","units":"lin",`+
		`"output_type":1,"file_type":"json","order_by":"observation_date","sort_order":"asc","count":%d,"offset":0,"limit":100000,"observations":[%s]}`,
		len(rows), strings.Join(list, ","))
}

func api(meta, obs string) map[string]string {
	return map[string]string{"/fred/series": meta, "/fred/series/observations": obs}
}

const graph = "/graph/fredgraph.csv"

func macro(t *testing.T, name string) string {
	t.Helper()
	return "file://" + sharedtest.File(t, "market", "macro", name)
}

func TestRecordedFilesGiveTheirFigures(t *testing.T) {
	t.Parallel()
	files := []string{
		macro(t, "EFFR.csv"), macro(t, "IORB.csv"), macro(t, "RRPONTSYD.csv"), macro(t, "SOFR.csv"), macro(t, "SP500.csv"), macro(t, "TGCRRATE.csv"),
		macro(t, "WALCL.csv"), macro(t, "WDTGAL.csv"), macro(t, "WRESBAL.csv"), macro(t, "WSHOSHO.csv"), macro(t, "WTREGEN.csv"),
		macro(t, "NYFED_SRF_ACCEPTED.csv"), macro(t, "dts_tga_close_2022-2026.csv"),
	}
	src := fred.Series(extracttest.Client(t), fred.Config{Files: files})
	for _, tc := range []struct {
		id, day    string
		rows       int
		value      float64
		unit       string
		multiplier float64
	}{
		{"WALCL", "2026-07-15", 1231, 6_743_028, fred.Millions, 1e6},
		{"WDTGAL", "2026-07-15", 1231, 795_976, fred.Millions, 1e6},
		{"WRESBAL", "2026-07-15", 1231, 3_142_721, fred.Millions, 1e6},
		{"WTREGEN", "2026-07-15", 1231, 756_218, fred.Millions, 1e6},
		{"WSHOSHO", "2023-04-19", 1062, 7_860_459, fred.Millions, 1e6}, // the older header
		{"RRPONTSYD", "2022-12-30", 3287, 2553.716, fred.Billions, 1e9},
		{"SOFR", "2026-07-21", 2072, 3.61, fred.Percent, 1},
		{"EFFR", "2008-12-16", 6165, 0.17, fred.Percent, 1},
		{"IORB", "2021-07-29", 1820, 0.15, fred.Percent, 1},
		{"TGCRRATE", "2018-04-02", 2073, 1.77, fred.Percent, 1},
		{"SP500", "2026-07-21", 2512, 7509.2, fred.Index, 1},
	} {
		rows, err := extracttest.All(t, src, window(tc.id))
		if err != nil {
			t.Errorf("%s: %v", tc.id, err)
			continue
		}
		if len(rows) != tc.rows {
			t.Errorf("%s: got %d rows, want %d", tc.id, len(rows), tc.rows)
		}
		found := false
		for i, r := range rows {
			if i > 0 && rows[i-1].Date >= r.Date {
				t.Errorf("%s: %s does not come before %s", tc.id, rows[i-1].Date, r.Date)
			}
			if r.Date == day(tc.day) {
				found = true
				if r.Value != schemas.Some(tc.value) || r.Unit != tc.unit || r.Multiplier != tc.multiplier || r.Source != "fred:"+tc.id || r.Series != tc.id || len(r.Payload) != 64 {
					t.Errorf("%s %s: got %+v, want %v %s", tc.id, tc.day, r, tc.value, tc.unit)
				}
			}
		}
		if !found {
			t.Errorf("%s: %s is missing", tc.id, tc.day)
		}
	}
	if _, err := extracttest.All(t, src, window("GDP")); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a series without a file: got %v, want ErrNoData", err)
	}
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

func TestHolidayIsARowWithoutAValue(t *testing.T) {
	t.Parallel()
	src := fred.Series(extracttest.Client(t), fred.Config{Files: []string{"file://" + sharedtest.File(t, "upstream", "fred", "fredgraph_RRPONTSYD_2003-02-07_2026-07-31.csv")}})
	rows, err := extracttest.All(t, src, window("RRPONTSYD"))
	if err != nil {
		t.Fatal(err)
	}
	empty := 0
	for _, r := range rows {
		if !r.Value.OK {
			empty++
		}
		if r.Date == day("2003-02-10") && r.Value.OK {
			t.Errorf("2003-02-10 is %v, want no value", r.Value.V)
		}
	}
	if empty == 0 || empty == len(rows) {
		t.Errorf("%d of %d rows have no value", empty, len(rows))
	}
}

// FRED restated WRESBAL from billions to millions for its whole history.
func TestUnitChangeIsNoticedAndNeverLoaded(t *testing.T) {
	t.Parallel()
	old := "file://" + sharedtest.File(t, "market", "macro", "WRESBAL_vintage_2025-04_billions.csv")
	_, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Files: []string{macro(t, "WRESBAL.csv"), old}}), window("WRESBAL"))
	var broken *extract.ContractError
	if !errors.As(err, &broken) {
		t.Fatalf("got %v, want a ContractError", err)
	}
	for _, want := range []string{`"Billions of U.S. Dollars"`, "declare", "2600.598"} {
		if !strings.Contains(broken.What, want) {
			t.Errorf("%q does not contain %q", broken.What, want)
		}
	}
	if !strings.Contains(err.Error(), "WRESBAL_vintage_2025-04_billions.csv") {
		t.Errorf("%v does not name the file", err)
	}

	byName := fred.Config{Files: []string{old}, Units: map[string]string{"WRESBAL_vintage_2025-04_billions.csv": fred.Billions}}
	bySeries := fred.Config{Files: []string{old}, Units: map[string]string{"WRESBAL": fred.Billions}}
	now, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Files: []string{macro(t, "WRESBAL.csv")}}), window("WRESBAL"))
	if err != nil {
		t.Fatal(err)
	}
	millions := make(map[schemas.Date]float64)
	for _, r := range now {
		millions[r.Date] = r.Value.V * r.Multiplier
	}
	for name, cfg := range map[string]fred.Config{"by file": byName, "by series": bySeries} {
		rows, err := extracttest.All(t, fred.Series(extracttest.Client(t), cfg), window("WRESBAL"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(rows) != 522 {
			t.Errorf("%s: got %d rows, want 522", name, len(rows))
		}
		for _, r := range rows {
			if r.Unit != fred.Billions || r.Multiplier != 1e9 {
				t.Fatalf("%s: %+v", name, r)
			}
			if got, want := r.Value.V*r.Multiplier, millions[r.Date]; got < want-1 || got > want+1 {
				t.Errorf("%s: %s is USD %.0f in billions and %.0f in millions", name, r.Date, got, want)
			}
		}
	}
	wrong := fred.Config{Files: []string{macro(t, "WRESBAL.csv")}, Units: map[string]string{"WRESBAL": fred.Billions}}
	if _, err := extracttest.All(t, fred.Series(extracttest.Client(t), wrong), window("WRESBAL")); !errors.As(err, &broken) || !strings.Contains(broken.What, fred.Millions) {
		t.Errorf("millions declared as billions: got %v", err)
	}
}

func checkBroken(t *testing.T, err error, id, want string) {
	t.Helper()
	var broken *extract.ContractError
	if !errors.As(err, &broken) {
		t.Fatalf("got %v, want a ContractError", err)
	}
	if broken.Publisher != "fred" || broken.Window != window(id) || len(broken.Payload) != 64 {
		t.Errorf("the error names %q, %v, %q", broken.Publisher, broken.Window, broken.Payload)
	}
	if !strings.Contains(broken.What, want) {
		t.Errorf("got %q, want it to contain %q", broken.What, want)
	}
}

func TestSeriesSaysWhatToDoAboutTheConfiguration(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  fred.Config
		part string
		want string
	}{
		"not a series":        {fred.Config{}, "h41", `"fred:WALCL"`},
		"not an id":           {fred.Config{}, "fred:WALCL&x=1", `"fred:WALCL"`},
		"key of another form": {fred.Config{Key: "SECRETSECRET"}, "fred:WALCL", "32 lower-case hexadecimal"},
		"unit not known":      {fred.Config{}, "fred:M2SL", "declare it"},
	} {
		_, err := extracttest.All(t, fred.Series(extracttest.Client(t), tc.cfg), schemas.CutWhole.Window(tc.part, 0))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestUncataloguedSeriesWithADeclaredUnit(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, map[string]string{graph: "observation_date,M2SL\n2026-08-01,22000.1\n"})
	cfg := fred.Config{Base: base, Units: map[string]string{"M2SL": "Billions of Dollars"}}
	rows, err := extracttest.All(t, fred.Series(extracttest.Client(t), cfg), window("M2SL"))
	if err != nil || len(rows) != 1 || rows[0].Multiplier != 1e9 {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func TestLaterFileCounts(t *testing.T) {
	t.Parallel()
	a := writeFile(t, "SOFR_a.csv", "observation_date,SOFR\n2026-09-24,3.88\n2026-09-25,3.90\n")
	b := writeFile(t, "SOFR_b.csv", "observation_date,SOFR\n2026-09-25,3.91\n2026-09-28,3.92\n")
	rows, err := extracttest.All(t, fred.Series(extracttest.Client(t), fred.Config{Files: []string{a, b}}), window("SOFR"))
	if err != nil || len(rows) != 3 || rows[1].Value.V != 3.91 {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func TestProbeSaysWhatCameBack(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, map[string]string{graph: "observation_date,WALCL\n2026-09-23,6747704\n"})
	got, err := fred.Probe(t.Context(), extracttest.Client(t), fred.Config{Base: base, Files: []string{"file:///nowhere"}})
	if err != nil || got != "WALCL 6747704 (Millions of U.S. Dollars) for 2026-09-23, by keyless CSV" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCatalogueIsConsistent(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, s := range fred.Catalogue() {
		if seen[s.ID] {
			t.Errorf("%s is there twice", s.ID)
		}
		seen[s.ID] = true
		if _, ok := fred.Multiplier(s.Unit); !ok {
			t.Errorf("%s has the unknown unit %q", s.ID, s.Unit)
		}
		if s.Low >= s.High || len(s.Title) == 0 || s.Frequency == "" {
			t.Errorf("%+v is incomplete", s)
		}
	}
	for _, id := range []string{
		"WALCL", "WSHOSHO", "TREAST", "WSHOMCB", "WRBWFRBL", "WRESBAL", "WDTGAL", "WTREGEN", "WLRRAL", "WLRRAFOIAL", "WLRRAOL", "WORAL", "WLCFLPCL",
		"WCURCIR", "RRPONTSYD", "SOFR", "EFFR", "IORB", "IOER", "RRPONTSYAWARD", "DFEDTARL", "DFEDTARU", "TGCRRATE", "GDP", "TLAACBW027SBOG", "SP500",
	} {
		if !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
}

func TestSeriesHasManners(t *testing.T) {
	t.Parallel()
	for name, apiKey := range map[string]string{"API": key, "keyless": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := api(metadata("SOFR", "Secured Overnight Financing Rate", "Percent", "Daily"), observations("2026-09-24 3.88", "2026-09-25 3.90"))
			answers[graph] = "observation_date,SOFR\n2026-09-24,3.88\n2026-09-25,3.90\n"
			extracttest.Manners[schemas.Observation]{
				New: func(g extract.Getter, base string) extract.Source[schemas.Observation] {
					return fred.Series(g, fred.Config{Base: base, Key: apiKey})
				},
				Publisher: &publisher{answers: answers},
				Window:    window("SOFR"),
				Date:      func(r *schemas.Observation) schemas.Date { return r.Date },
				Secret:    apiKey,
			}.Hold(t)
		})
	}
}

func TestKeylessAddressFollowsAStandIn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ cfg, want fred.Config }{
		{fred.Config{}, fred.Config{GraphBase: fred.DefaultGraphBase}},
		{fred.Config{Base: fred.DefaultBase}, fred.Config{GraphBase: fred.DefaultGraphBase}},
		{fred.Config{Base: "http://127.0.0.1:1/fred/"}, fred.Config{GraphBase: "http://127.0.0.1:1/fred"}},
		{fred.Config{Base: "http://127.0.0.1:1", GraphBase: "http://127.0.0.1:2/"}, fred.Config{GraphBase: "http://127.0.0.1:2"}},
	} {
		var asked string
		get := getterFunc(func(r extract.Request) { asked = r.URL })
		if _, err := extracttest.All(t, fred.Series(get, tc.cfg), window("WALCL")); !errors.Is(err, errAsked) {
			t.Fatal(err)
		}
		if want := tc.want.GraphBase + graph + "?id=WALCL"; asked != want {
			t.Errorf("%+v: asked for %s, want %s", tc.cfg, asked, want)
		}
	}
}

var errAsked = errors.New("asked")

// getterFunc notes requests and answers none.
type getterFunc func(r extract.Request)

func (f getterFunc) Get(_ context.Context, r extract.Request) (*extract.Payload, error) {
	f(r)
	return nil, errAsked
}
