// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
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
		for _, constructor := range metricsMade(file) {
			t.Errorf("%s calls prometheus.%s: declare the metric in a table of families, and make it with a families.Registry", path, constructor)
		}
	})
}

// OPS-285: the reason of every event stands in a table, which the reference is
// generated from.
func TestReasonsStandInTables(t *testing.T) {
	t.Parallel()
	eachSource(t, func(path string, file *ast.File) {
		if strings.HasPrefix(path, "events/") || strings.HasPrefix(path, "../providers/") {
			return // the table itself; providers have tables and tests of their own
		}
		for _, reason := range reasonsSpelled(file) {
			t.Errorf("%s spells the reason %s: declare it in events/kinds.go", path, reason)
		}
	})
}

// metricsMade are the constructors of collectors and descriptions that a file calls.
func metricsMade(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if selected, ok := n.(*ast.SelectorExpr); ok && isIdent(selected.X, "prometheus") && makesMetric(selected.Sel.Name) {
			out = append(out, selected.Sel.Name)
		}
		return true
	})
	return out
}

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

// reasonsSpelled are the literals that a file uses as the reason of an event.
func reasonsSpelled(file *ast.File) []string {
	var out []string
	add := func(e ast.Expr) {
		if spelled, ok := e.(*ast.BasicLit); ok {
			out = append(out, spelled.Value)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if !isEvent(n.Type) {
				break
			}
			for _, element := range n.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok && isIdent(pair.Key, "Reason") {
					add(pair.Value)
				}
			}
		case *ast.CallExpr:
			const reason = 2 // of object, type, reason, message
			if f, ok := n.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "Event" || f.Sel.Name == "Eventf") && len(n.Args) > reason {
				add(n.Args[reason])
			}
		}
		return true
	})
	return out
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

// TestSignalsAreSeen breaks both rules on purpose.
func TestSignalsAreSeen(t *testing.T) {
	t.Parallel()
	const source = `package p

var made = []any{
	prometheus.NewGaugeVec(options, labels), prometheus.NewCounterFunc(options, f), prometheus.NewDesc("", "", nil, nil),
	prometheus.NewRegistry(), other.NewGauge(),
}

func f() {
	publish(events.Event{Reason: "Spelled"}, events.Event{Reason: events.Evicted}, condition{Reason: "Other"})
	recorder.Eventf(object, kind, "Formatted", "text %s", "more")
}
`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if got := metricsMade(file); !slices.Equal(got, []string{"NewGaugeVec", "NewCounterFunc", "NewDesc"}) {
		t.Errorf("metrics made: %q", got)
	}
	if got := reasonsSpelled(file); !slices.Equal(got, []string{`"Spelled"`, `"Formatted"`}) {
		t.Errorf("reasons spelled: %q", got)
	}
}
