package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tidemark/extract/archive"
	"tidemark/jobs"
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

type tableHash struct {
	rows    int64
	content string
}

// hashes fingerprints the tables of the configured warehouse.
func (a *app) hashes(cmd *cobra.Command, s *settings) (_ map[string]tableHash, err error) {
	h := &house{settings: s, now: a.now}
	defer func() { err = firstError(err, h.close()) }()
	if err := a.openWarehouse(cmd.Context(), h); err != nil {
		return nil, err
	}
	return h.hashes(cmd)
}

func (h *house) hashes(cmd *cobra.Command) (map[string]tableHash, error) {
	out := map[string]tableHash{}
	for _, d := range schemas.Datasets() {
		if d.Log() {
			continue
		}
		rows, content, err := h.warehouse.TableHash(cmd.Context(), d)
		if err != nil {
			return nil, err
		}
		out[d.String()] = tableHash{rows, content}
	}
	return out, nil
}

func (a *app) compare(cmd *cobra.Command, h *house, was map[string]tableHash) error {
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
			differ = append(differ, fmt.Errorf("%s: %d rows %s, replayed %d rows %s", name, was[name].rows, was[name].content, is[name].rows, is[name].content))
		}
		a.print("  %-24s %9d rows  %s  %s\n", name, is[name].rows, is[name].content, verdict)
	}
	if len(differ) > 0 {
		return fmt.Errorf("the replay is not the same: %w", errors.Join(differ...))
	}
	a.print("every table is identical to the warehouse's\n")
	return nil
}
