// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/testkit/markdown"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// surface are the calls of the chapter's table by the packages of the SDK, such as
// ec2.CreateFleet, with the size of their pages; empty: none is asked for. What has no
// protocol there, region and credentials, is left to the SDK.
func surface(t *testing.T) map[string]string {
	t.Helper()
	table, err := markdown.Section(filepath.Join("..", "SPEC.md"), "**AWS-420**", "**AWS-421**")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ = strings.Cut(table, "|---|---|") // the head
	out := map[string]string{}
	cell := regexp.MustCompile(`([A-Z]\w+)(?: (\d+))?(?: \([^)]*\))?(?:[;,]|$)`)
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|(]+) \([^|]*\) \| (.*) \|$`).FindAllStringSubmatch(table, -1) {
		pkg := strings.ToLower(strings.ReplaceAll(row[1], " ", ""))
		for _, call := range cell.FindAllStringSubmatch(row[2], -1) {
			out[pkg+"."+call[1]] = call[2]
		}
	}
	return out
}

// called are the calls that the source can make: none goes without the type of its
// input.
func called(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		packages := sdkPackages(file)
		ast.Inspect(file, func(n ast.Node) bool {
			if s, is := n.(*ast.SelectorExpr); is {
				left, _ := s.X.(*ast.Ident)
				if call, input := strings.CutSuffix(s.Sel.Name, "Input"); input && left != nil && packages[left.Name] != "" {
					found[packages[left.Name]+"."+call] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// sdkPackages are those of services that a file imports, by the names it gives them.
func sdkPackages(file *ast.File) map[string]string {
	out := map[string]string{}
	for _, i := range file.Imports {
		pkg, is := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "github.com/aws/aws-sdk-go-v2/service/")
		if !is || strings.Contains(pkg, "/") {
			continue
		}
		name := pkg
		if i.Name != nil {
			name = i.Name.Name
		}
		out[name] = pkg
	}
	return out
}

// AWS-420: the calls of the chapter are those that the provider can make, and no others.
func TestSurface(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(surface(t)))
	if got := called(t); !slices.Equal(got, want) {
		t.Errorf("the source makes\n%s\nthe chapter has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// AWS-420: lists are asked for in the chapter's pages, where it says how large.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(s *v1.EC2NodeClassSpec) {
		s.AMISelectorTerms = []v1.AMISelectorTerm{{Name: "amazon-eks-node-*"}}
		s.AMIFamily = new(v1.AMIFamilyAL2023)
		s.CapacityReservationSelectorTerms = []v1.CapacityReservationSelectorTerm{{Tags: map[string]string{"purpose": "none"}}}
	})
	w.readQuotas()
	_, err := w.front.Create(t.Context(), claim("a", karpv1.CapacityTypeOnDemand))
	w.must(err)
	_, err = w.front.List(t.Context())
	w.must(err)
	chapter, paged := surface(t), map[string]bool{}
	for _, r := range w.Requests("") {
		service, call, _ := strings.Cut(r.Call, ":")
		size := chapter[service+"."+call]
		got := ""
		if max, is := r.Input["MaxResults"]; is {
			got = fmt.Sprint(max)
		}
		if got != "" {
			paged[service+"."+call] = true
		}
		if got != size && (got != "" || !byID(r.Input)) {
			t.Errorf("%s asks for pages of %q, not %q: %v", r.Call, got, size, r.Input)
		}
	}
	for call, size := range chapter {
		if size != "" && !paged[call] {
			t.Errorf("nobody asked for pages of %s", call)
		}
	}
}

// byID reports whether a request names what it asks for, or asks for nothing: then EC2
// takes no pages.
func byID(input map[string]any) bool {
	for key := range input {
		if strings.HasSuffix(key, "Id") || strings.HasSuffix(key, "Ids") || key == "DryRun" {
			return true
		}
	}
	return false
}
