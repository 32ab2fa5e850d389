package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

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
			s, err := a.load()
			if err != nil {
				return err
			}
			h, err := a.open(cmd.Context(), s, opening{})
			if err != nil {
				return err
			}
			defer func() { err = firstError(err, h.close()) }()
			path, err := a.export(cmd, h, day, to)
			if err != nil {
				return err
			}
			a.print("%s\n", path)
			return nil
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "last day in the workbook, as 2006-01-02 (default: the newest)")
	cmd.Flags().StringVar(&to, "to", "", "file or folder to write to (default: tidemark-DATE.xlsx in the folder of the configuration)")
	return cmd
}

// export writes the workbook and returns its path.
func (a *app) export(cmd *cobra.Command, h *house, asOf schemas.Date, to string) (string, error) {
	book, err := a.runner(h, "export").Book(cmd.Context(), asOf, version)
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
