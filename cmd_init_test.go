package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestExamplesOfTheConfiguration holds that a user who takes the comment signs
// away gets a configuration that works.
func TestExamplesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`(?m)^(\s*)# (\s*(?:- )?(?:[a-z_]+|"[a-z_:*]+"):(?: .*)?)$`)
	all := example.ReplaceAllString(initialConfig, "$1$2")
	if n := strings.Count(initialConfig, "\n") - strings.Count(all, "\n"); n != 0 || all == initialConfig {
		t.Fatal("the examples were not found")
	}
	env := func(name string) (string, bool) {
		if name == "TIDEMARK_DSN" {
			return "clickhouse://user:password@host:9000", true
		}
		return "https://example.com/" + name, true
	}
	s, err := parseSettings([]byte(all), env)
	if err != nil {
		t.Fatalf("%v in\n%s", err, all)
	}
	if len(s.Files) == 0 || s.Warehouse.DSN == "" || s.Publishers.FRED.Key == "" || len(s.Universes[0].Prices) == 0 || s.Universes[1].Against == "" || len(s.Scheduling.Jobs) == 0 || s.Serve.Log == "" || s.Alerts.Email == nil {
		t.Errorf("an example is still a comment in\n%s", all)
	}
}

// TestEveryKeyIsDocumented holds the table of keys against the configuration.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	var keys func(t reflect.Type) []string
	keys = func(typ reflect.Type) (out []string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
			return nil
		}
		for f := range typ.Fields() {
			name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name == "-" || name == "" && option == "" {
				continue
			}
			if name != "" {
				out = append(out, name)
			}
			out = append(out, keys(f.Type)...)
		}
		return out
	}
	for _, key := range keys(reflect.TypeFor[settings]()) {
		if guide := configurationGuide(t); !strings.Contains(guide, "`"+key+"`") && !strings.Contains(guide, "."+key+"`") && !strings.Contains(guide, "`"+key+".") {
			t.Errorf("deploy/README.md does not say what %s is", key)
		}
	}
}

// TestDeployedConfigurations holds what the files of deploy run with against the
// program.
func TestDeployedConfigurations(t *testing.T) {
	t.Setenv("TIDEMARK_DSN", "clickhouse://tidemark:secret@127.0.0.1:9000")
	manifests, err := os.ReadFile(filepath.Join("deploy", "kubernetes", "tidemark.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, inside, found := strings.Cut(string(manifests), "  tidemark.yaml: |\n")
	inside, _, ended := strings.Cut(inside, "\n---")
	if !found || !ended {
		t.Fatal("the manifests hold no configuration")
	}
	configMap := filepath.Join(t.TempDir(), "tidemark.yaml")
	write(t, configMap, strings.ReplaceAll("\n"+inside, "\n    ", "\n"))
	for _, path := range []string{configMap, filepath.Join("deploy", "compose", "tidemark.yaml"), filepath.Join("deploy", "debian", "tidemark.yaml")} {
		if out := must(t, "check", "--list", "-c", path); !strings.Contains(out, "contract") {
			t.Errorf("%s: %s", path, out)
		}
	}
}
