// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// sources are the directories of the modules whose code runs in clusters.
func sources() []string { return []string{".", "../kwok", "../providers"} }

// eachSource calls a function with every file of the sources that is no test.
func eachSource(t *testing.T, do func(path string, file *ast.File)) {
	t.Helper()
	files := 0
	for _, root := range sources() {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files++
			do(filepath.ToSlash(path), file)
			return nil
		})
		if err != nil {
			t.Fatalf("read the sources of %s: %v", root, err)
		}
	}
	if files == 0 {
		t.Fatal("no source found: the rules held for nothing")
	}
}

// OPS-285: every metric stands in a table, which the reference is generated from.
func TestMetricsStandInTables(t *testing.T) {
	t.Parallel()
	eachSource(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "metrics/families/") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selected, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := selected.X.(*ast.Ident)
			if !ok || pkg.Name != "prometheus" || !makesMetric(selected.Sel.Name) {
				return true
			}
			t.Errorf("%s calls prometheus.%s: declare the metric in a table of families, and make it with a families.Registry", path, selected.Sel.Name)
			return true
		})
	})
}

// makesMetric holds for the constructors of collectors and descriptions.
func makesMetric(name string) bool {
	name, constructor := strings.CutPrefix(name, "New")
	if !constructor {
		return false
	}
	switch strings.TrimSuffix(strings.TrimSuffix(name, "Vec"), "Func") {
	case "Counter", "Gauge", "Histogram", "Summary", "Untyped", "Desc":
		return true
	}
	return false
}

// OPS-285: the reason of every event stands in a table, which the reference is
// generated from.
func TestReasonsStandInTables(t *testing.T) {
	t.Parallel()
	eachSource(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "events/") || strings.HasPrefix(path, "../providers/") {
			return // the table itself; providers have tables and tests of their own
		}
		ast.Inspect(file, func(n ast.Node) bool {
			event, ok := n.(*ast.CompositeLit)
			if !ok || !isEvent(event.Type) {
				return true
			}
			for _, element := range event.Elts {
				pair, ok := element.(*ast.KeyValueExpr)
				if !ok || !isIdent(pair.Key, "Reason") {
					continue
				}
				if spelled, ok := pair.Value.(*ast.BasicLit); ok {
					t.Errorf("%s spells the reason %s: declare it in events/kinds.go", path, spelled.Value)
				}
			}
			return true
		})
	})
}

// isEvent holds for the type events.Event.
func isEvent(e ast.Expr) bool {
	selected, ok := e.(*ast.SelectorExpr)
	return ok && isIdent(selected.X, "events") && selected.Sel.Name == "Event"
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
