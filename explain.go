package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// advice says what to do about an error whose text cannot know it, or nothing.
func advice(err error) string {
	switch {
	case clickhouse.DiskFull(err), errors.Is(err, syscall.ENOSPC):
		return "the disk is full: make room where the data folder is (`data` in the configuration), then run the same command again; what was finished is kept"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "tidemark writes into its data folder: name one that it may write to (`data` in the configuration), or change the rights of this one"
	case clickhouse.Lost(err):
		return "the warehouse does not answer: with the embedded engine, the command that had started it was killed, so run this one again; with a server of your own, see whether it runs at the address in warehouse.dsn"
	}
	return ""
}

// failures says what failed in a pass: each job once, with its first error.
func failures(report *jobs.Report) error {
	type group struct {
		windows int
		first   schemas.Window
		err     error
	}
	groups := map[string]*group{}
	var order []string
	for _, res := range report.Results {
		if res.Outcome != jobs.Failed {
			continue
		}
		g := groups[res.Job]
		if g == nil {
			g = &group{first: res.Window, err: res.Err}
			groups[res.Job] = g
			order = append(order, res.Job)
		}
		g.windows++
	}
	var errs []error
	for _, job := range order {
		g := groups[job]
		more := ""
		if g.windows > 1 {
			more = fmt.Sprintf(" and %d more", g.windows-1)
		}
		errs = append(errs, fmt.Errorf("  %s%s: %w", job+" "+g.first.Span(), more, g.err))
	}
	return errors.Join(errs...)
}
