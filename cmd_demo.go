package main

import (
	_ "embed"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

//go:embed deploy/demo.yaml
var demoConfig string

func (a *app) demoCommand() *cobra.Command {
	var dir, to string
	var securities, years int
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole pipeline on simulated publishers, ending with a workbook",
		Long: "Demo starts simulated publishers that speak the real ones' formats, fetches from them, builds the facts in the\n" +
			"embedded ClickHouse and writes a workbook. Every figure in it is simulated. It needs no network and no key.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			started := a.now()
			path, err := a.writeDemoConfig(dir, to, securities, years)
			if err != nil {
				return err
			}
			a.configPath = path
			s, err := a.load()
			if err != nil {
				return err
			}
			a.print("Tidemark demo: simulated publishers, %d securities, %s to %s\n", s.Sandbox.Securities, s.Sandbox.From, s.Sandbox.To)
			h, err := a.open(cmd.Context(), s, opening{})
			if err != nil {
				return err
			}
			defer func() { err = firstError(err, h.close()) }()
			report, err := a.bringUpToDate(cmd, h, "demo", jobs.Request{})
			if err != nil {
				return err
			}
			if err := a.verdict(report); err != nil {
				return err
			}
			book, err := a.export(cmd.Context(), h, jobs.BookAsk{Version: version}, "")
			if err != nil {
				return err
			}
			if err := a.printKeyFigures(cmd, h); err != nil {
				return err
			}
			a.print("\ndone in %s. Every figure above is simulated.\n\nnext\n", a.now().Sub(started).Round(100*time.Millisecond))
			exe := program()
			a.print("  open the workbook        %s\n", relative(book))
			a.print("  query the warehouse      %s engine query -c %s \"SELECT session, conc_top10_sec FROM mart.concentration WHERE universe = 'SPX_MEMBERS' ORDER BY session DESC LIMIT 5\"\n", exe, relative(path))
			a.print("  serve it to BI tools     %s engine serve -c %s\n", exe, relative(path))
			a.print("  follow a figure          %s trace -c %s conc_top10_sec %s --universe SPX_MEMBERS\n", exe, relative(path), s.Sandbox.To)
			a.print("  use real publishers      %s init && %s run\n", exe, exe)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "demo", "folder of the demo's configuration and data")
	cmd.Flags().StringVar(&to, "to", "", "last simulated day, as 2006-01-02 (default: the last session before today)")
	cmd.Flags().IntVar(&securities, "securities", 800, "number of simulated securities")
	cmd.Flags().IntVar(&years, "years", 3, "years of simulated history")
	return cmd
}

// writeDemoConfig writes the demo's configuration, or keeps the one that is
// there: the demo of yesterday goes on with yesterday's market.
func (a *app) writeDemoConfig(dir, to string, securities, years int) (string, error) {
	path := filepath.Join(dir, defaultConfig)
	if exists(path) && to == "" {
		return path, nil
	}
	if securities < 60 || years < 2 {
		return "", usageError("the demo needs at least 60 securities and 2 years")
	}
	last := calendar.US().PrevSession(schemas.DateOf(a.now().In(calendar.NewYork())))
	if to != "" {
		var err error
		if last, err = schemas.ParseDate(to); err != nil {
			return "", usageError("--to: %w", err)
		}
	}
	text := strings.NewReplacer(
		"{{securities}}", strconv.Itoa(securities),
		"{{from}}", schemas.NewDate(last.Year()-years, time.January, 1).String(),
		"{{history}}", schemas.NewDate(last.Year()-years+1, time.January, 1).String(),
		"{{to}}", last.String(),
		"{{started}}", a.now().UTC().Format(time.RFC3339),
	).Replace(demoConfig)
	if _, err := parseSettings([]byte(text), os.LookupEnv); err != nil {
		return "", usageError("a demo of %d securities over %d years to %s: %w", securities, years, last, err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("write the demo's configuration: %w", err)
	}
	return path, nil
}

// keyFigures are what the demo shows: of each universe, and of the Federal
// Reserve and the money market.
var (
	indexFigures = []string{
		"conc_top10_sec", "conc_hhi10k_sec", "conc_neff_sec", "pct_above_sma_200", "pct_above_sma_50", "adv", "dec",
		"size_gap_arith_ytd_tr", "drawdown_tr",
	}
	moneyFigures = []string{"fed_assets", "net_liq_weekly", "reserves", "spread_sofr_iorb"}
)

func (a *app) printKeyFigures(cmd *cobra.Command, h *house) error {
	book, err := a.runner(h, "demo").Book(cmd.Context(), jobs.BookAsk{Version: version})
	if err != nil {
		return err
	}
	type key struct{ metric, universe string }
	latest := map[key]schemas.Fact{}
	for _, f := range book.Facts {
		if f.Value.OK {
			// What compares a universe with a larger one stands in its column.
			universe, _, _ := strings.Cut(f.Universe, "~")
			latest[key{f.Metric, universe}] = f
		}
	}
	cell := func(id, universe string) string {
		f, ok := latest[key{id, universe}]
		if !ok {
			return "-"
		}
		return figure(f.Value.V, schemas.MetricByID(id))
	}
	index := [][]string{{"index figures, " + book.AsOf.String()}}
	for _, u := range h.settings.Universes {
		index[0] = append(index[0], strings.TrimSuffix(book.Names[u.ID], " (simulated)"))
	}
	for _, id := range indexFigures {
		row := []string{schemas.MetricByID(id).Name}
		for _, u := range h.settings.Universes {
			row = append(row, cell(id, u.ID))
		}
		index = append(index, row)
	}
	money := [][]string{{"money", "value", "as of"}}
	for _, id := range moneyFigures {
		asOf := "-"
		if f, ok := latest[key{id, jobs.FedUniverse}]; ok {
			asOf = f.Session.String()
		}
		money = append(money, []string{schemas.MetricByID(id).Name, cell(id, jobs.FedUniverse), asOf})
	}
	a.printTable(index)
	a.printTable(money)
	return nil
}

// printTable prints rows with the first column to the left and the others to
// the right, each as wide as its widest cell.
func (a *app) printTable(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	a.print("\n")
	for _, row := range rows {
		a.print("  %-*s", widths[0], row[0])
		for i, text := range row[1:] {
			a.print("  %*s", widths[i+1], text)
		}
		a.print("\n")
	}
}

// figure writes a value as a person reads it.
func figure(v float64, m schemas.Metric) string {
	switch m.Unit {
	case "fraction", "return":
		return strconv.FormatFloat(100*v, 'f', max(1, m.Decimals), 64) + " %"
	default:
		return strconv.FormatFloat(v, 'f', m.Decimals, 64) + unitSuffix(m.Unit)
	}
}

func unitSuffix(unit string) string {
	switch unit {
	case "bp", "percent":
		return " " + unit
	case "USD bn":
		return " bn"
	default:
		return ""
	}
}

func trimFloat(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 10, 64)
}

// program is how the user called this one.
func program() string {
	if len(os.Args) > 0 && strings.Contains(os.Args[0], "/") {
		return relative(os.Args[0])
	}
	return "tidemark"
}

func relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	if !strings.Contains(rel, "/") && path != rel {
		return "./" + rel
	}
	return rel
}
