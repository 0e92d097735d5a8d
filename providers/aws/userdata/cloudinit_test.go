// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cloudInit returns the program and the interpreter that it runs in, whose library
// splits user data.
func cloudInit(t *testing.T) (program, python string) {
	t.Helper()
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed: it did not judge the user data of AL2 and AL2023")
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	python, found := strings.CutPrefix(first, "#!")
	if words := strings.Fields(python); found && len(words) > 0 {
		return program, words[0]
	}
	t.Skip("cloud-init is no script: its library did not judge the user data of AL2 and AL2023")
	return "", ""
}

// AWS-163, AWS-164: cloud-init of Debian, which nobody here wrote, finds the same
// parts in the same order in every archive, takes each shell part for a script (it
// looks into them), and finds nothing wrong with cloud-configs. Its schema command
// judges no archives, only documents that begin with #cloud-config, so those are
// taken out of the archives. It knows nothing of the parts that nodeadm reads, and
// leaves them alone: those are for the module judge.
func TestCloudInit(t *testing.T) {
	program, python := cloudInit(t)
	paths, err := filepath.Glob("testdata/al2*.golden")
	if err != nil || len(paths) < 16 {
		t.Fatalf("golden files %v, %v", paths, err)
	}
	configs := map[string]bool{}
	for n, split := range cloudInitParts(t, python, paths) {
		path := paths[n]
		types, bodies := parts(t, file(t, filepath.Base(path)))
		if len(split) != len(types) {
			t.Fatalf("%s: cloud-init finds %d parts, not %d", path, len(split), len(types))
		}
		for i, part := range split {
			if part.Type != types[i] || strings.TrimSpace(part.Body) != strings.TrimSpace(bodies[i]) {
				t.Errorf("%s: part %d is to cloud-init\n%+v\nnot %s\n%s", path, i+1, part, types[i], bodies[i])
			}
			if part.Type == "text/cloud-config" {
				configs[part.Body] = true
			}
		}
	}
	if len(configs) == 0 {
		t.Error("no cloud-config was judged")
	}
	for config := range configs {
		schema(t, program, config)
	}
}

type cloudInitPart struct{ Type, Body string }

// cloudInitParts returns the parts of each file.
func cloudInitParts(t *testing.T, python string, paths []string) [][]cloudInitPart {
	t.Helper()
	command := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("testdata", "split.py")}, paths...)...)
	var problems strings.Builder
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("splitting: %v: %s", err, problems.String())
	}
	var parts [][]cloudInitPart
	if err := json.Unmarshal(out, &parts); err != nil {
		t.Fatal(err)
	}
	return parts
}

func schema(t *testing.T, program, config string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
