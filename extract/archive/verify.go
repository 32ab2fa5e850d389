package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Report is what Verify found.
type Report struct {
	Payloads int       `json:"payloads"`
	Records  int       `json:"records"`
	Bytes    int64     `json:"bytes"` // of all payloads, decoded
	Findings []Finding `json:"findings"`
}

// Finding is one thing that is wrong with an archive.
type Finding struct {
	Path     string `json:"path"` // within the archive
	What     string `json:"what"`
	Harmless bool   `json:"harmless"` // nothing that anybody asks for is lost
}

// String names the file and what is wrong with it.
func (f Finding) String() string { return f.Path + ": " + f.What }

// Verify reads the whole archive and reports every file that is damaged,
// missing or does not belong there. An error means that it could not read to
// the end; what it found so far is in the report. Records without a payload
// are findings; a payload without a record is one too, but harmless: it is
// what a crash between the two leaves.
func (a *Archive) Verify(ctx context.Context) (Report, error) {
	v := verifier{archive: a, sizes: map[string]int64{}, used: map[string]bool{}}
	err := v.walk(ctx, payloadDir, v.payload)
	if err == nil {
		err = v.walk(ctx, requestDir, v.record)
	}
	if err == nil {
		for hash := range v.sizes {
			if !v.used[hash] {
				v.find(filepath.Join(payloadDir, hash[:2], hash+payloadEnding), "no record speaks of it, as after a crash")
				v.report.Findings[len(v.report.Findings)-1].Harmless = true
			}
		}
	}
	slices.SortFunc(v.report.Findings, func(x, y Finding) int { return strings.Compare(x.Path, y.Path) })
	return v.report, err
}

// damaged stands for the size of a payload that is already a finding.
const damaged = -1

type verifier struct {
	archive *Archive
	report  Report
	sizes   map[string]int64 // of the payloads that are there, by hash
	used    map[string]bool  // those that a record speaks of
}

func (v *verifier) find(path, what string) {
	v.report.Findings = append(v.report.Findings, Finding{Path: path, What: what})
}

// walk calls fn with each regular file below a folder of the archive.
func (v *verifier) walk(ctx context.Context, sub string, fn func(ctx context.Context, path, rel string) error) error {
	return filepath.WalkDir(filepath.Join(v.archive.dir, sub), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("archive: verify: %w", err)
		}
		if d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(v.archive.dir, path)
		if err != nil {
			return fmt.Errorf("archive: verify: %w", err)
		}
		if !d.Type().IsRegular() {
			v.find(rel, "not a regular file")
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("archive: verify: %w", err)
		}
		return fn(ctx, path, rel)
	})
}

func (v *verifier) payload(ctx context.Context, path, rel string) error {
	hash := strings.TrimSuffix(filepath.Base(path), payloadEnding)
	if !isHash(hash) || v.archive.payloadPath(hash) != path {
		v.find(rel, "does not belong here")
		return nil
	}
	v.report.Payloads++
	n, err := v.archive.Check(ctx, hash)
	v.report.Bytes += n
	v.sizes[hash] = n
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		v.find(rel, corrupt.What)
		v.sizes[hash] = damaged
		return nil
	case err != nil:
		return err
	}
	return nil
}

func (v *verifier) record(_ context.Context, path, rel string) error {
	dir := filepath.Dir(path)
	if key := filepath.Base(dir); !isRecordName(filepath.Base(path)) || !isHash(key) || v.archive.requestPath(key) != dir {
		v.find(rel, "does not belong here")
		return nil
	}
	r, err := readRecord(path)
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		v.find(rel, corrupt.What)
		return nil
	case err != nil:
		return err
	}
	v.report.Records++
	v.used[r.Hash] = true
	size, ok := v.sizes[r.Hash]
	switch {
	case !ok:
		// It may have come since the payloads were read.
		return v.missing(rel, r.Hash)
	case size != r.Bytes && size != damaged:
		v.find(rel, fmt.Sprintf("it says %d bytes, its payload has %d", r.Bytes, size))
	}
	return nil
}

func (v *verifier) missing(rel, hash string) error {
	_, err := os.Stat(v.archive.payloadPath(hash))
	if errors.Is(err, fs.ErrNotExist) {
		v.find(rel, "its payload "+hash+" is missing")
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive: verify: %w", err)
	}
	return nil
}
