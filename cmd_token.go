package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs/web"
)

func (a *app) tokenCommand() *cobra.Command {
	return group("token", "Tokens for the page and the API", a.tokenCreateCommand(),
		&cobra.Command{
			Use: "list", Short: "The tokens that there are", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				s, err := a.load()
				if err != nil {
					return err
				}
				tokens, err := web.OpenTokens(s.Serve.Tokens, a.now).List()
				if err != nil {
					return err
				}
				if len(tokens) == 0 {
					a.print("there are no tokens; `tidemark token create NAME` makes one\n")
					return nil
				}
				t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprint(t, "NAME\tSCOPE\tCREATED\tEXPIRES\n")
				for _, token := range tokens {
					expires := "never"
					if token.Expires != nil {
						expires = token.Expires.Format("2006-01-02 15:04 MST")
					}
					if token.Expired(a.now()) {
						expires += " (expired)"
					}
					_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", token.Name, token.Scope, token.Created.Format("2006-01-02 15:04 MST"), expires)
				}
				return t.Flush()
			},
		},
		&cobra.Command{
			Use: "revoke NAME", Short: "Let a token open nothing any more", Args: cobra.ExactArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				s, err := a.load()
				if err != nil {
					return err
				}
				if err := web.OpenTokens(s.Serve.Tokens, a.now).Revoke(args[0]); err != nil {
					return err
				}
				a.print("the token %s opens nothing any more\n", args[0])
				return nil
			},
		},
	)
}

func (a *app) tokenCreateCommand() *cobra.Command {
	var scope string
	var days int
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a token and show it once", Args: cobra.ExactArgs(1),
		Long: "A token opens the page and the API where they are not served to this machine alone. Only its hash is kept.\n" +
			"Scopes: read looks at everything; run also runs jobs, rebuilds windows and controls backfills; admin does all.",
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.load()
			if err != nil {
				return err
			}
			var expires time.Time
			if days > 0 {
				expires = a.now().AddDate(0, 0, days)
			}
			secret, err := web.OpenTokens(s.Serve.Tokens, a.now).Create(args[0], web.Scope(scope), expires)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(a.err, "the token %s of scope %s, shown once:\n", args[0], scope)
			a.print("%s\n", secret)
			return nil
		},
	}
	cmd.Flags().StringVar(&scope, "scope", string(web.ScopeRead), "read, run or admin")
	cmd.Flags().IntVar(&days, "days", 0, "days until it expires; 0 for never")
	return cmd
}
