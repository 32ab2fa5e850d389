// Tidemark keeps a warehouse of market-structure facts: how concentrated an
// equity index is, how broad its moves are, how small companies do against
// large ones, and how much liquidity the Federal Reserve and the repo market
// supply.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/load/engine"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2 // usage or configuration
	exitChecks      = 3 // done, but checks are failing
	exitInterrupted = 130
)

// version is set by the linker.
var version = "dev"

func main() {
	engine.Child()
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(jobs.GCPercent)
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(jobs.MemoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code) //nolint:gocritic // stop was called on the line above
}

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// app is what the commands share: the flags of the root command, the streams
// and the clock.
type app struct {
	configPath string
	verbose    bool
	begun      bool // the command line was understood, and the command runs
	json       bool
	share      jobs.Share // of a backfill, where several processes work on it
	out, err   io.Writer
	now        func() time.Time
	log        *slog.Logger
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	a := &app{out: out, err: errOut, now: time.Now}
	root := a.command()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		_, _ = fmt.Fprintln(errOut, "stopped; what was finished is kept, and the same command goes on from here")
		return exitInterrupted
	}
	_, _ = fmt.Fprintf(errOut, "tidemark: %v\n", err)
	if hint := advice(err); hint != "" {
		_, _ = fmt.Fprintf(errOut, "  %s\n", hint)
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	if e, ok := errors.AsType[interface {
		error
		Usage() bool
	}](err); ok && e.Usage() {
		return exitUsage
	}
	if !a.begun {
		_, _ = fmt.Fprintln(errOut, "  `tidemark --help` lists the commands, and each has a --help of its own")
		return exitUsage
	}
	return exitFailed
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "tidemark",
		Short: "A warehouse of market-structure facts",
		Long: "Tidemark fetches index holdings, prices, the Federal Reserve's H.4.1 and repo-market data, works out\n" +
			"concentration, breadth, size and liquidity facts, keeps them in ClickHouse and writes Excel workbooks.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
		PersistentPreRun: func(*cobra.Command, []string) {
			a.begun = true
			level := slog.LevelWarn
			if a.verbose {
				level = slog.LevelDebug
			}
			a.log = slog.New(jobs.CaptureLogs(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level})))
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitUsage, err} })
	flags := root.PersistentFlags()
	flags.StringVarP(&a.configPath, "config", "c", "", "configuration file (default: tidemark.yaml in this folder)")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "log every run and request")
	root.AddCommand(
		a.demoCommand(), a.initCommand(), a.planCommand(), a.runCommand(), a.backfillCommand(), a.serveCommand(), a.statusCommand(), a.checkCommand(),
		a.exportCommand(), a.deliverCommand(), a.traceCommand(), a.backupCommand(), a.restoreCommand(), a.replayCommand(), a.schemaCommand(), a.engineCommand(), a.doctorCommand(), a.tokenCommand(), a.versionCommand(), a.manCommand(),
	)
	return root
}

// group makes a command that only holds others. Without one of them it shows
// its help, and a name that is none of them is an error.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(commands...)
	return cmd
}

// jsonFlag gives a command the flag --json.
func (a *app) jsonFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&a.json, "json", false, "print JSON")
	return cmd
}

// printJSON writes a value as indented JSON.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// print writes to standard output; a closed pipe is the reader's choice.
func (a *app) print(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }
