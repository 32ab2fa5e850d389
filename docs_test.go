package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var (
	quotedCommand   = regexp.MustCompile("`(?:bin/)?tidemark ([a-z][^`]*)`")
	indentedCommand = regexp.MustCompile(`(?m)^ {4,}(?:\$ )?(?:\.\./)?(?:bin/)?tidemark ([a-z].*?)\s*(?:  #.*)?$`)
)

// TestCommandsOfTheDocuments holds every command that a document names against
// the command line: the command is there, with its flags.
func TestCommandsOfTheDocuments(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("deploy/*/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(append(documents, more...), "README.md", "CHANGELOG.md", "deploy/README.md", "deploy/tidemark.yaml")
	seen := 0
	for _, path := range documents {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range append(quotedCommand.FindAllStringSubmatch(string(text), -1), indentedCommand.FindAllStringSubmatch(string(text), -1)...) {
			command, _, _ := strings.Cut(found[1], " && ")
			command = strings.NewReplacer(`\|`, " ", "[", "", "]", "").Replace(command)
			var words []string
			for _, word := range tourWord.FindAllStringSubmatch(command, -1) {
				words = append(words, word[1]+word[2])
			}
			seen++
			cmd, rest, err := (&app{}).command().Find(words)
			if err != nil {
				t.Errorf("%s: tidemark %s: %v", path, found[1], err)
				continue
			}
			if cmd.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") && cmd.ValidateArgs(rest[:1]) != nil {
				t.Errorf("%s: tidemark %s: %s has no command %q", path, found[1], cmd.Name(), rest[0])
				continue
			}
			for _, word := range rest {
				name, isFlag := strings.CutPrefix(word, "--")
				if name, _, _ = strings.Cut(name, "="); isFlag && flagOf(cmd.Flags(), cmd.InheritedFlags(), name) == nil && name != "help" {
					t.Errorf("%s: tidemark %s: there is no flag --%s", path, found[1], name)
				}
			}
		}
	}
	if seen < 40 {
		t.Errorf("the documents name %d commands, want at least 40", seen)
	}
}

func flagOf(own, inherited *pflag.FlagSet, name string) *pflag.Flag {
	if f := own.Lookup(name); f != nil {
		return f
	}
	return inherited.Lookup(name)
}
