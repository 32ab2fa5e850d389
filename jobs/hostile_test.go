package jobs

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/sandbox"
	"tidemark/schemas"
)

// TestHostileAnswers gives every publisher every kind of rubbish: the window
// fails with an error that names the publisher, and keeps what it had.
func TestHostileAnswers(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	h.mustRun(t, Request{})
	before := hashes(t, h.Runner)
	targets := []struct{ publisher, match, job string }{
		{"nyfed", "/rates/secured", "nyfed:SOFR"},
		{"nyfed", "/rp/", "nyfed:operations"},
		{"h41", "", "h41"},
		{"fred", "IORB", "fred:IORB"},
		{"fiscaldata", "", "fiscaldata:dts"},
		{"ishares", "", "ishares:IVV"},
		{"ssga", "", "ssga:SPY"},
		{"sp500", "start_end", "sp500:spells"},
		{"sp500", "changes", "sp500:changes"},
		{"sp500", "constituents", "sp500:constituents"},
		{"vendor", "bars", "files:vendor"},
		{"vendor", "actions", "files:actions"},
		{"vendor", "levels", "files:levels:index:SPX"},
	}
	kinds := []sandbox.Kind{
		sandbox.HTML, sandbox.Truncated, sandbox.Cut, sandbox.Reset, sandbox.Empty, sandbox.RenamedColumn, sandbox.ExtraColumn, sandbox.WrongUnit,
		sandbox.NotANumber, sandbox.TooLarge, sandbox.GzipBomb, sandbox.ArchiveBomb, sandbox.ForeignRedirect, sandbox.ServerError, sandbox.TooManySeconds,
	}
	for _, target := range targets {
		for _, kind := range kinds {
			t.Run(target.job+"/"+kind.String(), func(t *testing.T) {
				h.clock.at = h.clock.at.Add(time.Second)
				fresh := *h.Runner
				dir := t.TempDir()
				fresh.Client = h.client(t, dir, false) // nothing said before serves in place of asking
				h.box.Inject(sandbox.Fault{Publisher: target.publisher, Match: target.match, Kind: kind})
				defer h.box.Clear()
				report, err := fresh.Run(t.Context(), Request{Jobs: []string{target.job}, Force: true})
				if err != nil {
					t.Fatal(err)
				}
				failed := 0
				for _, res := range report.Results {
					switch res.Outcome {
					case Failed:
						failed++
						if !strings.Contains(res.Err.Error(), target.publisher) && !strings.Contains(res.Err.Error(), "check failed") {
							t.Errorf("the error does not name the publisher: %v", res.Err)
						}
					case Unchanged, NoData:
					default:
						t.Errorf("%s %s was replaced by a faulty answer", res.Job, res.Window)
					}
				}
				if failed == 0 && !tolerated(target.job, kind) {
					t.Errorf("nothing failed: %+v", report.Results)
				}

				h.box.Clear()
				again := func(who string, client *extract.Client) {
					t.Helper()
					h.clock.at = h.clock.at.Add(time.Second)
					fresh.Client = client
					report, err := fresh.Run(t.Context(), Request{Jobs: []string{target.job}, Force: true})
					if err == nil {
						err = report.Err()
					}
					if err != nil {
						t.Errorf("%s: %v", who, err)
					}
				}
				again("the next process", h.client(t, dir, false))
				again("the archive", h.client(t, dir, true))
			})
		}
	}
	same(t, before, hashes(t, h.Runner))
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 512<<20 {
		t.Errorf("the process took %d MB from the system, want less than 512", m.Sys>>20)
	}
}

// tolerated lists what is no fault: a list of tickers has no unit.
func tolerated(job string, kind sandbox.Kind) bool {
	return kind == sandbox.WrongUnit && strings.HasPrefix(job, "sp500:")
}
