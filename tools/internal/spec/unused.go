// SPDX-License-Identifier: Apache-2.0

package spec

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// Source is one Go file.
type Source struct {
	// Name is its path, for messages.
	Name string
	// Package is the import path of its directory.
	Package string
	Text    []byte
}

// test reports whether the file is compiled for tests only.
func (s Source) test() bool { return strings.HasSuffix(s.Name, "_test.go") }

// Unused returns the names, sorted, of exported functions and methods that no code
// of the main programs calls: they are declared in a package that some main package
// imports, directly or not, and outside tests no expression anywhere mentions their
// name. Names that interfaces or several types declare are left out, since they may
// be called through an interface. So a function that shares its name with one that
// is called is missed, and none is listed that is called by its name.
func Unused(files []Source) ([]string, error) {
	g := graph{imports: map[string][]string{}}
	for _, f := range files {
		if f.test() {
			continue
		}
		if err := g.read(f); err != nil {
			return nil, err
		}
	}
	reached := g.reached()
	var out []string
	for name, places := range g.declared {
		if len(places) == 1 && reached[places[0]] && !g.mentioned[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// graph is what code outside tests declares, mentions and imports.
type graph struct {
	imports map[string][]string
	mains   []string
	// declared are the packages of exported functions and methods, by name.
	declared  map[string][]string
	mentioned map[string]bool
}

func (g *graph) read(f Source) error {
	if g.declared == nil {
		g.declared, g.mentioned = map[string][]string{}, map[string]bool{}
	}
	file, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse %s: %w", f.Name, err)
	}
	if file.Name.Name == "main" {
		g.mains = append(g.mains, f.Package)
	}
	for _, i := range file.Imports {
		g.imports[f.Package] = append(g.imports[f.Package], strings.Trim(i.Path.Value, `"`))
	}
	names := map[*ast.Ident]bool{} // those that name a declaration, a field or a key
	ast.Inspect(file, func(n ast.Node) bool {
		g.see(n, f.Package, names)
		return true
	})
	return nil
}

// see takes in one node; what surrounds an identifier is seen before it.
func (g *graph) see(n ast.Node, pkg string, names map[*ast.Ident]bool) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		names[n.Name] = true
		if n.Name.IsExported() {
			g.declared[n.Name.Name] = append(g.declared[n.Name.Name], pkg)
		}
	case *ast.InterfaceType:
		for _, m := range n.Methods.List {
			for _, name := range m.Names {
				g.mentioned[name.Name] = true
			}
		}
	case *ast.Field:
		for _, name := range n.Names {
			names[name] = true
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok {
			names[key] = true
		}
	case *ast.Ident:
		if !names[n] {
			g.mentioned[n.Name] = true
		}
	}
}

// reached are the packages that main packages import, directly or not.
func (g *graph) reached() map[string]bool {
	reached := map[string]bool{}
	for queue := slices.Clone(g.mains); len(queue) > 0; queue = queue[1:] {
		if reached[queue[0]] {
			continue
		}
		reached[queue[0]] = true
		queue = append(queue, g.imports[queue[0]]...)
	}
	return reached
}

// CitationsOfCalled returns what a test file cites, leaving out what it proves only
// of code that nobody calls: the citations of a function, its comment included, that
// mentions one of the unused names, which are sorted.
func CitationsOfCalled(test Source, unused []string) ([]ID, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, test.Name, test.Text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", test.Name, err)
	}
	text := slices.Clone(test.Text)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !mentions(f, unused) {
			continue
		}
		start := f.Pos()
		if f.Doc != nil {
			start = f.Doc.Pos()
		}
		for i := files.Position(start).Offset; i < files.Position(f.End()).Offset; i++ {
			text[i] = ' '
		}
	}
	return Citations(string(text)), nil
}

// mentions reports whether one of the names stands in a function.
func mentions(f *ast.FuncDecl, names []string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok {
			_, unused := slices.BinarySearch(names, name.Name)
			found = found || unused
		}
		return !found
	})
	return found
}
