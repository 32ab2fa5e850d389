package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented configuration that works without keys",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := defaultConfig
			if len(args) == 1 {
				path = args[0]
			}
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return usageError("%s exists; it was left as it is", path)
			}
			if err != nil {
				return err
			}
			if _, err := f.WriteString(initialConfig); err != nil {
				return errors.Join(err, f.Close())
			}
			if err := f.Close(); err != nil {
				return err
			}
			a.print("wrote %s\nnext:\n  tidemark doctor --publishers   # can everything be reached?\n  tidemark run                   # fetch, build, load\n  tidemark export                # write the workbook\n", path)
			return nil
		},
	}
}
