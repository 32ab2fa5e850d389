package vendor

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

func TestManners(t *testing.T) {
	t.Parallel()
	serve := func(answer string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	}
	t.Run("bars", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Bar]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Bar] {
				return Bars(g, barsFile(base+"/a.csv"))
			},
			Publisher: serve(smallBars), Window: year("x", 2025),
			Date: func(r *schemas.Bar) schemas.Date { return r.Session },
		}.Hold(t)
	})
	t.Run("actions", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Action]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Action] {
				return Actions(g, File{Name: "x", Kind: KindActions, Paths: []string{base + "/a.csv"}})
			},
			Publisher: serve(smallActions), Window: allOf("x"),
			Date: func(r *schemas.Action) schemas.Date { return max(r.ExDate, schemas.MinDate) },
		}.Hold(t)
	})
	t.Run("levels", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Observation]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Observation] {
				return Levels(g, File{Name: "x", Kind: KindLevels, Paths: []string{base + "/a.csv"}})
			},
			Publisher: serve(smallLevels), Window: allOf("index:SPX"),
			Date: func(r *schemas.Observation) schemas.Date { return r.Date },
		}.Hold(t)
	})
	t.Run("renames", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Rename]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Rename] {
				return Renames(g, File{Name: "x", Kind: KindRenames, Paths: []string{base + "/a.csv"}})
			},
			Publisher: serve(smallRenames), Window: allOf("x"),
			Date: func(r *schemas.Rename) schemas.Date { return r.Date },
		}.Hold(t)
	})
}

// A window reads the files of its year only, and a year without a file has no
// data.
func TestFilesByYear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for year, content := range map[int]string{
		2024: "symbol,date,close\nA,2024-12-31,19.5\n",
		2025: "symbol,date,close\nA,2025-01-02,20\n",
		2027: "<html>",
	} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("bars-%d.csv", year)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := barsFile(filepath.Join(dir, "bars-{year}.csv"))
	for _, n := range []int{2024, 2025} {
		if bars := mustFetch(t, Bars(extracttest.Client(t), file), year("x", n)); len(bars) != 1 || bars[0].Session.Year() != n {
			t.Errorf("%d: %+v", n, bars)
		}
	}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), file), year("x", 2026)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year without file: %v, want no data", err)
	}
	file = File{Name: "x", Kind: KindActions, Paths: []string{filepath.Join(dir, "bars-{year}.csv")}, Columns: map[string]string{"dividend": "close"}}
	if _, err := extracttest.All(t, Actions(extracttest.Client(t), file), allOf("x")); err == nil || !strings.Contains(err.Error(), "bars-2027.csv") {
		t.Errorf("all years: %v, want the fault of 2027", err)
	}
	if err := os.Remove(filepath.Join(dir, "bars-2027.csv")); err != nil {
		t.Fatal(err)
	}
	if actions := mustFetch(t, Actions(extracttest.Client(t), file), allOf("x")); len(actions) != 2 {
		t.Errorf("all years: %+v, want those of two", actions)
	}
}

func TestFilesByYearOnAWebServer(t *testing.T) {
	t.Parallel()
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.URL.Path != "/bars/2025.csv.gz" {
			http.NotFound(w, r)
			return
		}
		if _, err := w.Write(packed(t, []byte(smallBars))); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	file := barsFile(srv.URL + "/bars/{year}.csv.gz")
	if bars := mustFetch(t, Bars(extracttest.Client(t), file), year("x", 2025)); len(bars) != 3 {
		t.Errorf("%d bars, want 3", len(bars))
	}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), file), year("x", 2024)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year that is not there: %v, want no data", err)
	}
	if want := []string{"/bars/2025.csv.gz", "/bars/2024.csv.gz"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	file = File{Name: "x", Kind: KindActions, Paths: file.Paths}
	if _, err := extracttest.All(t, Actions(extracttest.Client(t), file), allOf("x")); err == nil || !strings.Contains(err.Error(), "of all years cannot be read") {
		t.Errorf("all years: %v", err)
	}
}

