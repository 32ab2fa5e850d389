package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/load/excel"
	"tidemark/schemas"
)

func (a *app) exportCommand() *cobra.Command {
	var asOf, to string
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
			return a.withRunner(cmd, "export", func(h *house, _ *jobs.Runner) error {
				path, err := a.export(cmd.Context(), h, day, to)
				if err != nil {
					return err
				}
				a.print("%s\n", path)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "last day in the workbook, as 2006-01-02 (default: the newest)")
	cmd.Flags().StringVar(&to, "to", "", "file or folder to write to (default: tidemark-DATE.xlsx in the folder of the configuration)")
	return cmd
}

// export writes the workbook and returns its path.
func (a *app) export(ctx context.Context, h *house, asOf schemas.Date, to string) (string, error) {
	book, err := a.runner(h, "export").Book(ctx, asOf, version)
	if err != nil {
		return "", err
	}
	name := "tidemark-" + book.AsOf.String() + ".xlsx"
	if to == "" {
		to = filepath.Join(h.settings.Export.Folder, name)
	} else if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, name)
	}
	return to, excel.WriteFile(to, book)
}
