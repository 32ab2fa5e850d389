package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tidemark/extract"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
)

func (a *app) doctorCommand() *cobra.Command {
	var publishers bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configuration, the engine, the warehouse and, if asked, every publisher",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{app: a}
			s, err := a.load()
			d.report("configuration", configNote(s), err)
			if err != nil {
				return d.verdict()
			}
			h := d.warehouse(cmd.Context(), s)
			if h != nil {
				defer func() { _ = h.close() }() // the findings are what counts
				if publishers {
					d.publishers(cmd.Context(), h)
				}
			}
			return d.verdict()
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&publishers, "publishers", false, "ask each publisher for one small answer and hold it against its contract")
	return cmd
}

// A probe is one small request; a person waits for it.
const (
	probeAttempts = 2
	probeTimeout  = time.Minute
)

// doctor collects findings; one failure does not keep it from the next.
type doctor struct {
	*app
	failed   int
	findings []finding
}

// finding is a line of the doctor.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Note  string `json:"note"` // what was found, or what to do
}

func (d *doctor) report(what, note string, err error) {
	if err != nil {
		d.failed++
		note = err.Error()
	}
	d.findings = append(d.findings, finding{what, err == nil, note})
	if d.json {
		return
	}
	if err != nil {
		d.print("  FAIL  %-22s %s\n", what, note)
		return
	}
	d.print("  ok    %-22s %s\n", what, note)
}

func (d *doctor) verdict() error {
	if d.json {
		if err := d.printJSON(d.findings); err != nil {
			return err
		}
	}
	if d.failed > 0 {
		return &exitError{exitFailed, errors.New(plural(d.failed, "check") + " failed; each line above says what to do")}
	}
	if !d.json {
		d.print("all is well\n")
	}
	return nil
}

func (d *doctor) warehouse(ctx context.Context, s *settings) *house {
	if s.Warehouse.DSN == "" {
		library, err := d.library(s.Warehouse.Library)
		d.report("engine library", library, err)
		if err != nil {
			return nil
		}
	} else if !d.server(ctx, s) {
		return nil
	}
	h, err := d.open(ctx, s, opening{attempts: probeAttempts})
	if err != nil {
		d.report("warehouse", "", err)
		return nil
	}
	v, err := h.warehouse.Version(ctx)
	where := "server of the configuration"
	if h.engine != nil {
		where = "embedded engine (library " + engine.Version + ")"
	}
	d.report("warehouse", "ClickHouse "+v+", "+where, err)
	return h
}

// server looks at a server of the user's own, and reports whether it can be worked
// with.
func (d *doctor) server(ctx context.Context, s *settings) bool {
	opts, err := serverOptions(s)
	if err != nil {
		d.report("warehouse", "", err)
		return false
	}
	opts.Now = d.now
	failed := d.failed
	for _, f := range clickhouse.Diagnose(ctx, opts) {
		d.report(f.Check, f.Note, f.Err)
	}
	return d.failed == failed
}

// publishers asks all publishers at once, so that one that does not answer
// delays no other, and reports them in the order of the catalogue.
func (d *doctor) publishers(ctx context.Context, h *house) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	type answer struct {
		note string
		err  error
	}
	probes := h.catalog.Probes()
	answers := make([]chan answer, len(probes))
	for i, p := range probes {
		answers[i] = make(chan answer, 1)
		go func() {
			note, err := p.Run(ctx, h.client)
			answers[i] <- answer{note, err}
		}()
	}
	for i, p := range probes {
		a := <-answers[i]
		if unreachable, ok := errors.AsType[*extract.UnreachableError](a.err); ok {
			a.err = fmt.Errorf("%s cannot be reached (%w): check the network, the proxy (HTTPS_PROXY) or the publisher's base in the configuration", unreachable.Host, cause(unreachable))
		}
		d.report("publisher "+p.Publisher, a.note, a.err)
	}
}

// cause returns the innermost error, which says it in the fewest words.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

func configNote(s *settings) string {
	if s == nil {
		return ""
	}
	return s.path + ", " + plural(len(s.Universes), "universe")
}
