// Package deploy holds the files of deploy against the libraries that read them in
// earnest.
package deploy

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	promql "github.com/prometheus/prometheus/promql/parser"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

const folder = "../../deploy"

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestKubernetes decodes every manifest into the type that it names; a field that the
// type does not have is an error.
func TestKubernetes(t *testing.T) {
	decode := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob(filepath.Join(folder, "kubernetes", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	kinds := map[string]int{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range bytes.Split(text, []byte("\n---\n")) {
			_, kind, err := decode.Decode(part, nil, nil)
			if err != nil {
				t.Errorf("%s, document %d: %v", f, i+1, err)
				continue
			}
			kinds[kind.Kind]++
		}
	}
	for _, want := range []string{"Deployment", "NetworkPolicy", "PersistentVolumeClaim", "ConfigMap", "Job"} {
		if kinds[want] == 0 {
			t.Errorf("there is no %s among %v", want, kinds)
		}
	}
}

// TestCompose reads the file as docker compose does, with and without its passwords.
func TestCompose(t *testing.T) {
	path := filepath.Join(folder, "compose", "compose.yaml")
	load := func(env ...string) error {
		options, err := cli.NewProjectOptions([]string{path}, cli.WithEnv(env), cli.WithResolvedPaths(true))
		if err != nil {
			return err
		}
		project, err := options.LoadProject(t.Context())
		if err != nil {
			return err
		}
		for name, s := range project.Services {
			for _, v := range s.Volumes {
				if v.Type == "bind" {
					if _, err := os.Stat(v.Source); err != nil {
						t.Errorf("%s mounts %s, which is not there", name, v.Source)
					}
				}
			}
		}
		return nil
	}
	if err := load(); err == nil || !strings.Contains(err.Error(), "put it into .env") {
		t.Errorf("without passwords: %v", err)
	}
	var env []string
	for line := range strings.Lines(string(read(t, "compose/environment.example"))) {
		env = append(env, strings.TrimSpace(line)+"secret")
	}
	if err := load(env...); err != nil {
		t.Error(err)
	}
}

// TestImage reads the Dockerfile as docker does, with its own rules of style.
func TestImage(t *testing.T) {
	ast, err := parser.Parse(bytes.NewReader(read(t, "image/Dockerfile")))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range ast.Warnings {
		t.Errorf("%s", w.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, description, url, what string, _ []parser.Range) {
		t.Errorf("%s: %s", rule, what)
	}})
	stages, _, err := instructions.Parse(ast.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, s := range stages {
		named[s.Name] = true
	}
	if !named["tidemark"] || !named["tidemark-engine"] {
		t.Errorf("the stages are %v", named)
	}
}

func TestPrometheusRules(t *testing.T) {
	groups, errs := rulefmt.Parse(read(t, "prometheus/tidemark.rules.yaml"), false, model.UTF8Validation, promql.NewParser(promql.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) == 0 {
		t.Error("there are no rules")
	}
}

// TestUnits has systemd read its units, where there is one. That the program is not
// installed here is no fault of theirs.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze")
	}
	units, err := filepath.Glob(filepath.Join(folder, "systemd", "*"))
	if err != nil || len(units) == 0 {
		t.Fatal(units, err)
	}
	out, _ := exec.CommandContext(t.Context(), analyze, append([]string{"verify"}, units...)...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "is not executable: No such file or directory") && !strings.Contains(line, "Command 'man") {
			t.Error(strings.TrimSpace(line))
		}
	}
}
