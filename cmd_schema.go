package main

import (
	"github.com/spf13/cobra"

	"tidemark/schemas"
)

func (a *app) schemaCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "schema", Short: "Show or apply the warehouse's tables"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show [TABLE...]", Short: "Print tables with their columns, units and meaning",
			RunE: func(_ *cobra.Command, args []string) error {
				wanted := map[string]bool{}
				for _, arg := range args {
					wanted[arg] = true
				}
				found := 0
				for _, d := range schemas.Datasets() {
					if len(args) > 0 && !wanted[d.String()] {
						continue
					}
					found++
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
				if found < len(args) {
					return usageError("only %d of the %d named tables exist; `tidemark schema show` lists all", found, len(args))
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "metrics", Short: "Print the metric register", Args: cobra.NoArgs,
			Run: func(*cobra.Command, []string) {
				family := ""
				for _, m := range schemas.Register() {
					if m.Family != family {
						family = m.Family
						a.print("%s\n", family)
					}
					a.print("  %-28s %-9s %s: %s\n", m.ID, m.Unit, m.Name, m.Formula)
				}
			},
		},
		&cobra.Command{
			Use: "apply", Short: "Make or update the tables and views of the warehouse", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) (err error) {
				s, err := a.load()
				if err != nil {
					return err
				}
				h := &house{settings: s, now: a.now}
				defer func() { err = firstError(err, h.close()) }()
				if err := a.openWarehouse(cmd.Context(), h, s.Data); err != nil {
					return err
				}
				a.print("tables and views are up to date\n")
				return nil
			},
		},
	)
	return cmd
}
