package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/extract"
	"tidemark/extract/archive"
	"tidemark/extract/sandbox"
	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/load/engine"
	"tidemark/load/snapshot"
	"tidemark/load/trust"
	"tidemark/schemas/calendar"
)

// house is everything a command works with, opened and wired.
type house struct {
	settings  *settings
	engine    *engine.Engine // nil when the warehouse is a server of the user's own
	warehouse *clickhouse.Warehouse
	client    *extract.Client
	catalog   *jobs.Catalog
	now       func() time.Time
	archive   string            // folder of publishers' answers
	local     map[string]string // servers of our own on this machine
	closers   []func() error
	// unprepared leaves tables and views of the warehouse as they are found.
	unprepared bool
}

// sandboxHost is the name of the simulated publishers. It does not change with
// the port, so that what they answered can be found in the archive again.
const sandboxHost = "sandbox.localhost"

// close closes what open opened, last opened first.
func (h *house) close() error {
	var errs []error
	for _, closer := range slices.Backward(h.closers) {
		errs = append(errs, closer())
	}
	h.closers = nil
	return errors.Join(errs...)
}

// opening chooses between a working house and one that only looks into the archive.
type opening struct {
	offline bool
	asOf    time.Time // offline: the newest answers counted
	rebuild string    // folder of a new embedded warehouse, used in place of the configured one
	// attempts is how often a request is sent at most; 0 means the client's default.
	attempts int
	answered func(publisher string, status int) // told of every request; may be nil
}

func (a *app) open(ctx context.Context, s *settings, o opening) (_ *house, err error) {
	h := &house{settings: s, now: a.now}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if s.Sandbox != nil {
		h.now = s.Sandbox.clock(a.now)
		s.UseBases(func(publisher string) string { return "http://" + sandboxHost + "/" + publisher })
	}
	if o.offline {
		h.now = func() time.Time { return o.asOf }
	} else if s.Sandbox != nil {
		if err := h.startSandbox(); err != nil {
			return nil, err
		}
	}
	if o.rebuild != "" {
		err = a.openEmbedded(ctx, h, o.rebuild)
	} else {
		err = a.openWarehouse(ctx, h)
	}
	if err != nil {
		return nil, err
	}
	h.archive = filepath.Join(s.Data, "archive")
	store, err := archive.Open(h.archive)
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, store.Close)
	cal := calendar.US()
	if h.client, err = extract.NewClient(extract.Options{
		Archive: store, Offline: o.offline, AsOf: o.asOf, Attempts: o.attempts, Answered: o.answered,
		UserAgent: cmp.Or(s.UserAgent, "Tidemark/"+version), Limits: a.share.Limits(jobs.RateLimits()), Hosts: jobs.RedirectHosts(), Local: h.local,
		Proxy: http.ProxyFromEnvironment,
		Now:   h.now, Log: a.log,
	}); err != nil {
		return nil, err
	}
	if h.catalog, err = jobs.NewCatalog(s.Config, cal); err != nil {
		return nil, err
	}
	return h, nil
}

