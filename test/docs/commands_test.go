// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// OPS-341: every command in the shell blocks of the guide is a target of the Makefile, a program
// of the repository with flags that it knows, one for kubectl (which TestOnServer runs),
// or one that is excused. So are the first two within the sentences of all pages.
func TestCommands(t *testing.T) {
	check, tried := checker{makefile: read(t, "Makefile"), helps: map[string]help{}}, map[string]bool{}
	var all []command
	names, pages := guidePages(t)
	for _, name := range names {
		all = append(all, commands(name, pages[name])...)
	}
	if len(all) < 30 {
		t.Errorf("%d commands", len(all))
	}
	for name, page := range everyPage(t) {
		all = append(all, mentioned(name, page)...)
	}
	for _, c := range all {
		if tried[c.text] {
			continue
		}
		tried[c.text] = true
		if c.excused() {
			continue
		}
		if err := check.command(t, c); err != nil {
			t.Errorf("%s: %s: %v", c.where, c.text, err)
		}
	}
	for _, e := range excuses() {
		if !slices.ContainsFunc(all, func(c command) bool { return strings.HasPrefix(c.text, e.text) }) {
			t.Errorf("no page has %q any more: excused because %s", e.text, e.why)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// help is what a program says of itself.
type help struct {
	text string
	err  error
}

// checker says what is wrong with commands.
type checker struct {
	makefile string
	// helps are those that were asked for already, by package and subcommand.
	helps map[string]help
}

func (k checker) command(t *testing.T, c command) error {
	words := c.words()
	switch {
	case c.program() == "kubectl":
		return nil
	case words[0] == "make":
		return k.target(words[1:])
	case words[0] == "go" && len(words) > 2 && words[1] == "run":
		return k.run(t, words[2], words[3:])
	case words[0] == "go" && len(words) > 2 && words[1] == "test":
		return directory(strings.TrimSuffix(words[2], "/..."))
	case strings.HasPrefix(words[0], "bin/karpenter-"):
		found, err := filepath.Glob(filepath.Join(root, "*", "cmd", c.program()))
		more, _ := filepath.Glob(filepath.Join(root, "providers", "*", "cmd", c.program())) // the pattern is valid
		if err != nil || len(found)+len(more) != 1 {
			return fmt.Errorf("make build makes no such program")
		}
		return nil
	}
	return fmt.Errorf("nobody tries this command")
}

// target sees that the Makefile has the targets and the settings.
func (k checker) target(words []string) error {
	for _, word := range words {
		name, _, setting := strings.Cut(word, "=")
		pattern := `(?m)^` + regexp.QuoteMeta(name) + `:`
		if setting {
			pattern = `\$\((\w+ )?` + regexp.QuoteMeta(name) + `\)`
		}
		if !regexp.MustCompile(pattern).MatchString(k.makefile) {
			return fmt.Errorf("the Makefile has no %s", name)
		}
	}
	return nil
}

// run sees that there is the program, and that it knows its subcommand and flags.
func (k checker) run(t *testing.T, pkg string, args []string) error {
	if err := directory(pkg); err != nil {
		return err
	}
	var subcommand []string
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		subcommand = args[:1]
	}
	told := k.help(t, pkg, subcommand)
	if told.err != nil {
		return fmt.Errorf("asking for help: %w\n%s", told.err, told.text)
	}
	for i, arg := range args {
		if arg == "--" { // what follows is for the controller that the program starts
			return k.run(t, "./kwok/cmd/karpenter-kwok", args[i+1:])
		}
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") || name == "help" || name == "h" {
			continue
		}
		if !regexp.MustCompile(`(?m)^\s*--?` + regexp.QuoteMeta(name) + `\b`).MatchString(told.text) {
			return fmt.Errorf("it knows no flag %s", name)
		}
	}
	return nil
}

func (k checker) help(t *testing.T, pkg string, subcommand []string) help {
	key := strings.Join(append([]string{pkg}, subcommand...), " ")
	if told, ok := k.helps[key]; ok {
		return told
	}
	// go run keeps what it links, unlike go build.
	ask := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"run", pkg}, subcommand, []string{"-help"})...)
	ask.Dir = root
	out, err := ask.CombinedOutput()
	k.helps[key] = help{text: string(out), err: err}
	return k.helps[key]
}

func directory(name string) error {
	if info, err := os.Stat(filepath.Join(root, name)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no package %s", name)
	}
	return nil
}
