package archive

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// crashAt names the step after which the child process kills itself.
const crashAt = "TIDEMARK_TEST_ARCHIVE_CRASH_AT"

// TestMain is also the child of TestKilledWriterLeavesNoHalfFile.
func TestMain(m *testing.M) {
	if step := os.Getenv(crashAt); step != "" {
		dieAt(step, os.Args[1])
	}
	os.Exit(m.Run())
}

// dieAt writes an answer into the archive and kills its own process at step.
func dieAt(step, dir string) {
	fail := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	kill := func(here string) {
		if here != step {
			return
		}
		p, err := os.FindProcess(os.Getpid())
		fail(err)
		fail(p.Kill())
		select {}
	}
	a, err := Open(dir)
	fail(err)
	w, err := a.Create()
	fail(err)
	_, err = io.WriteString(w, strings.Repeat("hello\n", 100_000))
	fail(err)
	kill("written")
	fail(w.finish())
	kill("synced")
	fail(w.place(helloHash))
	kill("placed")
}

// helloHash is the SHA-256 of a hundred thousand lines "hello".
const helloHash = "4fd9170c87b74640b4d96bfc64abfa97e4f533f777d922e1263fd39f97197961"

func TestKilledWriterLeavesNoHalfFile(t *testing.T) {
	t.Parallel()
	for step, findings := range map[string]int{"written": 0, "synced": 0, "placed": 1} {
		a := open(t, t.TempDir())
		child := exec.CommandContext(t.Context(), os.Args[0], a.Dir())
		child.Env = append(os.Environ(), crashAt+"="+step)
		out, err := child.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("%s: the child ended with %v, want it killed\n%s", step, err, out)
		}
		if got := files(t, a, tempDir); len(got) != 1-findings {
			t.Errorf("%s: temporary files %v", step, got)
		}
		report, err := a.Verify(t.Context())
		if err != nil || len(report.Findings) != findings || report.Records != 0 {
			t.Errorf("%s: verify: %+v, %v; want %d findings", step, report, err, findings)
		}
		// The same answer again finishes what the crash began, and the
		// leftover goes.
		put(t, a, answerAt("https://example.com/", noon, 200), strings.Repeat("hello\n", 100_000))
		report, err = a.Verify(t.Context())
		if err != nil || len(report.Findings) != 0 || report.Records != 1 || report.Payloads != 1 {
			t.Errorf("%s: verify after another try: %+v, %v", step, report, err)
		}
		if got := files(t, a, tempDir); len(got) != 0 {
			t.Errorf("%s: leftovers %v", step, got)
		}
	}
}

func TestFoldersAmongTemporaryFilesDoNoHarm(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	if err := os.MkdirAll(filepath.Join(a.Dir(), tempDir, "mine", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, a, answerAt("https://example.com/", noon, 200), "x")
}

func TestLeftoversOfLivingWritersStay(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir())
	w, err := a.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "slow"); err != nil {
		t.Fatal(err)
	}
	// Another writer comes and goes.
	b := open(t, a.Dir())
	put(t, b, answerAt("https://example.com/", noon, 200), "quick")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(answerAt("https://example.com/slow", noon, 200)); err != nil {
		t.Errorf("the slow writer lost its file: %v", err)
	}
}
