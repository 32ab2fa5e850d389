package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"tidemark/jobs"
	"tidemark/jobs/web"
	"tidemark/load/clickhouse"
)

// serveSettings say where the page is served, and to whom.
type serveSettings struct {
	Listen  string `yaml:"listen"`   // default 127.0.0.1:8484
	TLSCert string `yaml:"tls_cert"` // certificate file; with TLSKey the page is served over TLS
	TLSKey  string `yaml:"tls_key"`
	Tokens  string `yaml:"tokens"` // file of the tokens' hashes; default tokens.json in the data folder
	Log     string `yaml:"log"`    // text or json; default text
	Traces  string `yaml:"traces"` // address of a collector of OpenTelemetry traces; without it there are none
}

func (a *app) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Scheduler, web page, API and metrics",
		Long: "Serve runs every job when its publisher is due to have news, builds what follows, writes the workbook and\n" +
			"delivers it, works on backfills and tells of incidents. The page shows all of it. Several may serve one warehouse: one schedules, the\n" +
			"others stand by.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load()
			if err != nil {
				return err
			}
			s.Serve.Listen = cmp.Or(listen, s.Serve.Listen)
			a.logFor(s.Serve)
			return a.serveAgain(cmd.Context(), s)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address of the page (default: 127.0.0.1:8484, or the configured one)")
	return cmd
}

// logFor logs what happens while serving: every run and request, in the form
// that is configured.
func (a *app) logFor(s serveSettings) {
	level := slog.LevelInfo
	if a.verbose {
		level = slog.LevelDebug
	}
	opts := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(a.err, opts)
	if s.Log == logJSON {
		handler = slog.NewJSONHandler(a.err, opts)
	}
	a.log = slog.New(jobs.CaptureLogs(handler))
}

// The forms of the log.
const (
	logText = "text"
	logJSON = "json"
)

// How often a server looks whether the engine of another process is still
// there, how often it must be gone in a row, and how long a server waits for
// the one that it starts itself then.
const (
	engineRound = time.Second
	engineGone  = 3
	engineWait  = 20 * time.Second
)

// errEngineGone says that the engine belonged to another process, and has
// ended with it.
var errEngineGone = errors.New("the engine has ended with the process that it belonged to")

// serveAgain serves until the context ends. Where the engine belonged to
// another process that has ended, it opens the house anew, with an engine of
// its own.
func (a *app) serveAgain(ctx context.Context, s *settings) error {
	metrics := web.NewMetrics()
	deadline := a.now().Add(engineWait)
	for {
		h, err := a.open(ctx, s, opening{answered: metrics.ObserveExtract})
		if err == nil {
			err = a.serve(ctx, h, metrics)
			if closed := h.close(); err == nil {
				err = closed
			}
			deadline = a.now().Add(engineWait)
		}
		starting := clickhouse.Lost(err) && s.Warehouse.DSN == "" && a.now().Before(deadline)
		if ctx.Err() != nil || err == nil || !errors.Is(err, errEngineGone) && !starting {
			return err
		}
		a.log.WarnContext(ctx, "opening the warehouse anew", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(engineRound):
		}
	}
}

// watchEngine returns an error when the engine of another process has gone.
func (h *house) watchEngine(ctx context.Context) error {
	if h.engine == nil || h.engine.Owned() {
		return nil
	}
	tick := time.NewTicker(engineRound)
	defer tick.Stop()
	for gone := 0; gone < engineGone; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		bounded, cancel := context.WithTimeout(ctx, engineRound)
		if err := h.warehouse.Ping(bounded); err != nil {
			gone++
		} else {
			gone = 0
		}
		cancel()
	}
	return errEngineGone
}

// serve runs the scheduler and the page until the context ends.
func (a *app) serve(ctx context.Context, h *house, metrics *web.Metrics) error {
	traces, err := a.newTraces(ctx, h.settings.Serve.Traces)
	if err != nil {
		return err
	}
	defer traces.close(ctx)
	runner := a.runner(h, jobs.RoleServe)
	runner.Tracer = traces.tracer()
	scheduler := jobs.NewScheduler(runner)
	scheduler.Progress = func(res jobs.Result) { metrics.ObserveRun(res, h.now()) }
	scheduler.SlotEnded = metrics.ObserveSlot
	books := &bookkeeper{app: a, house: h}
	scheduler.PassEnded = books.passEnded
	watch, err := a.newWatch(h, scheduler)
	if err != nil {
		return err
	}
	deliveries, err := a.newDeliveries(h, scheduler)
	if err != nil {
		return err
	}
	page, err := web.New(ctx, web.Config{
		Listen: h.settings.Serve.Listen, TLSCert: h.settings.Serve.TLSCert, TLSKey: h.settings.Serve.TLSKey, TokensFile: h.settings.Serve.Tokens,
		Version: version, Now: h.now, Log: a.log, Metrics: metrics,
	}, servedHouse{Scheduler: scheduler, workbooks: h.settings.Export.Folder})
	if err != nil {
		return err
	}
	a.print("the page is at %s (^C ends it)\n", page.URL())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return page.Serve(ctx) })
	group.Go(func() error { return scheduler.Serve(ctx) })
	group.Go(func() error { return watch.run(ctx) })
	group.Go(func() error { return deliveries.run(ctx) })
	group.Go(func() error { return h.watchEngine(ctx) })
	err = group.Wait()
	books.wait()
	return err
}

// bookkeeper writes the workbook after passes that changed facts, one at a
// time.
type bookkeeper struct {
	app   *app
	house *house

	mu      sync.Mutex
	running bool
	again   bool
	wg      sync.WaitGroup
}

func (b *bookkeeper) passEnded(ctx context.Context, report *jobs.Report) {
	if !report.FactsChanged() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running {
		b.again = true // what changed meanwhile needs another book
		return
	}
	b.running = true
	b.wg.Go(func() { b.write(ctx) })
}

func (b *bookkeeper) write(ctx context.Context) {
	for {
		path, err := b.app.export(ctx, b.house, jobs.BookAsk{Version: version}, "")
		switch {
		case ctx.Err() != nil:
		case err != nil:
			b.app.log.ErrorContext(ctx, "the workbook could not be written", "err", err)
		default:
			b.app.log.InfoContext(ctx, "workbook written", "file", filepath.Base(path))
		}
		b.mu.Lock()
		if !b.again || ctx.Err() != nil {
			b.running = false
			b.mu.Unlock()
			return
		}
		b.again = false
		b.mu.Unlock()
	}
}

func (b *bookkeeper) wait() { b.wg.Wait() }
