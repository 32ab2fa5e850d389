package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms lists which rooms each room may import. main may import all.
var rooms = map[string][]string{
	"jobs":      {"extract", "transform", "load", "schemas"},
	"extract":   {"schemas"},
	"transform": {"schemas"},
	"load":      {"schemas"},
	"schemas":   {},
}

// impure are packages that a pure function has no use for.
var impure = []string{
	"context", "crypto/rand", "database/sql", "io/fs", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec", "time/tzdata",
}

// violations parses every Go file below root and lists the imports that go
// against the arrows.
func violations(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); rel != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		room, _, below := strings.Cut(filepath.ToSlash(rel), "/")
		if !below || !strings.HasSuffix(path, ".go") {
			return nil
		}
		allowed, known := rooms[room]
		if !known {
			out = append(out, rel+": "+room+" is not a room")
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if target, ours := strings.CutPrefix(imported, "tidemark/"); ours {
				top, _, _ := strings.Cut(target, "/")
				if top != room && !slices.Contains(allowed, top) {
					out = append(out, rel+" imports "+imported)
				}
				continue
			}
			test := strings.HasSuffix(path, "_test.go")
			if room == "transform" && !test && slices.Contains(impure, imported) {
				out = append(out, rel+" imports "+imported+", but transform is pure")
			}
			if room == "schemas" && !test && !strings.Contains(rel, "sharedtest") && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				out = append(out, rel+" imports "+imported+", but schemas stands on the standard library alone")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLayers holds the imports to one direction:
// main -> jobs -> {extract, transform, load} -> schemas -> standard library.
func TestLayers(t *testing.T) {
	for _, v := range violations(t, ".") {
		t.Error(v)
	}
}

// TestLayersBite shows that the rule can fail.
func TestLayersBite(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "transform", "planted.go"), "package transform\n\nimport (\n\t_ \"net/http\"\n\t_ \"tidemark/load/excel\"\n)\n")
	write(t, filepath.Join(root, "schemas", "planted.go"), "package schemas\n\nimport (\n\t_ \"example.org/x\"\n\t_ \"tidemark/transform\"\n)\n")
	write(t, filepath.Join(root, "util", "planted.go"), "package util\n")
	if got := violations(t, root); len(got) != 5 {
		t.Errorf("got %d violations, want 5: %q", len(got), got)
	}
}

// TestPackageComments insists that every package says what it is for.
func TestPackageComments(t *testing.T) {
	documented := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || file.Doc != nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package in %s has no package comment", dir)
		}
	}
}
