package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// readerMemory is how many MB a reader's query may use where nothing else is said.
const readerMemory = 4096

func (a *app) schemaGrantCommand() *cobra.Command {
	var file string
	var memory int64
	var dry bool
	cmd := &cobra.Command{
		Use:   "grant [USER]",
		Short: "Let a user of your ClickHouse read mart, and nothing else",
		Long: "Grant makes a role that may read mart and what tools need to find its tables, with bounds on what a query may use, and\n" +
			"gives it to a user (default: bi). With a password the user is made, or has its password changed. The user of\n" +
			"warehouse.dsn must be allowed to manage access. The embedded engine has the same rules already.",
		Example: "  tidemark schema grant --dry-run\n  tidemark schema grant tableau --password-file /run/secrets/tableau",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			user := schemas.BIUser
			if len(args) > 0 {
				user = args[0]
			}
			if memory < 1 {
				return usageError("--memory-mb: %d MB are not enough for a query", memory)
			}
			rules := schemas.ReaderRules(memory << 20)
			hash, err := passwordHash(file)
			if err != nil {
				return err
			}
			if dry {
				for _, sql := range schemas.GrantStatements(user, hidden(hash), rules) {
					a.print("%s;\n", sql)
				}
				return nil
			}
			s, err := a.load()
			if err != nil {
				return err
			}
			if s.Warehouse.DSN == "" {
				return usageError("the embedded engine has these rules already: `tidemark engine serve` prints how to reach it as %s", schemas.BIUser)
			}
			h := &house{settings: s, now: a.now}
			defer func() { err = firstError(err, h.close()) }()
			if err := a.openWarehouse(cmd.Context(), h); err != nil {
				return err
			}
			if err := h.warehouse.Grant(cmd.Context(), user, hash, rules); err != nil {
				if errors.Is(err, clickhouse.ErrNoUsers) {
					return fmt.Errorf("%w: write the user into its users file, with the rules that --dry-run prints", err)
				}
				return fmt.Errorf("%w; run the statements that --dry-run prints as a user who may manage access", err)
			}
			a.print("%s may read mart\n", user)
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "password-file", "", "file whose first line is the user's password (default: the user is there already)")
	cmd.Flags().Int64Var(&memory, "memory-mb", readerMemory, "memory that a query of the user may take")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the statements, and run none")
	return cmd
}

// hidden stands for what is not to be printed.
func hidden(secret string) string {
	if secret == "" {
		return ""
	}
	return "***"
}

// passwordHash reads a password and returns its SHA-256; empty without a file.
func passwordHash(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err != nil {
		return "", usageError("--password-file: %w", err)
	}
	password, _, _ := strings.Cut(string(text), "\n")
	if password = strings.TrimRight(password, "\r"); len(password) < leastPassword {
		return "", usageError("--password-file: the password in %s is shorter than %d characters", file, leastPassword)
	}
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:]), nil
}

const leastPassword = 12
