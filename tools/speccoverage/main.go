// SPDX-License-Identifier: Apache-2.0

// Command speccoverage prints, for each chapter of the specification, how many
// requirements some test cites, and lists the others, apart from those that bind
// nothing of this repository: see package karpenter.sh/tools/internal/spec. What is missing is news, not an error: it
// ends with 0. A chapter that there is not is an error.
//
//	go run ./tools/speccoverage -chapter lifecycle
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"karpenter.sh/tools/internal/spec"
)

func main() {
	flags := flag.NewFlagSet("speccoverage", flag.ExitOnError)
	root := flags.String("root", ".", "the repository's root `directory`")
	only := flags.String("chapter", "", "one `chapter` only, by the name of its file or its prefix (lifecycle, LIF)")
	_ = flags.Parse(os.Args[1:]) // it exits itself
	if err := run(os.Stdout, *root, *only); err != nil {
		fmt.Fprintln(os.Stderr, "speccoverage:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, root, only string) error {
	chapters, err := readChapters(root)
	if err != nil {
		return err
	}
	cited, err := readCitations(root)
	if err != nil {
		return err
	}
	coverage, unknown := spec.Compare(chapters, cited)
	var total, done, chosen int
	for _, c := range coverage {
		if !selected(c.Chapter, only) {
			continue
		}
		chosen++
		total, done = total+c.Chapter.Binding(), done+c.Cited()
		fmt.Fprintf(out, "%-32s %4d of %4d cited\n", c.Chapter.Name, c.Cited(), c.Chapter.Binding())
		if len(c.Uncited) > 0 {
			fmt.Fprintf(out, "    not cited: %s\n", spec.Ranges(c.Uncited))
		}
		if len(c.Chapter.Outside) > 0 {
			fmt.Fprintf(out, "    bind others: %s\n", spec.Ranges(c.Chapter.Outside))
		}
	}
	if chosen == 0 {
		return fmt.Errorf("no chapter is called %q, only: %s", only, strings.Join(names(chapters), ", "))
	}
	fmt.Fprintf(out, "%-32s %4d of %4d cited\n", "total", done, total)
	if len(unknown) > 0 {
		fmt.Fprintf(out, "cited but defined nowhere: %s\n", spec.Ranges(unknown))
	}
	return nil
}

func names(chapters []spec.Chapter) []string {
	out := make([]string, len(chapters))
	for i, c := range chapters {
		out[i] = c.Name
	}
	return out
}

func selected(c spec.Chapter, only string) bool {
	if only == "" || strings.Contains(c.Name, only) {
		return true
	}
	return len(c.Requirements) > 0 && c.Requirements[0].Prefix == strings.ToUpper(only)
}

func readChapters(root string) ([]spec.Chapter, error) {
	var chapters []spec.Chapter
	for _, glob := range []string{"core/docs/spec/*.md", "kwok/SPEC.md", "providers/*/SPEC.md", "test/cloudsim/SPEC.md"} {
		files, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", glob, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read a chapter: %w", err)
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, fmt.Errorf("name a chapter: %w", err)
			}
			chapters = append(chapters, spec.Chapter{Name: name, Requirements: spec.Requirements(string(content)), Outside: spec.Outside(string(content))})
		}
	}
	return chapters, nil
}

// readCitations collects what every test file of the tree cites, except those
// of this tool, which cite for the sake of the example, and citations of code
// without a caller.
func readCitations(root string) ([]spec.ID, error) {
	files, err := readSources(root)
	if err != nil {
		return nil, err
	}
	unused, err := spec.Unused(files)
	if err != nil {
		return nil, err
	}
	var cited []spec.ID
	for _, f := range files {
		if !strings.HasSuffix(f.Name, "_test.go") || strings.HasPrefix(f.Package, thisTool) || strings.HasPrefix(f.Package, thisToolsSpec) {
			continue
		}
		ids, err := spec.CitationsOfCalled(f, unused)
		if err != nil {
			return nil, err
		}
		cited = append(cited, ids...)
	}
	return cited, nil
}

// modules is the prefix of all modules' paths; the others are the packages of this tool.
const (
	modules       = "karpenter.sh/"
	thisTool      = modules + "tools/speccoverage"
	thisToolsSpec = modules + "tools/internal/spec"
)

// readSources reads all Go files. A directory's import path is its path below the
// root after the prefix of all modules.
func readSources(root string) ([]spec.Source, error) {
	var files []spec.Source
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && skipped(root, path) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		files = append(files, spec.Source{Name: path, Package: modules + filepath.ToSlash(filepath.Dir(rel)), Text: text})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	return files, nil
}

func skipped(root, dir string) bool {
	rel, err := filepath.Rel(root, dir)
	return err == nil && (rel == "bin" || rel == ".git")
}
