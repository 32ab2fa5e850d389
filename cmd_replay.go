package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tidemark/extract/archive"
	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

func (a *app) replayCommand() *cobra.Command {
	var into string
	cmd := &cobra.Command{
		Use:   "replay --into FOLDER",
		Short: "Rebuild the warehouse from the archive, offline",
		Long: "Replay builds every window again from archived answers, without opening a connection to any publisher, into an\n" +
			"empty embedded warehouse, and compares the tables with those of the configured one.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if into == "" {
				return usageError("say where to rebuild, with --into")
			}
			s, err := a.load()
			if err != nil {
				return err
			}
			if exists(filepath.Join(into, "engine")) {
				return usageError("%s holds a warehouse already; name an empty folder", into)
			}
			asOf, err := newestAnswer(filepath.Join(s.Data, "archive"))
			if err != nil {
				return err
			}
			was, err := a.hashes(cmd, s)
			if err != nil {
				return err
			}
			h, err := a.open(cmd.Context(), s, opening{offline: true, asOf: asOf, rebuild: into})
			if err != nil {
				return err
			}
			defer func() { err = firstError(err, h.close()) }()
			report, err := a.bringUpToDate(cmd, h, "replay", jobs.Request{})
			if err != nil {
				return err
			}
			if err := a.verdict(report); err != nil {
				return err
			}
			return a.compare(cmd, h, was)
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "folder of the new warehouse")
	return cmd
}

// newestAnswer is the moment that a replay takes for now.
func newestAnswer(dir string) (newest time.Time, err error) {
	store, err := archive.Open(dir)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { err = firstError(err, store.Close()) }()
	for rec, err := range store.Records() {
		if err != nil {
			return time.Time{}, err
		}
		if rec.FetchedAt.After(newest) {
			newest = rec.FetchedAt
		}
	}
	if newest.IsZero() {
		return newest, fmt.Errorf("the archive %s is empty: there is nothing to replay", dir)
	}
	return newest, nil
}

// hashes fingerprints the tables of the configured warehouse.
func (a *app) hashes(cmd *cobra.Command, s *settings) (_ map[string]clickhouse.TableContent, err error) {
	h := &house{settings: s, now: a.now}
	defer func() { err = firstError(err, h.close()) }()
	if err := a.openWarehouse(cmd.Context(), h); err != nil {
		return nil, err
	}
	return h.hashes(cmd)
}

func (h *house) hashes(cmd *cobra.Command) (map[string]clickhouse.TableContent, error) {
	all, err := h.warehouse.Contents(cmd.Context())
	if err != nil {
		return nil, err
	}
	out := map[string]clickhouse.TableContent{}
	for _, c := range all {
		out[c.Table] = c
	}
	return out, nil
}

func (a *app) compare(cmd *cobra.Command, h *house, was map[string]clickhouse.TableContent) error {
	is, err := h.hashes(cmd)
	if err != nil {
		return err
	}
	var differ []error
	for _, d := range schemas.Datasets() {
		if d.Log() {
			continue
		}
		name := d.String()
		verdict := "identical"
		if was[name] != is[name] {
			verdict = "DIFFERENT"
			differ = append(differ, fmt.Errorf("%s: %d rows %s, replayed %d rows %s", name, was[name].Rows, was[name].Content, is[name].Rows, is[name].Content))
		}
		a.print("  %-24s %9d rows  %s  %s\n", name, is[name].Rows, is[name].Content, verdict)
	}
	if len(differ) > 0 {
		return fmt.Errorf("the replay is not the same: %w", errors.Join(differ...))
	}
	a.print("every table is identical to the warehouse's\n")
	return nil
}
