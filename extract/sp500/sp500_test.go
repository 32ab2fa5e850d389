package sp500

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func newClient(t *testing.T) *extract.Client {
	t.Helper()
	a, err := archive.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) // 21 November in New York
	c, err := extract.NewClient(extract.Options{Archive: a, Attempts: 1, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var all = schemas.CutWhole.Window(Index, 0)

func date(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func fileURL(t *testing.T, path string) string {
	t.Helper()
	address, err := extract.FileURL(path)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func TestRecordedSpells(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"market/membership", "upstream/sp500_membership"} {
		file := fileURL(t, sharedtest.File(t, folder, spellsFile))
		spells, err := extracttest.All(t, Spells(newClient(t), Config{Files: []string{file}}), all)
		if err != nil {
			t.Fatal(err)
		}
		lasting := 0
		for _, s := range spells {
			if s.To == schemas.NoDate {
				lasting++
			}
		}
		if len(spells) != 1230 || lasting != 503 {
			t.Errorf("%s: %d spells, %d lasting; want 1,230 and 503", folder, len(spells), lasting)
		}
		aal := slices.IndexFunc(spells, func(s schemas.Spell) bool { return s.Symbol == "AAL" })
		for i, want := range []schemas.Spell{
			{Index: "SP500", Symbol: "AAL", From: date("1996-01-02"), To: date("1997-01-15")},
			{Index: "SP500", Symbol: "AAL", From: date("2015-03-23"), To: date("2024-09-23")},
		} {
			want.Payload = spells[0].Payload
			if got := spells[aal+i]; got != want || len(got.Payload) != 64 {
				t.Errorf("%s: got %+v, want %+v", folder, got, want)
			}
		}
	}
}

func TestRecordedChanges(t *testing.T) {
	t.Parallel()
	file := fileURL(t, sharedtest.File(t, "market", "membership", changesFile))
	changes, err := extracttest.All(t, Changes(newClient(t), Config{Files: []string{file}}), all)
	if err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, c := range changes {
		if c.Added {
			added++
		}
	}
	if len(changes) != 294 || added != 146 {
		t.Errorf("%d changes, %d of them entries; want 294 and 146", len(changes), added)
	}
	// A change of ticker is an exit and an entry on one day.
	last := changes[len(changes)-2:]
	want := []schemas.Change{
		{Index: "SP500", Date: date("2025-11-11"), Symbol: "FI", Payload: last[0].Payload},
		{Index: "SP500", Date: date("2025-11-11"), Symbol: "FISV", Added: true, Payload: last[0].Payload},
	}
	if !slices.Equal(last, want) {
		t.Errorf("last two changes %+v, want %+v", last, want)
	}
}

// The spells end in July 2025; later changes stand in the other list only.
func TestChangesContinueSpells(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(sharedtest.Dir(t), "market", "membership")
	spells, err := extracttest.All(t, Spells(newClient(t), Config{Files: []string{fileURL(t, filepath.Join(dir, spellsFile))}}), all)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := extracttest.All(t, Changes(newClient(t), Config{Files: []string{fileURL(t, filepath.Join(dir, changesFile))}}), all)
	if err != nil {
		t.Fatal(err)
	}
	newest := schemas.NoDate
	members := map[string]bool{}
	for _, s := range spells {
		if newest = max(newest, s.From); s.To != schemas.NoDate {
			newest = max(newest, s.To)
		} else {
			members[s.Symbol] = true
		}
	}
	if newest != date("2025-07-09") {
		t.Errorf("newest event of a spell on %s, want 2025-07-09", newest)
	}
	for _, c := range changes {
		if c.Date > newest && c.Date <= date("2025-09-22") {
			if c.Added == members[c.Symbol] {
				t.Errorf("%s on %s: added %v, and a member %v", c.Symbol, c.Date, c.Added, members[c.Symbol])
			}
			members[c.Symbol] = c.Added
		}
	}
	n := 0
	for _, in := range members {
		if in {
			n++
		}
	}
	if n != 503 {
		t.Errorf("%d members on 2025-09-22, want 503", n)
	}
}

func TestRecordedConstituents(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(sharedtest.Dir(t), "market", "membership")
	plain, odd := filepath.Join(dir, "constituents_2026-08-08.csv"), filepath.Join(dir, "constituents_wikipedia_2025-09.csv")
	rows, err := extracttest.All(t, Constituents(newClient(t), Config{Files: []string{fileURL(t, plain), fileURL(t, odd)}}), all)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1006 {
		t.Fatalf("%d rows, want twice 503", len(rows))
	}
	find := func(asOf schemas.Date, symbol string) schemas.Constituent {
		i := slices.IndexFunc(rows, func(r schemas.Constituent) bool { return r.AsOf == asOf && r.Symbol == symbol })
		if i < 0 {
			t.Fatalf("no %s on %s", symbol, asOf)
		}
		r := rows[i]
		r.Payload = ""
		return r
	}
	byName := date("2026-08-08")
	byMembers := rows[0].AsOf // of the list whose name has no day
	if byMembers != date("2025-08-28") {
		t.Errorf("the list of September 2025 is of %s, want 2025-08-28, when its newest members joined", byMembers)
	}
	for _, want := range []schemas.Constituent{
		{AsOf: byName, Symbol: "MMM", Name: "3M", Sector: "Industrials", SubIndustry: "Industrial Conglomerates", CIK: 66740, DateAdded: date("1957-03-04")},
		{AsOf: byMembers, Symbol: "MMM", Name: "3M", Sector: "Industrials", SubIndustry: "Industrial Conglomerates", CIK: 66740, DateAdded: date("1957-03-04")},
		{AsOf: byMembers, Symbol: "AOS", Name: "A. O. Smith", Sector: "Industrials", SubIndustry: "Building Products", CIK: 91142, DateAdded: date("2017-07-26")},
		{AsOf: byMembers, Symbol: "GOOGL", Name: "Alphabet Inc. (Class A)", Sector: "Communication Services", SubIndustry: "Interactive Media & Services", CIK: 1652044, DateAdded: date("2014-04-03")},
		{AsOf: byMembers, Symbol: "EL", Name: "Estée Lauder Companies (The)", Sector: "Consumer Staples", SubIndustry: "Personal Care Products", CIK: 1001250, DateAdded: date("2006-01-05")},
	} {
		want.Index = Index
		if got := find(want.AsOf, want.Symbol); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	sectors := map[string]bool{}
	for _, r := range rows {
		sectors[r.Sector] = true
	}
	if len(sectors) != 11 {
		t.Errorf("%d sectors, want 11", len(sectors))
	}
}

const (
	smallSpells       = "ticker,start_date,end_date\nB,2020-01-02,\nA,1996-01-02,2001-05-01\nA,2005-05-02,\n"
	smallChanges      = "date,add,remove\n2024-03-18,\"SMCI, DECK\",\"WHR,ZION\"\n2024-04-02,\"SOLV\",\"\"\n2024-04-03,,VFC\n"
	smallConstituents = "Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location,Date added,CIK,Founded\n" +
		"MMM,3M,Industrials,Industrial Conglomerates,\"Saint Paul, Minnesota\",1976-08-09,66740,1902\n" +
		"BF.B,Brown–Forman,Consumer Staples,Distillers & Vintners,\"Louisville, Kentucky\",,0000014693,1870\n"
)

func TestSpellsAreSortedAndBounded(t *testing.T) {
	t.Parallel()
	spells, err := parseSpells(strings.NewReader(smallSpells))
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.Spell{
		{Symbol: "A", From: date("1996-01-02"), To: date("2001-05-01")},
		{Symbol: "A", From: date("2005-05-02"), To: schemas.NoDate},
		{Symbol: "B", From: date("2020-01-02"), To: schemas.NoDate},
	}
	if !slices.Equal(spells, want) {
		t.Errorf("got %+v, want %+v", spells, want)
	}
}

func TestChangesOfListsInCells(t *testing.T) {
	t.Parallel()
	changes, err := parseChanges(strings.NewReader(smallChanges))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, fmt.Sprintf("%s %v %s", c.Date, c.Added, c.Symbol))
	}
	want := []string{
		"2024-03-18 false WHR", "2024-03-18 false ZION", "2024-03-18 true DECK", "2024-03-18 true SMCI",
		"2024-04-02 true SOLV", "2024-04-03 false VFC",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

type publisher struct {
	*httptest.Server
	asked []string
}

func newPublisher(t *testing.T, answers map[string]string) *publisher {
	t.Helper()
	p := &publisher{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked = append(p.asked, r.URL.String())
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func TestAsksThePublishers(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, map[string]string{"/master/" + spellsFile: smallSpells, "/master/" + changesFile: smallChanges, "/data/constituents.csv": smallConstituents})
	cfg := Config{Base: p.URL + "/master/", Constituents: p.URL + "/data/constituents.csv"}
	c := newClient(t)
	if rows, err := extracttest.All(t, Spells(c, cfg), all); err != nil || len(rows) != 3 || rows[0].Index != Index {
		t.Errorf("spells: %+v, %v", rows, err)
	}
	if rows, err := extracttest.All(t, Changes(c, cfg), all); err != nil || len(rows) != 6 || len(rows[0].Payload) != 64 {
		t.Errorf("changes: %+v, %v", rows, err)
	}
	rows, err := extracttest.All(t, Constituents(c, cfg), all)
	if err != nil || len(rows) != 2 || rows[0].Symbol != "BF.B" || rows[0].DateAdded != schemas.NoDate || rows[0].CIK != 14693 || rows[1].AsOf != date("1976-08-09") {
		t.Errorf("constituents: %+v, %v", rows, err)
	}
	for _, w := range []schemas.Window{{Part: "SP400", From: all.From, To: all.To}} {
		if _, err := extracttest.All(t, Spells(c, cfg), w); err == nil || errors.Is(err, extract.ErrNoData) {
			t.Errorf("%s: %v, want an error", w, err)
		}
	}
	if _, err := extracttest.All(t, Changes(c, cfg), schemas.CutYear.Window(Index, date("2023-01-03"))); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year without changes: %v, want no data", err)
	}
	if got, err := Probe(t.Context(), c, cfg); err != nil || got != "6 changes of the S&P 500, the last on 2024-04-03" {
		t.Errorf("probe: %q, %v", got, err)
	}
	if got := p.asked[0]; got != "/master/"+spellsFile {
		t.Errorf("asked %q", got)
	}
}

// A list without any day of entry is of the New York day of its fetching.
func TestConstituentsWithoutDaysOfEntry(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, map[string]string{"/c.csv": strings.Replace(smallConstituents, "1976-08-09", "", 1)})
	for _, test := range []struct {
		cfg  Config
		want schemas.Date
	}{{Config{}, date("2026-11-21")}, {Config{AsOf: date("2025-05-05")}, date("2025-05-05")}} {
		test.cfg.Constituents = p.URL + "/c.csv"
		rows, err := extracttest.All(t, Constituents(newClient(t), test.cfg), all)
		if err != nil || rows[0].AsOf != test.want {
			t.Errorf("got %v, %v; want %s", rows, err, test.want)
		}
	}
}

func TestEncodingsOfConstituents(t *testing.T) {
	t.Parallel()
	list := strings.Replace(smallConstituents, "GICS Sector", "GICS\u00a0Sector", 1)
	ascii := smallConstituents // its header does not tell
	encode := func(s string, cm *charmap.Charmap) string {
		out, err := cm.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, test := range []struct {
		name, body, encoding, want string
	}{
		{"UTF-8", list, "", "Brown–Forman"},
		{"Windows-1252", encode(list, charmap.Windows1252), "", "Brown–Forman"},
		{"Macintosh", encode(list, charmap.Macintosh), "", "Brown–Forman"},
		{"told", encode(ascii, charmap.Macintosh), "macintosh", "Brown–Forman"},
		{"not told", encode(ascii, charmap.Macintosh), "", "error: give the encoding"},
		{"told wrongly", encode(list, charmap.Macintosh), "windows-1252", "error: not those expected"},
		{"neither", strings.Replace(encode(list, charmap.Macintosh), "Symbol", "Ticker", 1), "", "error: in no other known encoding"},
	} {
		rows, err := parseConstituents(strings.NewReader(test.body), &Config{Encoding: test.encoding}, date("2025-01-02"))
		if wanted, ok := strings.CutPrefix(test.want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%s: %v, want an error with %q", test.name, err, wanted)
			}
			continue
		}
		if err != nil || rows[0].Name != test.want {
			t.Errorf("%s: %+v, %v; want %s", test.name, rows, err, test.want)
		}
	}
}

func TestDaysInOneLayout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cells, layout, want string
	}{
		{"1957-03-04,2020-12-21,", "", "1957-03-04 2020-12-21 none"},
		{"04/03/57,26/07/17", "", "1957-03-04 2017-07-26"},
		{"03/04/57,07/26/17", "", "1957-03-04 2017-07-26"},
		{"04/03/1957,26/07/2017", "", "1957-03-04 2017-07-26"},
		{`"March 4, 1957`, "", "error: not of the form"},
		{"04/03/57,05/06/17", "", "error: give the layout"},
		{"04/03/57,05/06/17", "02/01/06", "1957-03-04 2017-06-05"},
		{"04/04/57,05/05/17", "", "1957-04-04 2017-05-05"},
		{"26/07/17,07/26/17", "", "error: not of the form"},
		{"1957-02-30", "", "error: not of the form"},
	} {
		days, err := parseDays(strings.Split(test.cells, ","), test.layout, date("2025-01-02"))
		if wanted, ok := strings.CutPrefix(test.want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), wanted) {
				t.Errorf("%s: %v, want an error with %q", test.cells, err, wanted)
			}
			continue
		}
		var got []string
		for _, d := range days {
			got = append(got, d.String())
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, %v; want %s", test.cells, got, err, test.want)
		}
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	serve := func(answer string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	}
	t.Run("spells", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Spell]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Spell] {
				return Spells(g, Config{Base: base})
			},
			Publisher: serve(smallSpells), Window: all,
			Date: func(r *schemas.Spell) schemas.Date { return r.From },
		}.Hold(t)
	})
	t.Run("changes", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Change]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Change] {
				return Changes(g, Config{Base: base})
			},
			Publisher: serve(smallChanges), Window: all,
			Date: func(r *schemas.Change) schemas.Date { return r.Date },
		}.Hold(t)
	})
	t.Run("constituents", func(t *testing.T) {
		t.Parallel()
		extracttest.Manners[schemas.Constituent]{
			New: func(g extract.Getter, base string) extract.Source[schemas.Constituent] {
				return Constituents(g, Config{Constituents: base})
			},
			Publisher: serve(smallConstituents), Window: all,
			Date: func(r *schemas.Constituent) schemas.Date { return r.AsOf },
		}.Hold(t)
	})
}
