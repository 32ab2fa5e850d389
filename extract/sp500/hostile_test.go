package sp500

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	spells := func(c *extract.Client, cfg Config) error { return second(extracttest.All(t, Spells(c, cfg), all)) }
	changes := func(c *extract.Client, cfg Config) error { return second(extracttest.All(t, Changes(c, cfg), all)) }
	constituents := func(c *extract.Client, cfg Config) error {
		return second(extracttest.All(t, Constituents(c, cfg), all))
	}
	replace := strings.Replace
	for _, test := range []struct {
		name, answer, want string
		fetch              func(*extract.Client, Config) error
	}{
		{"spells: web page", "<!doctype html><title>404: Not Found</title>", "web page", spells},
		{"spells: empty", "", "empty", spells},
		{"spells: cut in a line", smallSpells[:len(smallSpells)-8], "cells where the header has 3", spells},
		{"spells: no rows", "ticker,start_date,end_date\n", "no spells", spells},
		{"spells: no current member", "ticker,start_date,end_date\nA,1996-01-02,1997-01-02\n", "no current member", spells},
		{"spells: renamed column", replace(smallSpells, "end_date", "until", 1), `missing: "end_date"; not expected: "until"`, spells},
		{"spells: column more", replace(smallSpells, "end_date\n", "end_date,cik\n", 1), `not expected: "cik"`, spells},
		{"spells: strange day", replace(smallSpells, "2020-01-02", "02/01/2020", 1), "not of the form", spells},
		{"spells: end before beginning", replace(smallSpells, "2001-05-01", "1996-01-02", 1), "not after", spells},
		{"spells: overlap", replace(smallSpells, "2005-05-02", "2001-04-30", 1), "two spells of A overlap", spells},
		{"spells: no symbol", replace(smallSpells, "B,", ",", 1), "not a symbol", spells},
		{"changes: web page", "<html>", "web page", changes},
		{"changes: empty", " \n", "empty", changes},
		{"changes: no rows", "date,add,remove\n", "no changes", changes},
		{"changes: renamed column", replace(smallChanges, "add", "added", 1), `missing: "add"`, changes},
		{"changes: column more", replace(smallChanges, "remove\n", "remove,reason\n", 1), `not expected: "reason"`, changes},
		{"changes: cut in a line", smallChanges[:strings.Index(smallChanges, "DECK")], "not closed", changes},
		{"changes: twice", smallChanges + "2024-04-03,,VFC\n", "VFC is listed twice on 2024-04-03", changes},
		{"changes: neither in nor out", smallChanges + "2024-04-04,,\n", "no symbol enters or leaves", changes},
		{"changes: a sentence", replace(smallChanges, "SOLV", "Solventum spun off", 1), "not a symbol", changes},
		{"constituents: web page", "<html>", "web page", constituents},
		{"constituents: empty", "", "empty", constituents},
		{"constituents: no rows", smallConstituents[:strings.Index(smallConstituents, "MMM")], "no constituents", constituents},
		{"constituents: renamed column", replace(smallConstituents, "CIK", "Registrant", 1), `missing: "CIK"`, constituents},
		{"constituents: column more", replace(smallConstituents, "Founded\n", "Founded,ISIN\n", 1), `not expected: "ISIN"`, constituents},
		{"constituents: no registrant", replace(smallConstituents, "66740", "", 1), "not a registrant number", constituents},
		{"constituents: registrant NaN", replace(smallConstituents, "66740", "NaN", 1), "not a registrant number", constituents},
		{"constituents: twice", replace(smallConstituents, "BF.B", "MMM", 1), "MMM is listed twice", constituents},
		{"constituents: no sector", replace(smallConstituents, "Industrials,", ",", 1), "empty for MMM", constituents},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, map[string]string{"/" + spellsFile: test.answer, "/" + changesFile: test.answer, "/c.csv": test.answer})
			err := test.fetch(newClient(t), Config{Base: p.URL, Constituents: p.URL + "/c.csv"})
			broken, ok := errors.AsType[*extract.ContractError](err)
			if !ok || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v; want a contract error about %q", err, test.want)
			}
			if broken.Window != all || broken.Publisher != Publisher || len(broken.Payload) != 64 {
				t.Errorf("the error names %q %s %q", broken.Publisher, broken.Window, broken.Payload)
			}
		})
	}
}

func TestMissingListIsAStatusError(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, nil)
	_, err := extracttest.All(t, Spells(newClient(t), Config{Base: p.URL}), all)
	if status, ok := errors.AsType[*extract.StatusError](err); !ok || status.Code != http.StatusNotFound {
		t.Errorf("got %v, want a 404", err)
	}
	if len(p.asked) != 1 {
		t.Errorf("asked %d times, want once", len(p.asked))
	}
}

func TestTwoListsOfOneDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"a.csv", "b.csv"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(smallConstituents), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, fileURL(t, path))
	}
	if _, err := extracttest.All(t, Constituents(newClient(t), Config{Files: files}), all); err == nil || !strings.Contains(err.Error(), "both a.csv and b.csv are of 1976-08-09") {
		t.Errorf("got %v, want both files named", err)
	}
	if _, err := extracttest.All(t, Spells(newClient(t), Config{Files: files}), all); err == nil || !strings.Contains(err.Error(), "2 files are configured") {
		t.Errorf("spells of two files: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{smallSpells, smallChanges, smallConstituents} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if spells, err := parseSpells(strings.NewReader(body)); err == nil {
			for _, s := range spells {
				if s.Symbol == "" || (s.To != schemas.NoDate && s.To <= s.From) {
					t.Fatalf("spell %+v", s)
				}
			}
		}
		if changes, err := parseChanges(strings.NewReader(body)); err == nil && len(changes) == 0 {
			t.Fatal("no changes and no error")
		}
		if rows, err := parseConstituents(strings.NewReader(body), &Config{}, 20000); err == nil {
			for _, r := range rows {
				if r.CIK <= 0 || r.Sector == "" || strings.ContainsRune(r.Name, '\u00a0') {
					t.Fatalf("constituent %+v", r)
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }
