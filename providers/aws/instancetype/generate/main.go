// SPDX-License-Identifier: Apache-2.0

// Generate writes how many branch interfaces each instance type has, which no API
// tells (AWS-202), to a file. It takes them from the limits that the VPC resource
// controller publishes; the same version gives the same bytes.
//
//	go mod download -json github.com/aws/amazon-vpc-resource-controller-k8s@<version>
//	go run ./providers/aws/instancetype/generate <Dir>/pkg/aws/vpc/limits.go <version> \
//		providers/aws/instancetype/branch_interfaces.json
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
)

// table is the file.
type table struct {
	// Source is the module and version that the numbers are from.
	Source string `json:"source"`
	// BranchInterfaces are those of the types that can have any.
	BranchInterfaces map[string]int64 `json:"branchInterfaces"`
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: generate <limits.go> <version> <file>")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(from, version, to string) error {
	branches, err := read(from)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(table{
		Source:           "github.com/aws/amazon-vpc-resource-controller-k8s@" + version,
		BranchInterfaces: branches,
	}, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the table: %w", err)
	}
	return os.WriteFile(to, append(text, '\n'), 0o644)
}

// read finds the literal of the map named Limits.
func read(path string) (map[string]int64, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading the limits: %w", err)
	}
	out := map[string]int64{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || spec.Names[0].Name != "Limits" || len(spec.Values) != 1 {
			return true
		}
		for name, fields := range entries(spec.Values[0]) {
			if n := branches(fields); n > 0 {
				out[name] = n
			}
		}
		return false
	})
	if len(out) == 0 {
		return nil, fmt.Errorf("reading the limits: %s has none", path)
	}
	return out, nil
}

// entries are the elements of a composite literal by their key.
func entries(e ast.Expr) map[string]ast.Expr {
	literal, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	out := map[string]ast.Expr{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch key := pair.Key.(type) {
		case *ast.Ident:
			out[key.Name] = pair.Value
		case *ast.BasicLit:
			if name, err := strconv.Unquote(key.Value); err == nil {
				out[name] = pair.Value
			}
		}
	}
	return out
}

// branches is the number of a type that can have branch interfaces, else 0.
func branches(e ast.Expr) int64 {
	fields := entries(e)
	trunking, _ := fields["IsTrunkingCompatible"].(*ast.Ident)
	number, _ := fields["BranchInterface"].(*ast.BasicLit)
	if trunking == nil || trunking.Name != "true" || number == nil {
		return 0
	}
	n, err := strconv.ParseInt(number.Value, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
