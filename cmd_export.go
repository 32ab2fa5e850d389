package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/load/excel"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func (a *app) exportCommand() *cobra.Command {
	var asOf, knownAt, to string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the workbook",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			day := schemas.NoDate
			if asOf != "" {
				if day, err = schemas.ParseDate(asOf); err != nil {
					return usageError("--as-of: %w", err)
				}
			}
			known, err := parseKnownAt(knownAt)
			if err != nil {
				return err
			}
			return a.withRunner(cmd, "export", func(h *house, _ *jobs.Runner) error {
				path, err := a.export(cmd.Context(), h, jobs.BookAsk{AsOf: day, KnownAt: known, Version: version}, to)
				if err != nil {
					return err
				}
				a.print("%s\n", path)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "last day in the workbook, as 2006-01-02 (default: the newest)")
	cmd.Flags().StringVar(&knownAt, "known-at", "", knownAtHelp)
	cmd.Flags().StringVar(&to, "to", "", "file or folder to write to (default: tidemark-DATE.xlsx in the folder of the configuration)")
	return cmd
}

const knownAtHelp = "show what the warehouse knew at a time, as 2006-01-02 (the end of the day in New York) or 2006-01-02T15:04:05Z"

// parseKnownAt reads the value of --known-at; empty is the present.
func parseKnownAt(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := schemas.ParseDate(s); err == nil {
		return (day + 1).In(calendar.NewYork(), 0, 0).Add(-time.Millisecond), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, usageError("--known-at: %q is neither a day such as 2006-01-02 nor a time such as 2006-01-02T15:04:05Z", s)
	}
	return t, nil
}

// export writes the workbook and returns its path.
func (a *app) export(ctx context.Context, h *house, ask jobs.BookAsk, to string) (string, error) {
	book, err := a.runner(h, "export").Book(ctx, ask)
	if err != nil {
		return "", err
	}
	a.log.DebugContext(ctx, "workbook read", "as_of", book.AsOf.String())
	name := "tidemark-" + book.AsOf.String()
	if !ask.KnownAt.IsZero() {
		name += "-known-" + ask.KnownAt.UTC().Format("20060102T150405Z")
	}
	name += ".xlsx"
	if to == "" {
		to = filepath.Join(h.settings.Export.Folder, name)
	} else if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	}
	if err := excel.WriteFile(to, book); err != nil {
		return "", err
	}
	a.log.DebugContext(ctx, "workbook written", "file", to)
	return to, nil
}
