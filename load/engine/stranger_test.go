package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// opened returns an engine of this process on a fresh folder.
func opened(t *testing.T) *Engine {
	t.Helper()
	if os.Getenv("TIDEMARK_ENGINE") == "0" {
		t.Skip("TIDEMARK_ENGINE=0: tests that need the engine are left out")
	}
	e, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// held returns a folder whose lock somebody has.
func held(t *testing.T, s state) folder {
	t.Helper()
	f := folder(t.TempDir())
	lock, ok, err := tryLock(f.path(lockFile))
	if err != nil || !ok {
		t.Fatalf("lock a fresh folder: %t, %v", ok, err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	if err := f.writeState(s); err != nil {
		t.Fatal(err)
	}
	return f
}

// A port that is taken after it was found free: the engine stays up without
// that listener, and a ping reaches the other server. Only the token tells.
func TestForeignServerOnOurPort(t *testing.T) {
	t.Parallel()
	foreign := opened(t)
	for name, change := range map[string]func(*state){
		"native": func(s *state) { s.TCPPort = foreign.state.TCPPort },
		"http":   func(s *state) { s.HTTPPort = foreign.state.HTTPPort },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours := opened(t)
			s := ours.state
			if err := ours.Close(); err != nil {
				t.Fatal(err)
			}
			change(&s)
			ours.state = s
			lock, ok, err := tryLock(ours.folder.path(lockFile))
			if err != nil || !ok {
				t.Fatalf("the lock of a closed engine: %t, %v", ok, err)
			}
			defer lock.Close()
			ours.lock = lock
			_, err = ours.launch(t.Context())
			if !errors.Is(err, errStranger) {
				t.Errorf("got %v, want %v", err, errStranger)
			}
		})
	}
}

func TestFolderOwnedByOneWithoutEngine(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := held(t, state{OwnerPID: 4242, Since: since})
	_, err := Open(t.Context(), Config{Dir: string(f), AttachTimeout: 50 * time.Millisecond})
	owned, ok := errors.AsType[*OwnedError](err)
	if !ok || owned.PID != 4242 || !strings.Contains(err.Error(), "process 4242 (since 2026-01-02T03:04:05Z)") {
		t.Errorf("got %v, want an OwnedError that names process 4242", err)
	}
}

// The state of a folder may name ports that another engine has by now.
func TestFolderWhoseStateNamesAnotherEngine(t *testing.T) {
	t.Parallel()
	foreign := opened(t)
	f := held(t, state{OwnerPID: 4242, EnginePID: 4243, TCPPort: foreign.state.TCPPort, HTTPPort: foreign.state.HTTPPort, Token: "a", Probe: "b"})
	_, err := Open(t.Context(), Config{Dir: string(f), AttachTimeout: 50 * time.Millisecond})
	if _, ok := errors.AsType[*OwnedError](err); !ok || !errors.Is(err, errStranger) {
		t.Errorf("got %v, want an OwnedError because %v", err, errStranger)
	}
}

func TestOpenSurvivesDamagedState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, stateFile), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), Config{Dir: dir, MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefusesDamagedPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, passwordsFile), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), passwordsFile) {
		t.Errorf("got %v, want an error that names %s", err, passwordsFile)
	}
}

func TestOpenMendsModes(t *testing.T) {
	t.Parallel()
	e := opened(t)
	dir := e.Dir()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(e.folder.path(passwordsFile), 0o644)); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), Config{Dir: dir, MaxMemory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for path, want := range map[string]os.FileMode{dir: 0o700, again.folder.path(passwordsFile): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode().Perm(), err, want)
		}
	}
}

func TestPasswordsAreQuotedInXML(t *testing.T) {
	t.Parallel()
	f := folder(t.TempDir())
	if err := f.make(); err != nil {
		t.Fatal(err)
	}
	if err := f.configure(settings{state: state{Token: `<&">`}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.path(configFile))
	if err != nil || !strings.Contains(string(text), "<instance>&lt;&amp;&#34;&gt;</instance>") {
		t.Errorf("%v in %s", err, text)
	}
}

func TestLogIsCut(t *testing.T) {
	t.Parallel()
	f := folder(t.TempDir())
	log, err := f.openLog()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write := func(s string) {
		if _, err := log.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	if err := f.capLog(100); err != nil || f.logSize() != 4 {
		t.Fatalf("a small log was cut to %d: %v", f.logSize(), err)
	}
	write(strings.Repeat("x", 100) + "\ntwo\n")
	if err := f.capLog(100); err != nil || f.logSize() != 0 {
		t.Fatalf("a large log still has %d bytes: %v", f.logSize(), err)
	}
	write("three\n")
	if tail := f.logTail(0); len(tail) != 1 || tail[0] != "three" {
		t.Errorf("after the cut: %q", tail)
	}
	old, err := os.ReadFile(f.path(logFile + ".1"))
	if err != nil || !strings.HasPrefix(string(old), "one\n") || !strings.HasSuffix(string(old), "two\n") {
		t.Errorf("what was cut off is %q, %v", old, err)
	}
}

func TestLogTailIsShortAndRecent(t *testing.T) {
	t.Parallel()
	f := folder(t.TempDir())
	if tail := f.logTail(0); tail != nil {
		t.Errorf("without a log: %q", tail)
	}
	if err := os.WriteFile(f.path(logFile), []byte(strings.Repeat("old\n", 5000)+"new\n\nlast\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if tail := f.logTail(0); len(tail) != 6 || tail[4] != "new" || tail[5] != "last" {
		t.Errorf("got %q", tail)
	}
	if tail := f.logTail(f.logSize() - 5); len(tail) != 1 || tail[0] != "last" {
		t.Errorf("from an offset: %q", tail)
	}
}