// startSandbox runs the simulated publishers and points the configuration at
// them.
func (h *house) startSandbox() error {
	c := h.settings.Sandbox
	box, err := sandbox.New(sandbox.Config{Seed: c.Seed, Securities: c.Securities, From: c.From, To: c.To, Now: h.now})
	if err != nil {
		return usageError("sandbox: %w", err)
	}
	if err := box.Start("127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	h.closers = append(h.closers, box.Close)
	h.local = map[string]string{sandboxHost: strings.TrimPrefix(box.URL(), "http://")}
	return nil
}

// withWarehouse opens the warehouse alone for a command that needs no more.
func (a *app) withWarehouse(cmd *cobra.Command, do func(*house) error) (err error) {
	s, err := a.load()
	if err != nil {
		return err
	}
	h := &house{settings: s, now: a.now}
	defer func() { err = firstError(err, h.close()) }()
	if err := a.openWarehouse(cmd.Context(), h); err != nil {
		return err
	}
	return do(h)
}

// openWarehouse connects to the configured server or, where there is none, to
// the embedded engine.
func (a *app) openWarehouse(ctx context.Context, h *house) error {
	if h.settings.Warehouse.DSN == "" {
		return a.openEmbedded(ctx, h, h.settings.Data)
	}
	opts, err := serverOptions(h.settings)
	if err != nil {
		return err
	}
	return a.connect(ctx, h, opts)
}

// serverOptions says how the configured server is reached.
func serverOptions(s *settings) (clickhouse.Options, error) {
	opts, err := clickhouse.ParseDSN(string(s.Warehouse.DSN))
	if err != nil {
		return opts, usageError("warehouse.dsn: %w", err)
	}
	pool, err := trust.Pool(s.Warehouse.CA)
	switch {
	case err != nil:
		return opts, usageError("warehouse.ca: %w", err)
	case pool != nil && opts.TLS == nil:
		return opts, usageError("warehouse.ca: warehouse.dsn has no secure=true, so that no certificate is asked for")
	case pool != nil:
		opts.TLS = opts.TLS.Clone()
		opts.TLS.RootCAs = pool
	}
	return opts, nil
}

// openEmbedded connects to the embedded engine of a data folder, which it
// starts unless another command is running it already.
func (a *app) openEmbedded(ctx context.Context, h *house, dir string) error {
	w := h.settings.Warehouse
	library, err := a.library(w.Library)
	if err != nil {
		return err
	}
	h.engine, err = engine.Open(ctx, engine.Config{
		Dir: filepath.Join(dir, "engine"), Library: library, MaxMemory: w.Memory << 20, Log: a.log, Now: a.now,
	})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, func() error { return a.closeEngine(h.engine) })
	access := h.engine.Loader()
	return a.connect(ctx, h, clickhouse.Options{Addr: []string{access.Addr}, User: access.User, Password: access.Password})
}

// connect opens a warehouse and prepares it.
func (a *app) connect(ctx context.Context, h *house, opts clickhouse.Options) (err error) {
	opts.Log, opts.Now = a.log, h.now
	if h.warehouse, err = clickhouse.Open(ctx, opts); err != nil {
		return err
	}
	h.closers = append(h.closers, h.warehouse.Close)
	if h.unprepared {
		return nil
	}
	return h.prepare(ctx)
}

// prepare brings tables and views of the warehouse up to date and settles what a crash
// left half done.
func (h *house) prepare(ctx context.Context) error {
	if _, err := h.warehouse.Migrate(ctx); err != nil {
		return err
	}
	if _, err := h.warehouse.Recover(ctx); err != nil {
		return err
	}
	return h.warehouse.Views(ctx)
}

// closeEngine stops the engine, after the commands of other processes that
// found it and still use it. ^C, pressed now, stops it at once.
func (a *app) closeEngine(e *engine.Engine) error {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	err := e.Alone(ctx, func() {
		_, _ = fmt.Fprintln(a.err, "another tidemark command is using the engine of this one: waiting for it to end (^C stops the engine now)")
	})
	if err != nil && ctx.Err() == nil {
		a.log.Warn("cannot tell whether others use the engine; it is stopped", "err", err)
	}
	return e.Close()
}

// library finds the engine's library: the configured one, or the one in the
// user's cache.
func (a *app) library(configured string) (string, error) {
	if configured != "" {
		if info, err := os.Stat(configured); err != nil || !info.Mode().IsRegular() {
			return "", usageError("warehouse.library: there is no file %s; leave the line out to use the library that `tidemark engine fetch` fetches", configured)
		}
		return configured, nil
	}
	return engine.Library("")
}

func (a *app) runner(h *house, command string) *jobs.Runner {
	return &jobs.Runner{
		Catalog: h.catalog, Warehouse: h.warehouse, Snapshots: snapshot.Open(filepath.Join(h.settings.Data, "snapshots"), a.log), Client: h.client, Now: h.now, Log: a.log,
		Command: command, Limits: h.limits(a.share), Share: a.share,
	}
}

// limits are the rate limits that hold: simulated publishers have none.
func (h *house) limits(share jobs.Share) map[string]extract.Limit {
	if h.settings.Sandbox != nil {
		return nil
	}
	return share.Limits(jobs.RateLimits())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
