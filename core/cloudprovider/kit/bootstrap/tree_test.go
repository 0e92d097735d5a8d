// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

// KIT-184: what cannot be read is told with its place.
func TestUnreadable(t *testing.T) {
	for name, tt := range map[string]struct {
		parse func([]byte) (bootstrap.Tree, error)
		data  string
		want  string
	}{
		"TOML":                     {bootstrap.ParseTOML, "a = 1\n[b\n", "TOML, line 2, column"},
		"TOML, a key twice":        {bootstrap.ParseTOML, "a = 1\na = 2\n", "TOML"},
		"YAML":                     {bootstrap.ParseYAML, "a: [", "YAML"},
		"YAML, two documents":      {bootstrap.ParseYAML, "---\na: 1\n---\nb: 1\n", "line 3: there is a second document"},
		"YAML, bad after the end":  {bootstrap.ParseYAML, "a: 1\n---\nb: [", "YAML"},
		"YAML, binary data":        {bootstrap.ParseYAML, "a: 1\nb:\n- c: !!binary /9j/\n", "line 3: a value with the tag !!binary"},
		"YAML, a tag of its own":   {bootstrap.ParseYAML, "a: !secret x\n", "line 1: a value with the tag !secret"},
		"YAML, a list":             {bootstrap.ParseYAML, "- a", "not a mapping"},
		"YAML, a text":             {bootstrap.ParseYAML, "#!/bin/sh\nid", "not a mapping"},
		"YAML, a key twice":        {bootstrap.ParseYAML, "a: 1\na: 2\n", "YAML"},
		"cloud-config, no header":  {bootstrap.ParseCloudConfig, "a: 1\n", "first line"},
		"cloud-config, a template": {bootstrap.ParseCloudConfig, "## template: jinja\n#cloud-config\n", "first line"},
		"cloud-config, bad YAML":   {bootstrap.ParseCloudConfig, "#cloud-config\na: [", "cloud-config"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := tt.parse([]byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if tree, err := bootstrap.ParseCloudConfig([]byte("#cloud-config \r\n")); err != nil || len(tree) != 0 {
		t.Errorf("an empty cloud-config: %v, %v", tree, err)
	}
}

// KIT-185, KIT-186: changes keep what they do not name.
func TestChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(bootstrap.Tree) error
		want   string
		err    error
	}{
		"set":                   {func(t bootstrap.Tree) error { return t.Set("x", "a", "b") }, "a:\n  b: x\n  c: 2\nl:\n- 1\n", nil},
		"set at a new place":    {func(t bootstrap.Tree) error { return t.Set("x", "n", "m") }, "a:\n  b: 1\n  c: 2\nl:\n- 1\n\"n\":\n  m: x\n", nil},
		"set under a value":     {func(t bootstrap.Tree) error { return t.Set("x", "a", "b", "c") }, "", bootstrap.ErrNoTable},
		"merge":                 {func(t bootstrap.Tree) error { return t.Merge(map[string]any{"a": map[string]any{"b": "x"}}) }, "a:\n  b: x\n  c: 2\nl:\n- 1\n", nil},
		"merge replaces lists":  {func(t bootstrap.Tree) error { return t.Merge(map[string]any{"l": []any{2}}) }, "a:\n  b: 1\n  c: 2\nl:\n- 2\n", nil},
		"merge at a place":      {func(t bootstrap.Tree) error { return t.Merge(map[string]any{"d": 3}, "a") }, "a:\n  b: 1\n  c: 2\n  d: 3\nl:\n- 1\n", nil},
		"merge under a value":   {func(t bootstrap.Tree) error { return t.Merge(map[string]any{"d": 3}, "a", "b") }, "", bootstrap.ErrNoTable},
		"a table over a value":  {func(t bootstrap.Tree) error { return t.Merge(map[string]any{"l": map[string]any{"m": 1}}) }, "a:\n  b: 1\n  c: 2\nl:\n  m: 1\n", nil},
		"append":                {func(t bootstrap.Tree) error { return t.Append([]any{2}, "l") }, "a:\n  b: 1\n  c: 2\nl:\n- 1\n- 2\n", nil},
		"append to none":        {func(t bootstrap.Tree) error { return t.Append([]any{2}, "a", "l") }, "a:\n  b: 1\n  c: 2\n  l:\n  - 2\nl:\n- 1\n", nil},
		"append to a table":     {func(t bootstrap.Tree) error { return t.Append([]any{2}, "a") }, "", bootstrap.ErrNoTable},
		"keep":                  {func(t bootstrap.Tree) error { t.Keep([]string{"c"}, "a"); return nil }, "a:\n  c: 2\nl:\n- 1\n", nil},
		"keep where nothing is": {func(t bootstrap.Tree) error { t.Keep(nil, "x", "y"); return nil }, "a:\n  b: 1\n  c: 2\nl:\n- 1\n", nil},
		"keep where a value is": {func(t bootstrap.Tree) error { t.Keep(nil, "l"); return nil }, "a:\n  b: 1\n  c: 2\nl:\n- 1\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			tree := must(bootstrap.ParseYAML([]byte("a: {b: 1, c: 2}\nl: [1]\n")))
			if err := tt.change(tree); !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.err != nil {
				return
			}
			if got := string(must(tree.YAML())); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
		})
	}
}

