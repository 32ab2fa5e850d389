package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVerifyNamesEveryFault(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789\n", 1000)
	for name, tc := range map[string]struct {
		harm func(payload, record string) error
		want []string // beginnings of what is found
	}{
		"flipped byte": {
			func(payload, _ string) error { return flip(payload, -6) },
			[]string{"payload/"},
		},
		"cut payload": {
			func(payload, _ string) error { return os.Truncate(payload, 20) },
			[]string{"payload/"},
		},
		"empty payload": {
			func(payload, _ string) error { return os.Truncate(payload, 0) },
			[]string{"payload/"},
		},
		"payload of something else": {
			func(payload, _ string) error {
				shelf := filepath.Join(filepath.Dir(filepath.Dir(payload)), "ab")
				return errors.Join(os.MkdirAll(shelf, 0o700), os.Rename(payload, filepath.Join(shelf, strings.Repeat("ab", 32)+payloadEnding)))
			},
			[]string{"payload/ab/", "payload/ab/", "request/"},
		},
		"missing payload": {
			func(payload, _ string) error { return os.Remove(payload) },
			[]string{"request/"},
		},
		"missing record": {
			func(_, record string) error { return os.Remove(record) },
			[]string{"payload/"},
		},
		"cut record": {
			func(_, record string) error { return os.Truncate(record, 30) },
			[]string{"payload/", "request/"},
		},
		"record that says another size": {
			func(_, record string) error { return replace(record, `"bytes": 11000`, `"bytes": 11001`) },
			[]string{"request/"},
		},
		"record of another address": {
			func(_, record string) error { return replace(record, "example.com", "example.org") },
			[]string{"payload/", "request/"},
		},
		"record with an unknown field": {
			func(_, record string) error { return replace(record, `"bytes"`, `"octets"`) },
			[]string{"payload/", "request/"},
		},
		"foreign files": {
			func(payload, record string) error {
				return errors.Join(
					os.WriteFile(payload+".bak", nil, 0o600),
					os.WriteFile(filepath.Join(filepath.Dir(record), "notes.txt"), nil, 0o600),
					os.Symlink(payload, filepath.Join(filepath.Dir(payload), "link")),
				)
			},
			[]string{"payload/", "payload/", "request/"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := open(t, t.TempDir())
			put(t, a, answerAt("https://example.com/", noon, 200), body)
			must(t, tc.harm(files(t, a, payloadDir)[0], files(t, a, requestDir)[0]))
			report, err := a.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range report.Findings {
				got = append(got, f.String())
			}
			if len(got) != len(tc.want) {
				t.Fatalf("found %q, want files in %q", got, tc.want)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("found %q, want a file in %q", got[i], want)
				}
			}
		})
	}
}

func TestReadingNoticesDamage(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	// Text that does not compress lies in the file as it is, so that a byte
	// of it can change without the compression noticing by itself.
	var b strings.Builder
	for i := range 4000 {
		b.WriteByte(byte(i * i * 31 >> 3))
	}
	r := put(t, a, answerAt("https://example.com/", noon, 200), b.String())
	path := files(t, a, payloadDir)[0]
	info, err := os.Stat(path)
	must(t, err)
	for at := range info.Size() {
		must(t, flip(path, int(at)))
		var corrupt *CorruptError
		if _, err := read(a, r.Hash); !errors.As(err, &corrupt) || corrupt.Path != path {
			t.Fatalf("byte %d flipped: %v, want a CorruptError that names the file", at, err)
		}
		must(t, flip(path, int(at)))
	}
	if got, err := read(a, r.Hash); got != b.String() || err != nil {
		t.Errorf("all bytes back: %v", err)
	}
	must(t, flip(path, 100))
	put(t, a, answerAt("https://example.com/", noon.Add(time.Hour), 200), b.String())
	if got, err := read(a, r.Hash); got != b.String() || err != nil {
		t.Errorf("the same answer again should mend the file: %v", err)
	}
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	put(t, a, answerAt("https://example.com/", noon, 200), "x")
	path := files(t, a, requestDir)[0]
	must(t, replace(path, "{", "["))
	for name, fn := range map[string]func() error{
		"Answers": func() error { _, err := a.Answers("p", "GET", "https://example.com/"); return err },
		"Newest":  func() error { _, _, err := a.Newest("p", "GET", "https://example.com/", time.Time{}); return err },
		"URLs":    func() error { _, err := a.URLs("p", time.Time{}); return err },
		"Records": func() error {
			var last error
			for _, err := range a.Records() {
				last = err
			}
			return last
		},
	} {
		var corrupt *CorruptError
		if err := fn(); !errors.As(err, &corrupt) || corrupt.Path != path {
			t.Errorf("%s: %v, want a CorruptError that names the file", name, err)
		}
	}
}

func TestVerifyStopsWhenTold(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	put(t, a, answerAt("https://example.com/", noon, 200), "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v, want it cancelled", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// flip inverts one byte of a file; a negative offset counts from its end.
func flip(path string, at int) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0xFF
	return os.WriteFile(path, b, 0o600)
}

func replace(path, old, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), old) {
		return fmt.Errorf("%s has no %q:\n%s", path, old, b)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), old, text, 1)), 0o600)
}
