package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tidemark/load/clickhouse"
	"tidemark/load/engine"
)

func (a *app) engineCommand() *cobra.Command {
	return group("engine", "The embedded ClickHouse",
		&cobra.Command{
			Use: "fetch", Short: "Fetch the engine's library into the cache, once", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := engine.Fetch(cmd.Context(), engine.FetchOptions{Progress: a.err})
				return err
			},
		},
		&cobra.Command{
			Use: "serve", Short: "Keep the warehouse open for BI tools until ^C", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.withEngine(cmd, func(h *house) error {
					bi := h.engine.BI()
					a.print("the warehouse is open (^C closes it)\n  native    %s\n  http      http://%s\n  user      %s\n  password  %s\n  database  mart\n\n", bi.Addr, bi.HTTPAddr, bi.User, bi.Password)
					a.print("try\n  curl -u %s:%s 'http://%s/?query=SELECT+*+FROM+mart.metric+FORMAT+PrettyCompact'\n", bi.User, bi.Password, bi.HTTPAddr)
					<-cmd.Context().Done()
					a.print("closing\n")
					return nil
				})
			},
		},
		&cobra.Command{
			Use: "query SQL", Short: "Ask the warehouse as the read-only user", Args: cobra.MinimumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withEngine(cmd, func(h *house) error { return a.query(cmd, h, strings.Join(args, " ")) })
			},
		},
	)
}

// withEngine opens the warehouse and requires it to be the embedded one.
func (a *app) withEngine(cmd *cobra.Command, do func(*house) error) error {
	return a.withWarehouse(cmd, func(h *house) error {
		if h.engine == nil {
			return usageError("the configuration names a server of its own (warehouse.dsn): ask that one")
		}
		return do(h)
	})
}

func (a *app) query(cmd *cobra.Command, h *house, sql string) (err error) {
	bi := h.engine.BI()
	reader, err := clickhouse.Open(cmd.Context(), clickhouse.Options{Addr: []string{bi.Addr}, User: bi.User, Password: bi.Password, Log: a.log, Now: a.now})
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, reader.Close()) }()
	table, err := reader.Ask(cmd.Context(), sql)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{table.Columns}, table.Rows...) {
		if _, err := fmt.Fprintln(t, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}