func TestFilesOfAPattern(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, content := range []string{"symbol,date,close\nA,2025-01-02,1\n", "symbol,date,close\nB,2025-01-02,2\n"} {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.csv", i)), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bars := mustFetch(t, Bars(extracttest.Client(t), barsFile(filepath.Join(dir, "*.csv"))), year("x", 2025))
	if len(bars) != 2 || bars[0].Payload == bars[1].Payload {
		t.Errorf("got %+v, want a bar of each file with the file it is from", bars)
	}
	if err := os.WriteFile(filepath.Join(dir, "2.csv"), []byte("symbol,date,close\nA,2025-01-02,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), barsFile(filepath.Join(dir, "*.csv"))), year("x", 2025)); err == nil || !strings.Contains(err.Error(), "two rows of A on 2025-01-02") {
		t.Errorf("a bar in two files: %v", err)
	}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), barsFile(filepath.Join(dir, "*.parquet"))), year("x", 2025)); err == nil || !strings.Contains(err.Error(), "no file matches") {
		t.Errorf("no file: %v", err)
	}
}

const smallActions = "symbol,date,kind,ratio,amount\n" +
	"T,2022-04-11,spin_off,1.324,\n" +
	"AAPL,2020-08-31,split,4,\n" +
	"AAPL,2020-08-07,dividend,,0.82\n" +
	"GE,1962-02-19,dividend,,0.010452\n" +
	"COST,2024-12-27,special_dividend,,15\n"

func TestActions(t *testing.T) {
	t.Parallel()
	file := File{
		Name: "x", Kind: KindActions, Paths: []string{write(t, "a.csv", []byte(strings.Replace(smallActions, "split", "Stock Split", 1)))},
		Kinds: map[string]string{"Stock Split": schemas.ActionSplit},
	}
	got := mustFetch(t, Actions(extracttest.Client(t), file), allOf("x"))
	some := schemas.Some[float64]
	want := []schemas.Action{
		{Symbol: "AAPL", ExDate: date("2020-08-07"), Kind: "dividend", Amount: some(0.82)},
		{Symbol: "AAPL", ExDate: date("2020-08-31"), Kind: "split", Ratio: some(4)},
		{Symbol: "COST", ExDate: date("2024-12-27"), Kind: "special_dividend", Amount: some(15)},
		{Symbol: "GE", ExDate: date("1962-02-19"), Kind: "dividend", Amount: some(0.010452)},
		{Symbol: "T", ExDate: date("2022-04-11"), Kind: "spin_off", Ratio: some(1.324)},
	}
	for i := range want {
		want[i].Publisher, want[i].Payload = "x", got[0].Payload
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	late := mustFetch(t, Actions(extracttest.Client(t), file), schemas.Window{Part: "x", From: date("2022-01-01"), To: schemas.MaxDate})
	if len(late) != 2 {
		t.Errorf("since 2022: %+v, want two", late)
	}
}

func TestHostileActions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, content, want string }{
		{"split of zero", "symbol,date,kind,ratio,amount\nA,2020-08-31,split,0,\n", "A on 2020-08-31: ratio 0 cannot be"},
		{"split without ratio", "symbol,date,kind,ratio,amount\nA,2020-08-31,split,,\n", "a split without ratio"},
		{"negative dividend", "symbol,date,kind,ratio,amount\nA,2020-08-31,dividend,,-1\n", "amount -1 cannot be"},
		{"dividend without amount", "symbol,date,kind,ratio,amount\nA,2020-08-31,dividend,,\n", "a dividend without amount"},
		{"spin-off without anything", "symbol,date,kind,ratio,amount\nA,2020-08-31,spin_off,,\n", "without ratio or amount"},
		{"unknown kind", "symbol,date,kind,ratio,amount\nA,2020-08-31,merger,1,\n", `kind "merger" is not known`},
		{"no kind", "symbol,date,kind,ratio,amount\nA,2020-08-31,,1,\n", "is not known"},
		{"twice", "symbol,date,kind,ratio\nA,2020-08-31,split,4\nA,2020-08-31,split,4\n", "two rows of a split of A on 2020-08-31"},
		{"no date", "symbol,date,kind,ratio\nA,,split,4\n", "no ex-date"},
		{"before all tables", "symbol,date,kind,ratio\nA,1899-12-31,split,4\n", "outside"},
		{"ratio NaN", "symbol,date,kind,ratio\nA,2020-08-31,split,NaN\n", "not a number"},
		{"neither layout", "symbol,date\nA,2020-08-31\n", "either a kind"},
		{"both layouts", "symbol,date,kind,split\nA,2020-08-31,split,4\n", "either a kind"},
		{"session with a split of zero", "symbol,date,split,dividend\nA,2020-08-31,0,0\n", "split 0 cannot be"},
		{"session with a negative dividend", "symbol,date,split,dividend\nA,2020-08-31,1,-1\n", "dividend -1 cannot be"},
		{"ordinary sessions only", "symbol,date,split,dividend\nA,2020-08-31,1,0\n", "no data"},
	} {
		file := File{Name: "x", Kind: KindActions, Paths: []string{write(t, "a.csv", []byte(test.content))}}
		if _, err := extracttest.All(t, Actions(extracttest.Client(t), file), allOf("x")); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

const smallLevels = "symbol,date,value\nSPX,2025-01-03,5942.47\nRUT,2025-01-02,2231.67\nSPX,2025-01-02,5868.55\nSPX,2025-01-09,\n"

func TestLevels(t *testing.T) {
	t.Parallel()
	wide := "Day,spx_close,rut_close,note\n2025-01-03,5942.47,,a\n2025-01-02,5868.55,2231.67,b\n2025-01-09,,,mourning\n"
	single := "date,value\n2025-01-03,5942.47\n2025-01-02,5868.55\n"
	for _, test := range []struct {
		name, content, part string
		file                File
		want                []schemas.Observation
	}{
		{"long", smallLevels, "index:SPX", File{}, []schemas.Observation{
			{Source: "index:SPX", Series: "SPX", Date: date("2025-01-02"), Value: schemas.Some(5868.55), Unit: "Index", Multiplier: 1},
			{Source: "index:SPX", Series: "SPX", Date: date("2025-01-03"), Value: schemas.Some(5942.47), Unit: "Index", Multiplier: 1},
		}},
		{"long, a fund's name for it", smallLevels, "fund:IWM", File{Series: map[string]string{"fund:IWM": "RUT"}}, []schemas.Observation{
			{Source: "fund:IWM", Series: "RUT", Date: date("2025-01-02"), Value: schemas.Some(2231.67), Unit: "USD per share", Multiplier: 1},
		}},
		{"wide", wide, "index:RUT", File{
			Wide: true, Columns: map[string]string{"date": "Day"}, Ignore: []string{"note"}, Unit: "points", Multiplier: 10,
			Series: map[string]string{"index:RUT": "rut_close", "index:SPX": "spx_close"},
		}, []schemas.Observation{
			{Source: "index:RUT", Series: "rut_close", Date: date("2025-01-02"), Value: schemas.Some(2231.67), Unit: "points", Multiplier: 10},
		}},
		{"single series", single, "index:SPX", File{Defaults: map[string]string{"symbol": "SPX"}}, []schemas.Observation{
			{Source: "index:SPX", Series: "SPX", Date: date("2025-01-02"), Value: schemas.Some(5868.55), Unit: "Index", Multiplier: 1},
			{Source: "index:SPX", Series: "SPX", Date: date("2025-01-03"), Value: schemas.Some(5942.47), Unit: "Index", Multiplier: 1},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.file.Name, test.file.Kind, test.file.Paths = "x", KindLevels, []string{write(t, "a.csv", []byte(test.content))}
			got := mustFetch(t, Levels(extracttest.Client(t), test.file), allOf(test.part))
			for i := range got {
				got[i].Payload = ""
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostileLevels(t *testing.T) {
	t.Parallel()
	wide := File{Wide: true}
	for _, test := range []struct {
		name, content, want string
		file                File
	}{
		{"zero", strings.Replace(smallLevels, "5942.47", "0", 1), "SPX on 2025-01-03: 0 is not a level", File{}},
		{"NaN", strings.Replace(smallLevels, "5942.47", "nan", 1), "not a number", File{}},
		{"two of one day", smallLevels + "SPX,2025-01-03,5942.47\n", "two rows of SPX on 2025-01-03", File{}},
		{"thousands unannounced", strings.Replace(smallLevels, "5942.47", `"5,942.47"`, 1), "not a number", File{}},
		{"another index", strings.ReplaceAll(smallLevels, "SPX", "NDX"), `no row of "SPX"`, File{}},
		{"wide: no such column", "date,RUT\n2025-01-02,1\n", `missing: "SPX"; not expected: "RUT"`, wide},
		{"wide: column more", "date,SPX,RUT\n2025-01-02,1,2\n", `not expected: "RUT"`, wide},
		{"wide: empty column", "date,SPX\n2025-01-02,\n", "no data", wide},
	} {
		test.file.Name, test.file.Kind, test.file.Paths = "x", KindLevels, []string{write(t, "a.csv", []byte(test.content))}
		if _, err := extracttest.All(t, Levels(extracttest.Client(t), test.file), allOf("index:SPX")); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

const smallRenames = "date,old,new\n2022-06-09,FB,META\n2025-01-21,SQ,XYZ\n"

func TestRenames(t *testing.T) {
	t.Parallel()
	file := File{Name: "x", Kind: KindRenames, Paths: []string{write(t, "a.csv", []byte(smallRenames))}}
	got := mustFetch(t, Renames(extracttest.Client(t), file), allOf("x"))
	want := []schemas.Rename{
		{Source: "x", Date: date("2022-06-09"), Old: "FB", New: "META", Payload: got[0].Payload},
		{Source: "x", Date: date("2025-01-21"), Old: "SQ", New: "XYZ", Payload: got[0].Payload},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for content, want := range map[string]string{
		"date,old,new\n2022-06-09,FB,FB\n":                       "renamed to itself",
		"date,old,new\n2022-06-09,,META\n":                       "old: no symbol",
		"date,old,new\n2022-06-09,FB,\n":                         "new: no symbol",
		"date,old,new\n2022-06-09,FB,META\n2022-06-09,FB,MVRS\n": "FB is renamed twice on 2022-06-09",
		"date,old\n2022-06-09,FB\n":                              `missing: "new"`,
	} {
		file.Paths = []string{write(t, "a.csv", []byte(content))}
		if _, err := extracttest.All(t, Renames(extracttest.Client(t), file), allOf("x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
}

const smallShares = "company,date,as_of,shares\n320193,2024-11-01,2024-10-18,15115823000\n320193,2024-11-01,2024-10-18,15115823000\n" +
	"1326801,2024-10-31,2024-10-25,344000000\n1326801,2024-10-31,2024-10-25,2180000000\n320193,2023-11-03,2023-10-20,15552752000\n"

func TestShares(t *testing.T) {
	t.Parallel()
	file := File{Name: "x", Kind: KindShares, Paths: []string{write(t, "a.csv", []byte(smallShares))}}
	w := schemas.CutYear.Window("x", date("2024-06-01"))
	got := mustFetch(t, Shares(extracttest.Client(t), file), w)
	row := func(company, filed, asOf string, line int64, shares float64) schemas.ShareCount {
		return schemas.ShareCount{Publisher: "x", Company: company, Filed: date(filed), AsOf: date(asOf), Line: line, Shares: shares, Payload: got[0].Payload}
	}
	want := []schemas.ShareCount{
		row("1326801", "2024-10-31", "2024-10-25", 1, 2180000000), row("1326801", "2024-10-31", "2024-10-25", 2, 344000000), row("320193", "2024-11-01", "2024-10-18", 1, 15115823000),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for content, want := range map[string]string{
		"company,date,as_of,shares\nA,2024-11-01,2024-10-18,\n":   "A filed 0 shares",
		"company,date,as_of,shares\nA,2024-11-01,2024-10-18,-5\n": "A filed -5 shares",
		"company,date,as_of,shares\nA,2024-11-01,,5\n":            "no as of",
		"company,date,as_of,shares\n,2024-11-01,2024-10-18,5\n":   "company: no symbol",
		"company,date,shares\nA,2024-11-01,5\n":                   `missing: "as_of"`,
	} {
		file.Paths = []string{write(t, "a.csv", []byte(content))}
		if _, err := extracttest.All(t, Shares(extracttest.Client(t), file), w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
}

const smallEarnings = "company,date,start,end,net_income\n320193,2024-11-01,2023-10-01,2024-09-28,93736000000\n320193,2024-11-01,2023-10-01,2024-09-28,93736000000\n" +
	"320193,2024-08-02,2024-03-31,2024-06-29,21448000000\nXYZ,2024-08-02,2024-04-01,2024-06-30,-5000000.5\nXYZ,2024-08-02,2024-01-01,2024-06-30,\n320193,2023-11-03,2022-09-25,2023-09-30,96995000000\n"

func TestEarnings(t *testing.T) {
	t.Parallel()
	file := File{Name: "x", Kind: KindEarnings, Paths: []string{write(t, "a.csv", []byte(smallEarnings))}}
	w := schemas.CutYear.Window("x", date("2024-06-01"))
	got := mustFetch(t, Earnings(extracttest.Client(t), file), w)
	row := func(company, filed, from, until string, income float64) schemas.Earning {
		return schemas.Earning{Publisher: "x", Company: company, Filed: date(filed), From: date(from), Until: date(until), NetIncome: income, Payload: got[0].Payload}
	}
	want := []schemas.Earning{
		row("320193", "2024-08-02", "2024-03-31", "2024-06-29", 21448000000), row("320193", "2024-11-01", "2023-10-01", "2024-09-28", 93736000000),
		row("XYZ", "2024-08-02", "2024-04-01", "2024-06-30", -5000000.5),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const head = "company,date,start,end,net_income\n"
	for content, want := range map[string]string{
		head + "A,2024-11-01,2024-10-01,2024-09-30,5\n":                                       "A filed on 2024-11-01 a period from 2024-10-01 to 2024-09-30",
		head + "A,2024-09-01,2024-07-01,2024-09-30,5\n":                                       "A filed on 2024-09-01 a period from 2024-07-01 to 2024-09-30",
		head + "A,2024-11-01,2024-07-01,2024-09-30,5\nA,2024-11-01,2024-07-01,2024-09-30,6\n": "A filed both 5 and 6 on 2024-11-01",
		head + "A,2024-11-01,,2024-09-30,5\n":                                                 "no start of the period",
		head + "A,2024-11-01,2024-07-01,2024-09-30,five\n":                                    "net income",
		"company,date,start,end\nA,2024-11-01,2024-07-01,2024-09-30\n":                        `missing: "net_income"`,
	} {
		file.Paths = []string{write(t, "a.csv", []byte(content))}
		if _, err := extracttest.All(t, Earnings(extracttest.Client(t), file), w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", content, err, want)
		}
	}
}

func TestDescriptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(f *File)
		want   string
	}{
		{"no name", func(f *File) { f.Name = "" }, "no name"},
		{"no kind", func(f *File) { f.Kind = "" }, `kind "" is none of actions, bars, earnings, levels, renames, shares`},
		{"another kind", func(f *File) { f.Kind = KindRenames }, "the file holds renames"},
		{"no path", func(f *File) { f.Paths = nil }, "no path"},
		{"unknown format", func(f *File) { f.Format = "json" }, `format "json"`},
		{"no adjustment", func(f *File) { f.Adjustment = "" }, "without it the prices mean nothing"},
		{"unknown column", func(f *File) { f.Columns = map[string]string{"last": "close"} }, `no column "last"; they have symbol, date, close`},
		{"unknown default", func(f *File) { f.Defaults = map[string]string{"close": "1"} }, `no default for "close"`},
		{"long separator", func(f *File) { f.Separator = "||" }, "single characters"},
		{"one mark for two", func(f *File) { f.Thousands = "." }, "both decimal mark and thousands separator"},
		{"wide bars", func(f *File) { f.Wide = true }, "only files of levels can be wide"},
	} {
		file := barsFile(write(t, "a.csv", []byte(smallBars)))
		test.change(&file)
		if _, err := extracttest.All(t, Bars(extracttest.Client(t), file), year("x", 2025)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := extracttest.All(t, Bars(extracttest.Client(t), barsFile(write(t, "a.csv", []byte(smallBars)))), year("y", 2025)); err == nil || !strings.Contains(err.Error(), `the part "x" only`) {
		t.Errorf("another part: %v", err)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	levels := File{Name: "x", Kind: KindLevels, Series: map[string]string{"index:SPX": "SPX", "fund:SPY": "SPY"}}
	if got := levels.Parts(); !slices.Equal(got, []string{"fund:SPY", "index:SPX"}) {
		t.Errorf("levels: %q", got)
	}
	bars := File{Name: "x", Kind: KindBars}
	if got := bars.Parts(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("bars: %q", got)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	levels := File{Name: "x", Kind: KindLevels, Paths: []string{write(t, "levels.csv", []byte(smallLevels))}}
	got, err := Probe(t.Context(), extracttest.Client(t), levels, allOf("index:SPX"))
	if want := "levels.csv, the last of 1 files: its first 4 rows are of 2025-01-02 to 2025-01-09"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for content, want := range map[string]string{"<html>": "web page", "symbol,date,close\n": "no rows", "symbol,close\nA,1\n": `missing: "date"`} {
		if got, err := Probe(t.Context(), extracttest.Client(t), barsFile(write(t, "bars.csv", []byte(content))), year("x", 2025)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v; want %q", content, got, err, want)
		}
	}
}