// KIT-184: what is refused of YAML is no more than that.
func TestReadableYAML(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\na: 1\n...\n", "a: !!str 1\nb: 2020-01-01\n", "a: &x {b: 1}\nc:\n  <<: *x\n", "a: yes\nb: 0o7\n"} {
		if _, err := bootstrap.ParseYAML([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// KIT-185: a document shares nothing with what was put into it, which others may
// read meanwhile.
func TestNothingIsShared(t *testing.T) {
	given := func() map[string]any {
		return map[string]any{"logging": map[string]any{"verbosity": 1}, "list": []any{map[string]any{"a": 1}}}
	}
	for name, put := range map[string]func(over map[string]any) (bootstrap.Tree, error){
		"merged": func(over map[string]any) (bootstrap.Tree, error) {
			tree := bootstrap.Tree{}
			return tree, tree.Merge(over)
		},
		"set": func(over map[string]any) (bootstrap.Tree, error) {
			tree := bootstrap.Tree{}
			return tree, errors.Join(tree.Set(over["logging"], "logging"), tree.Set(over["list"], "list"))
		},
		"appended": func(over map[string]any) (bootstrap.Tree, error) {
			tree := bootstrap.Tree{}
			return tree, errors.Join(tree.Append([]any{over["list"]}, "list"), tree.Merge(map[string]any{"logging": bootstrap.Tree(over)}))
		},
		"a kubelet configuration": func(over map[string]any) (bootstrap.Tree, error) {
			return bootstrap.Document(bootstrap.Registration{}, kubelet.Settings{}, kubelet.Configuration{Object: over}), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			over := given()
			tree, err := put(over)
			if err != nil {
				t.Fatal(err)
			}
			if err := tree.Merge(map[string]any{"verbosity": 2, "logging": map[string]any{"verbosity": 2}}, "logging"); err != nil {
				t.Error(err)
			}
			list, _ := tree["list"].([]any)
			for len(list) > 0 {
				if inner, deeper := list[0].([]any); deeper {
					list = inner
					continue
				}
				list[0].(map[string]any)["a"] = 2
				break
			}
			if !reflect.DeepEqual(over, given()) {
				t.Errorf("what was given is now %v", over)
			}
		})
	}
}

// KIT-183: numbers stay what they were.
func TestNumbers(t *testing.T) {
	const text = "a: 9007199254740993\nb: 1000000\nc: 0.1\n"
	if got := string(must(must(bootstrap.ParseYAML([]byte(text))).YAML())); got != text {
		t.Errorf("got %s", got)
	}
}

// KIT-183, KIT-184.
func FuzzParseTOML(f *testing.F) {
	f.Add([]byte("a = 1\n[b]\nc = 1979-05-27\n[[d]]\ne = [1, 2.5, \"x\"]\n"))
	f.Add([]byte("a.b.c = {d = 'e'}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := bootstrap.ParseTOML(data)
		if err != nil {
			return
		}
		written, err := tree.TOML()
		if err != nil {
			t.Skip(err)
		}
		if _, err := bootstrap.ParseTOML(written); err != nil {
			t.Errorf("what was written cannot be read: %v\n%s", err, written)
		}
	})
}

// KIT-183, KIT-184.
func FuzzParseCloudConfig(f *testing.F) {
	f.Add([]byte("#cloud-config\nruncmd:\n- id\nwrite_files: []\n"))
	f.Add([]byte("#cloud-config\na: &x [1]\nb: *x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tree, err := bootstrap.ParseCloudConfig(data)
		if err != nil {
			return
		}
		if err := tree.Run([]string{"id"}); err != nil && !errors.Is(err, bootstrap.ErrNoTable) {
			t.Error(err)
		}
		written, err := tree.CloudConfig()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bootstrap.ParseCloudConfig(written); err != nil {
			t.Errorf("what was written cannot be read: %v\n%s", err, written)
		}
	})
}
