package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"tidemark/load/engine"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version and what it was built from",
		Args:  cobra.NoArgs,
		Run: func(*cobra.Command, []string) {
			revision := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			a.print("tidemark %s\nrevision %s\n%s %s/%s\nembedded ClickHouse %s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH, engine.Version)
		},
	}
}
