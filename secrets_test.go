package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"tidemark/load/engine/enginetest"
)

// TestSecretsAreNowhere runs the program with a secret of its own in every place of the
// configuration that takes one, at publishers, mail servers and hooks that answer and
// that fail, and looks for them in all that it says and leaves: its output at its most
// talkative, the archive, the engine's folder and log, the workbook, the page, the API
// and the metrics, and the command lines of its processes.
func TestSecretsAreNowhere(t *testing.T) {
	enginetest.Require(t)
	dir := t.TempDir()
	n := 0
	var secrets []string
	secret := func(form string) string {
		n++
		s := fmt.Sprintf(form, n)
		secrets = append(secrets, s)
		return s
	}
	const word, hex = "cAnArY%dzQxW7", "%032x"
	n = 0xabcdef
	cfg := filepath.Join(dir, defaultConfig)
	write(t, cfg, `data: data
sandbox: {seed: 3, securities: 60, from: 2024-06-03, to: 2025-12-05}
history: {from: 2025-01-01}
publishers:
  fred: {key: `+secret(hex)+`, series: [IORB], vintages: [WALCL]}
  polygon: {key: `+secret(word)+`}
  tiingo: {token: `+secret(word)+`, symbols: [AAPL, NONE], funds: [SPY]}
  stooq: {key: `+secret(word)+`, series: {"index:SPX": "^spx"}}
  fiscaldata: {}
alerts:
  email: {host: 127.0.0.1, port: 1, tls: starttls, user: me, password: `+secret(word)+`, from: a@example.org, to: [b@example.org]}
  slack: {url: "http://127.0.0.1:1/services/`+secret(word)+`"}
  webhook: {url: "http://127.0.0.1:1/`+secret(word)+`"}
  ping: {url: "http://127.0.0.1:1/`+secret(word)+`"}
deliver:
  - {name: desk, email: {host: 127.0.0.1, port: 1, tls: starttls, user: me, password: `+secret(word)+`, from: a@example.org, to: [b@example.org]}}
  - {name: pool, bucket: {endpoint: "http://127.0.0.1:1", bucket: books, region: r, access_key: `+secret(word)+`, secret_key: `+secret(word)+`}}
`)
	look := func(where, text string) {
		t.Helper()
		for i, s := range secrets {
			if at := strings.Index(text, s); at >= 0 {
				t.Errorf("%s holds secret %d: …%q…", where, i+1, text[max(0, at-60):min(len(text), at+len(s)+20)])
			}
		}
	}
	for _, args := range [][]string{
		{"run", "-v"}, {"run", "-v", "--refresh"}, {"doctor", "--publishers", "-v"}, {"status"}, {"status", "--json"}, {"plan", "--json"}, {"export", "-v"}, {"deliver", "--now", "-v"}, {"backup", filepath.Join(dir, "kept"), "-v"},
	} {
		code, out, errOut := call(t, append(args, "-c", cfg)...)
		if code == exitUsage {
			t.Fatalf("%v: %s", args, errOut)
		}
		look(strings.Join(args, " "), out+errOut)
	}

	cmd, out, errOut := startProgram(t, "serve", "-c", cfg, "--listen", "127.0.0.1:0", "-v")
	line := make([]byte, 400)
	k, _ := out.Read(line)
	_, address, found := strings.Cut(string(line[:k]), "the page is at ")
	if !found {
		t.Fatalf("serve says %q: %s", line[:k], errOut)
	}
	address = strings.TrimRight(strings.Fields(address)[0], "/")
	for _, path := range []string{"/", "/metrics", "/api/v1/status", "/api/v1/jobs", "/api/v1/runs", "/api/v1/incidents", "/api/v1/openapi.json", "/debug/pprof/cmdline"} {
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		look(path, string(body)+fmt.Sprint(resp.Header))
	}
	for _, pid := range processesOf(t, cmd.Process.Pid) {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if err == nil {
			look("the command line of a process", string(line))
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	look("the log of serve", errOut.String())

	files := 0
	decode, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decode.Close()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path == cfg {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		look(path, string(text))
		switch {
		case strings.HasSuffix(path, ".zst"):
			plain, err := decode.DecodeAll(text, nil)
			if err != nil {
				return err
			}
			look(path, string(plain))
		case strings.HasSuffix(path, ".xlsx"):
			parts, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
			if err != nil {
				return err
			}
			for _, p := range parts.File {
				r, err := p.Open()
				if err != nil {
					return err
				}
				plain, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				look(path+" "+p.Name, string(plain))
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files were looked into", files)
	}
	// The search itself finds what is there.
	if text, err := os.ReadFile(cfg); err != nil || slices.ContainsFunc(secrets, func(s string) bool { return !strings.Contains(string(text), s) }) {
		t.Errorf("the configuration does not hold all secrets, error %v", err)
	}
}

// processesOf lists a process and those that it has started.
func processesOf(t *testing.T, pid int) []int {
	t.Helper()
	out := []int{pid}
	for i := 0; i < len(out); i++ {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", out[i]))
		if err != nil {
			continue
		}
		for f := range strings.FieldsSeq(string(children)) {
			if n, err := strconv.Atoi(f); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}
