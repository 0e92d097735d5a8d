// SPDX-License-Identifier: Apache-2.0

package crdfiles_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"karpenter.sh/core/apis/crdfiles"
)

func file(name string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("kind: CustomResourceDefinition\nmetadata: {name: " + name + "}\n")}
}

func files() fs.FS {
	return fstest.MapFS{"b.yaml": file("b"), "a.yaml": file("a"), "readme.md": file("readme")}
}

// KIT-102
func TestRead(t *testing.T) {
	for _, tc := range []struct {
		reason, want string
		names        []string
	}{
		{"all, by file name", "a b", nil},
		{"those asked for, in that order", "b a", []string{"b.yaml", "a.yaml"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			read := func() string {
				definitions, err := crdfiles.Read(files(), tc.names...)
				if tc.names == nil {
					definitions, err = crdfiles.All(files())
				}
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, d := range definitions {
					names = append(names, d.Name)
					d.Name = "changed"
				}
				return strings.Join(names, " ")
			}
			for range 2 { // what the first caller changed is not what the second gets
				if got := read(); got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			}
		})
	}
}

// KIT-102: an error names the file.
func TestReadErrors(t *testing.T) {
	broken := fstest.MapFS{"broken.yaml": {Data: []byte("kynd: CustomResourceDefinition\n")}}
	for name, from := range map[string]fs.FS{"missing.yaml": files(), "broken.yaml": broken} {
		if _, err := crdfiles.Read(from, name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
