package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/schemas"
)

func (a *app) schemaCommand() *cobra.Command {
	return group("schema", "Show or apply the warehouse's tables",
		a.jsonFlag(&cobra.Command{
			Use: "show [TABLE...]", Short: "Print tables with their columns, units and meaning",
			RunE: func(_ *cobra.Command, args []string) error {
				wanted := map[string]bool{}
				for _, arg := range args {
					wanted[arg] = true
				}
				tables := []tableJSON{}
				for _, d := range schemas.Datasets() {
					if len(args) > 0 && !wanted[d.String()] {
						continue
					}
					tables = append(tables, tableOf(d))
					if a.json {
						continue
					}
					a.print("%s\n  %s\n", d, d.Comment)
					for _, c := range d.Columns {
						unit := c.Unit
						if unit == "" {
							unit = "-"
						}
						a.print("  %-18s %-32s %-16s %s\n", c.Name, c.Kind.Type(), unit, c.Comment)
					}
					a.print("\n")
				}
				for _, t := range tables {
					delete(wanted, t.Name)
				}
				if len(wanted) > 0 {
					return usageError("there is no table %s; `tidemark schema show` lists all", strings.Join(slices.Sorted(maps.Keys(wanted)), ", "))
				}
				if a.json {
					return a.printJSON(tables)
				}
				return nil
			},
		}),
		a.jsonFlag(&cobra.Command{
			Use: "metrics", Short: "Print the metric register", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				if a.json {
					out := []metricJSON{}
					for _, m := range schemas.Register() {
						out = append(out, metricJSON(m))
					}
					return a.printJSON(out)
				}
				family := ""
				for _, m := range schemas.Register() {
					if m.Family != family {
						family = m.Family
						a.print("%s\n", family)
					}
					a.print("  %-28s %-9s %s: %s\n", m.ID, m.Unit, m.Name, m.Formula)
				}
				return nil
			},
		}),
		&cobra.Command{
			Use: "apply", Short: "Make or update the tables and views of the warehouse", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.withWarehouse(cmd, func(*house) error {
					a.print("tables and views are up to date\n")
					return nil
				})
			},
		},
		a.schemaGrantCommand(),
	)
}
