// SPDX-License-Identifier: Apache-2.0

package reasons

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Found is a reason in the source.
type Found struct {
	// Text is the reason, a word in CamelCase.
	Text string
	// File that it stands in.
	File string
}

// InSource returns the reasons below a directory, once each, sorted: values of fields and
// constants called reason or by the reason's own name, what functions that make
// conditions and errors are called with, and what types called cause or blocker begin
// with. Tests, and directories of these names, are left out.
func InSource(root string, without ...string) ([]Found, error) {
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(without, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return fmt.Errorf("parsing %s: %w", path, err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			for _, e := range candidates(n) {
				if text, ok := word(e); ok {
					files[text] = path
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("looking for reasons in %s: %w", root, err)
	}
	out := make([]Found, 0, len(files))
	for text, file := range files {
		out = append(out, Found{Text: text, File: file})
	}
	slices.SortFunc(out, func(a, b Found) int { return strings.Compare(a.Text, b.Text) })
	return out, nil
}

// shape returns what a reason looks like.
func shape() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z]+$`) }

func word(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(b.Value)
	return text, err == nil && shape().MatchString(text)
}

// candidates are the expressions of a node that may be reasons.
func candidates(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "Reason") {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		return assigned(n)
	case *ast.ValueSpec:
		return declared(n)
	case *ast.CallExpr:
		if says(n.Fun) {
			return n.Args
		}
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.Ident); ok && slices.Contains([]string{"cause", "blocker"}, kind.Name) && len(n.Elts) > 0 {
			return n.Elts[:1]
		}
	}
	return nil
}

func assigned(n *ast.AssignStmt) (out []ast.Expr) {
	for i, left := range n.Lhs {
		if field, ok := left.(*ast.SelectorExpr); ok && field.Sel.Name == "Reason" && len(n.Lhs) == len(n.Rhs) {
			out = append(out, n.Rhs[i])
		}
	}
	return out
}

func declared(n *ast.ValueSpec) (out []ast.Expr) {
	for i, name := range n.Names {
		kind, _ := n.Type.(*ast.SelectorExpr)
		if i >= len(n.Values) {
			break
		}
		itself, _ := word(n.Values[i])
		if strings.HasPrefix(strings.ToLower(name.Name), "reason") || name.Name == itself || kind != nil && kind.Sel.Name == "DriftReason" {
			out = append(out, n.Values[i])
		}
	}
	return out
}

// says reports whether a function is one of those that are told a reason.
func says(function ast.Expr) bool {
	names := []string{
		"False", "Unknown", "NewCreateError", "SetFalse", "SetUnknownWithReason", "SetTrueWithReason", "warning", "launchEvent",
	}
	switch f := function.(type) {
	case *ast.SelectorExpr:
		return slices.Contains(names, f.Sel.Name)
	case *ast.Ident:
		return slices.Contains(names, f.Name)
	}
	return false
}
