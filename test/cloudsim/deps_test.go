// SPDX-License-Identifier: Apache-2.0

package cloudsim_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// SIM-063: no SDK of a cloud.
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mod), "\n") {
		for _, banned := range []string{"aws/", "Azure/", "cloud.google.com", "aliyun", "go-proxmox"} {
			if strings.Contains(line, banned) {
				t.Errorf("go.mod: %s", line)
			}
		}
	}
}

// SIM-063: Kubernetes' modules are for kube and the command.
func TestImports(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			free := strings.HasPrefix(name, "k8s.io/utils/") || name == "sigs.k8s.io/yaml" || !strings.Contains(name, "k8s.io/")
			if !free && !strings.HasPrefix(path, "kube/") && !strings.HasPrefix(path, "cmd/") {
				t.Errorf("%s imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files: %v", files, err)
	}
}
