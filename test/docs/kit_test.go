// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kitPath begins the import paths of the kit's parts.
const kitPath = "karpenter.sh/core/cloudprovider/kit/"

// The table in providers/README.md says which parts of the kit each provider imports, of
// all that there are.
func TestKitTable(t *testing.T) {
	columns := []string{"kwok", "providers/aws", "providers/clusterapi", "providers/proxmox"}
	used := make([]map[string]bool, len(columns))
	for i, dir := range columns {
		used[i] = kitImports(t, dir)
	}
	want := map[string]string{}
	for _, part := range kitParts(t) {
		row := ""
		for i := range columns {
			row += map[bool]string{true: "x", false: "-"}[used[i][part]]
		}
		want[part] = row
	}
	got := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| (x?) ?\\| (x?) ?\\| (x?) ?\\| (x?) ?\\|")
	for _, m := range row.FindAllStringSubmatch(read(t, "providers/README.md"), -1) {
		marks := ""
		for _, mark := range m[2:] {
			marks += strings.Repeat("-", 1-len(mark)) + mark
		}
		got[m[1]] = marks
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by %v: %s", columns, diff)
	}
}

// kitParts are the packages of the kit that providers can import.
func kitParts(t *testing.T) (out []string) {
	t.Helper()
	kit := filepath.Join(root, "core/cloudprovider/kit")
	found := map[string]bool{}
	eachGoFile(t, kit, func(path string) {
		part, err := filepath.Rel(kit, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if part = filepath.ToSlash(part); part != "." && !strings.HasPrefix(part, "internal") && !found[part] {
			found[part] = true
			out = append(out, part)
		}
	})
	return out
}

// kitImports are the parts that a module imports, outside of tests.
func kitImports(t *testing.T, module string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	eachGoFile(t, filepath.Join(root, module), func(path string) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			if part, ok := strings.CutPrefix(strings.Trim(imported.Path.Value, `"`), kitPath); ok {
				out[part] = true
			}
		}
	})
	return out
}

// eachGoFile calls a function for each file of Go that is no test.
func eachGoFile(t *testing.T, dir string, do func(path string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			do(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
