// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// text is a license as the library knows it, with years and names.
func text(t *testing.T, id string) string {
	t.Helper()
	for _, l := range licensecheck.BuiltinLicenses() {
		if l.ID == id && l.URL == "" {
			// The text is a pattern: what stands between marks is what differs.
			plain := strings.NewReplacer("((", "", "))", "", "||", " ", "//**", " ", "**//", " ").Replace(l.LRE)
			return "Copyright 2026 Somebody\n\n" + plain
		}
	}
	t.Fatalf("the library knows no %s", id)
	return ""
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`

// OPS-261: dependencies have licenses that are allowed: each file counts that is above a
// package, within its module.
func TestCheck(t *testing.T) {
	gpl := text(t, "GPL-3.0")
	for reason, c := range map[string]struct {
		files map[string]string
		pkg   string
		want  string
	}{
		"a license that is allowed":           {map[string]string{"LICENSE": mit}, "a/b", ""},
		"by another name":                     {map[string]string{"LICENCE.md": mit}, "", ""},
		"one of its own in a part":            {map[string]string{"LICENSE": mit, "a/COPYING": gpl}, "a/b", "a/COPYING: its license is GPL-3.0"},
		"a part that is not used":             {map[string]string{"LICENSE": mit, "c/COPYING": gpl}, "a/b", ""},
		"two licenses, one not allowed":       {map[string]string{"LICENSE": mit, "LICENSE.other": gpl}, "", "its license is GPL-3.0"},
		"none":                                {map[string]string{"README": mit}, "a", "there is no license"},
		"words that nobody knows":             {map[string]string{"LICENSE": "Use it for good."}, "", "no license that is known"},
		"a license with conditions added":     {map[string]string{"LICENSE": mit + strings.Repeat("Whoever uses it on a Monday owes us a beer. ", 30)}, "", "of it is text of MIT"},
		"code that has the name of a license": {map[string]string{"LICENSE": mit, "license.go": "package a"}, "", ""},
	} {
		t.Run(reason, func(t *testing.T) {
			outside := t.TempDir()
			root := filepath.Join(outside, "module")
			write(t, filepath.Join(outside, "LICENSE"), gpl) // above the module, so no matter
			write(t, filepath.Join(root, c.pkg, "a.go"), "package a\n")
			for name, content := range c.files {
				write(t, filepath.Join(root, name), content)
			}
			got, err := newScanner().check(pkg{path: "example.org/a", dir: filepath.Join(root, c.pkg), root: root})
			if err != nil || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

// The dependencies of a module are found, those of its tests too, and named if they are
// not allowed.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.org/a\n\ngo 1.26.0\n\nrequire example.org/b v0.0.0\n\nreplace example.org/b => ./b\n")
	write(t, filepath.Join(dir, "a_test.go"), "package a\n\nimport _ \"example.org/b\"\n")
	write(t, filepath.Join(dir, "b/go.mod"), "module example.org/b\n\ngo 1.26.0\n")
	write(t, filepath.Join(dir, "b/b.go"), "package b\n")
	write(t, filepath.Join(dir, "b/LICENSE"), mit)
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	var out bytes.Buffer
	if err := run(t.Context(), []string{"."}, &out); err != nil || !strings.Contains(out.String(), "1 packages of 1 modules") {
		t.Errorf("%v: %s", err, out.String())
	}
	write(t, filepath.Join(dir, "b/LICENSE"), "Mine.")
	if err := run(t.Context(), []string{"."}, &out); err == nil || !strings.Contains(err.Error(), "example.org/b: ") {
		t.Errorf("%v", err)
	}
	for _, dirs := range [][]string{nil, {"./nothing"}} {
		if err := run(t.Context(), dirs, &out); err == nil {
			t.Errorf("%v: no error", dirs)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
