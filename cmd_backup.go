package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/extract/archive"
	"tidemark/load/clickhouse"
)

// backup is what stands beside the backup of a warehouse, written last: one without
// it was not finished.
type backup struct {
	Version     string                    `json:"version"` // of the program that took it
	TakenAt     time.Time                 `json:"taken_at"`
	File        string                    `json:"file,omitempty"` // in the same folder; none of a server's
	SHA256      string                    `json:"sha256,omitempty"`
	Destination string                    `json:"destination,omitempty"` // at a server of the user's own
	Tables      []clickhouse.TableContent `json:"tables"`
}

const (
	backupPrefix = "tidemark-"
	backupEnding = ".json"
	backupStamp  = "20060102T150405.000Z"
	// archiveCopy is the folder of the archive's copy, which all backups share.
	archiveCopy = "archive"
)

func (b *backup) rows() (n int64) {
	for _, t := range b.Tables {
		n += t.Rows
	}
	return n
}

func (a *app) backupCommand() *cobra.Command {
	var keep int
	cmd := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the warehouse and the archive into a folder",
		Long: "Backup writes the warehouse into a file of the folder, and brings a copy of the archive there up to date. Others may\n" +
			"go on to work: a backup during which a window changed is made again. With `warehouse.dsn` the server writes the\n" +
			"warehouse where `warehouse.backup` says, and the folder has the archive and what `tidemark restore` needs to know.\n" +
			"The configuration is not part of it.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if keep < 0 {
				return usageError("--keep: %d is no number of backups", keep)
			}
			return a.withWarehouse(cmd, func(h *house) error { return a.backUp(cmd.Context(), h, args[0], keep) })
		},
	}
	cmd.Flags().IntVar(&keep, "keep", 0, "how many backups of the warehouse to keep in the folder (default: all)")
	return cmd
}

// backUp takes the warehouse first: what its rows were read from is in the archive by
// then.
func (a *app) backUp(ctx context.Context, h *house, dir string, keep int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of backups: %w", err)
	}
	b := backup{Version: version, TakenAt: h.now().UTC().Truncate(time.Millisecond)}
	name := backupPrefix + b.TakenAt.Format(backupStamp)
	if exists(filepath.Join(dir, name+backupEnding)) {
		return fmt.Errorf("%s has a backup of this moment already", dir)
	}
	if err := a.backUpWarehouse(ctx, h, dir, name, &b); err != nil {
		return err
	}
	copied, err := copyArchive(ctx, filepath.Join(h.settings.Data, "archive"), filepath.Join(dir, archiveCopy))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the backup: %w", err)
	}
	if err := writeWhole(filepath.Join(dir, name+backupEnding), bytes.NewReader(append(text, '\n'))); err != nil {
		return fmt.Errorf("describe the backup: %w", err)
	}
	a.print("%s: %s of %s; %s and %s came to the copy of the archive\n", filepath.Join(dir, name+backupEnding), plural(int(b.rows()), "row"), plural(len(b.Tables), "table"),
		plural(copied.Records, "answer"), plural(copied.Payloads, "payload"))
	if keep > 0 {
		if err := forgetBackups(dir, keep); err != nil {
			return err
		}
	}
	if n := len(copied.Damaged); n > 0 {
		return &exitError{exitChecks, fmt.Errorf("%s of the archive damaged or missing, and not in the copy where that had none; `tidemark check --archive` names them", plural(n, "payload"))}
	}
	return nil
}

func (a *app) backUpWarehouse(ctx context.Context, h *house, dir, name string, b *backup) (err error) {
	if h.engine == nil {
		to := h.settings.Warehouse.Backup
		if to == "" {
			return usageError("warehouse.backup is missing: say where the server is to write the warehouse, such as Disk('backups', '{name}')")
		}
		b.Tables, b.Destination, err = h.warehouse.Backup(ctx, func(attempt int) string {
			return strings.ReplaceAll(to, "{name}", fmt.Sprintf("%s-%d", name, attempt))
		})
		return err
	}
	// The engine writes within its own folder; what it has written goes to the other.
	file := func(attempt int) string { return fmt.Sprintf("%s-%d.tar", name, attempt) }
	last := 0
	defer func() {
		for n := 1; n <= last; n++ {
			if e := os.Remove(filepath.Join(h.engine.Backups(), file(n))); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = firstError(err, e)
			}
		}
	}()
	b.Tables, _, err = h.warehouse.Backup(ctx, func(attempt int) string {
		last = attempt
		return "File('" + file(attempt) + "')"
	})
	if err != nil {
		return err
	}
	b.File = name + ".tar"
	b.SHA256, err = copyFile(filepath.Join(h.engine.Backups(), file(last)), filepath.Join(dir, b.File))
	return err
}

func (a *app) restoreCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "restore FOLDER",
		Short: "Bring a warehouse and its archive back from a backup",
		Long: "Restore reads the newest backup of the folder, or the one that is named, into the warehouse of the configuration, which\n" +
			"has to be empty, holds every table against what it was, and brings the archive into the data folder. A backup of an\n" +
			"earlier version of the program is brought up to date.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			s, err := a.load()
			if err != nil {
				return err
			}
			b, err := findBackup(args[0], name)
			if err != nil {
				return err
			}
			if (b.File == "") != (s.Warehouse.DSN != "") {
				return usageError("the backup of %s is of %s, and the configuration names the other kind", b.TakenAt.Format(time.RFC3339), map[bool]string{true: "a server", false: "an embedded warehouse"}[b.File == ""])
			}
			h := &house{settings: s, now: a.now, unprepared: true}
			defer func() { err = firstError(err, h.close()) }()
			if err := a.openWarehouse(cmd.Context(), h); err != nil {
				return err
			}
			return a.restore(cmd.Context(), h, args[0], b)
		},
	}
	cmd.Flags().StringVar(&name, "from", "", "which backup: the name of its file, such as tidemark-20251205T221500.000Z.json (default: the newest)")
	return cmd
}

func (a *app) restore(ctx context.Context, h *house, dir string, b *backup) (err error) {
	from := b.Destination
	if b.File != "" {
		place := filepath.Join(h.engine.Backups(), b.File)
		sum, err := copyFile(filepath.Join(dir, b.File), place)
		defer func() { _ = os.Remove(place) }()
		if err != nil {
			return err
		}
		if sum != b.SHA256 {
			return fmt.Errorf("%s is damaged: its SHA-256 is %.12s, and was %.12s: take another backup with --from", b.File, sum, b.SHA256)
		}
		from = "File('" + b.File + "')"
	}
	if err := h.warehouse.Restore(ctx, from); err != nil {
		return err
	}
	if err := h.prepare(ctx); err != nil {
		return err
	}
	is, err := h.warehouse.Contents(ctx)
	if err != nil {
		return err
	}
	for _, was := range b.Tables {
		if i := slices.IndexFunc(is, func(c clickhouse.TableContent) bool { return c.Table == was.Table }); i < 0 || is[i] != was {
			return fmt.Errorf("%s is not what it was: %d rows %s when the backup was taken", was.Table, was.Rows, was.Content)
		}
	}
	copied, err := copyArchive(ctx, filepath.Join(dir, archiveCopy), filepath.Join(h.settings.Data, "archive"))
	if err != nil {
		return err
	}
	a.print("restored what %s held at %s: %s of %s, each as it was; %s of the archive\n", map[bool]string{true: "the server", false: "the warehouse"}[b.File == ""],
		b.TakenAt.Format(time.RFC3339), plural(int(b.rows()), "row"), plural(len(b.Tables), "table"), plural(copied.Records, "answer"))
	if n := len(copied.Damaged); n > 0 {
		return &exitError{exitChecks, fmt.Errorf("%s of the archive's copy damaged or missing", plural(n, "payload"))}
	}
	return nil
}

// backups lists the finished backups of a folder, oldest first.
func backups(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("look for backups: %w", err)
	}
	var out []string
	for _, e := range entries { // sorted by name, which is by time
		if strings.HasPrefix(e.Name(), backupPrefix) && strings.HasSuffix(e.Name(), backupEnding) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// findBackup reads what stands beside a backup.
func findBackup(dir, name string) (*backup, error) {
	all, err := backups(dir)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no finished backup", dir)
	}
	if name == "" {
		name = all[len(all)-1]
	}
	if !slices.Contains(all, name) {
		return nil, usageError("--from: %s has no backup %s; it has %s", dir, name, strings.Join(all, ", "))
	}
	text, err := os.ReadFile(filepath.Join(dir, name)) // #nosec G304 -- of the folder that the caller names
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	var b backup
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("read the backup %s: %w", name, err)
	}
	if b.File != filepath.Base(b.File) && b.File != "" || len(b.Tables) == 0 || (b.File == "") == (b.Destination == "") {
		return nil, fmt.Errorf("read the backup %s: it does not say what is in it and where", name)
	}
	return &b, nil
}

// forgetBackups removes all but the newest backups of a folder.
func forgetBackups(dir string, keep int) error {
	all, err := backups(dir)
	if err != nil {
		return err
	}
	for _, name := range all[:max(0, len(all)-keep)] {
		b, err := findBackup(dir, name)
		if err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil { // first, so that what is left is no backup
			return fmt.Errorf("remove an old backup: %w", err)
		}
		if b.File == "" {
			continue // where the server has put it, it has to be removed there
		}
		if err := os.Remove(filepath.Join(dir, b.File)); err != nil {
			return fmt.Errorf("remove an old backup: %w", err)
		}
	}
	return nil
}

func copyArchive(ctx context.Context, from, to string) (_ archive.Copied, err error) {
	source, err := archive.Open(from)
	if err != nil {
		return archive.Copied{}, err
	}
	defer func() { err = firstError(err, source.Close()) }()
	target, err := archive.Open(to)
	if err != nil {
		return archive.Copied{}, err
	}
	defer func() { err = firstError(err, target.Close()) }()
	return source.CopyTo(ctx, target)
}

// copyFile copies a file, and returns its SHA-256.
func copyFile(from, to string) (sum string, err error) {
	in, err := os.Open(from) // #nosec G304 -- a backup
	if err != nil {
		return "", fmt.Errorf("copy a backup: %w", err)
	}
	defer func() { _ = in.Close() }()
	hash := sha256.New()
	if err := writeWhole(to, io.TeeReader(in, hash)); err != nil {
		return "", fmt.Errorf("copy a backup: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// writeWhole writes a file, readable by its owner only, that is on the disk whole or
// not at all.
func writeWhole(path string, content io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".backup-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
