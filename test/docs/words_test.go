// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/policies"
	"karpenter.sh/core/testkit/reasons"
	"karpenter.sh/core/testkit/testserver"
)

// guideText is all of the guide.
func guideText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for name, page := range everyPage(t) {
		if isGuide(name) {
			all.WriteString(page.Text)
		}
	}
	return all.String()
}

// OPS-340: the guide tells of each reason of conditions and events, but of those that
// nothing in this version gives.
func TestReasons(t *testing.T) {
	found, err := reasons.InSource(filepath.Join(root, "core"),
		"autoscaling", "v1alpha1", // their objects have no effect yet
		"kit", "fake", "conformance", // what providers say, they document
		"benchmark", "simulation", "testkit")
	if err != nil || len(found) < 40 {
		t.Fatalf("%d reasons: %v", len(found), err)
	}
	text := guideText(t)
	for _, reason := range found {
		if !strings.Contains(text, "`"+reason.Text+"`") && !strings.Contains(text, "effect: "+reason.Text) {
			t.Errorf("no page tells of %s (%s)", reason.Text, reason.File)
		}
	}
}

// OPS-340: the guide tells of each condition.
func TestConditions(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "core", "apis", "v1", "conditions.go"))
	if err != nil {
		t.Fatal(err)
	}
	types := regexp.MustCompile(`ConditionType\w+ += "(\w+)"`).FindAllSubmatch(source, -1)
	if len(types) < 10 {
		t.Fatalf("%d conditions", len(types))
	}
	text := guideText(t)
	for _, match := range types {
		if !strings.Contains(text, "`"+string(match[1])+"`") {
			t.Errorf("no page tells of condition %s", match[1])
		}
	}
}

// OPS-340: messages that the guide quotes are those of the source. An ellipsis stands for
// what differs.
func TestMessages(t *testing.T) {
	source, quoted := strings.ToLower(sourceText(t)), 0
	for name, page := range everyPage(t) {
		if !isGuide(name) {
			continue
		}
		for _, span := range page.Spans {
			if !regexp.MustCompile(`^(…|[A-Za-z]+)( …?[a-z(]+){2}`).MatchString(span) || regexp.MustCompile(`^(make|kubectl|go) `).MatchString(span) {
				continue
			}
			quoted++
			for _, part := range regexp.MustCompile(`[…"]`).Split(span, -1) {
				if part = strings.ToLower(strings.Trim(part, " ,;:")); !strings.Contains(source, part) {
					t.Errorf("%s: `%s`: the source does not say %q", name, span, part)
				}
			}
		}
	}
	if quoted < 25 {
		t.Errorf("%d messages are quoted", quoted)
	}
}

// sourceText is all of the core's source, and its policies, but tests and comments.
func sourceText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join(root, "core"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAll(text, nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	admission, err := fs.Glob(policies.Files(), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range admission {
		text, err := fs.ReadFile(policies.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// OPS-340: the NodePool with every field has every field, but for the one that its page says it
// leaves out, and the time that only others write into taints.
func TestEveryField(t *testing.T) {
	page := everyPage(t)[guide+"/nodepools.md"]
	objects, err := testserver.Decode([]byte(page.Of("yaml")[0].Text))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects: %v", len(objects), err)
	}
	for _, field := range absent(objects[0].Object["spec"], reflect.TypeFor[v1.NodePoolSpec](), "spec") {
		if field != "spec.replicas" && !strings.HasSuffix(field, ".timeAdded") {
			t.Errorf("%s is not shown", field)
		}
	}
}

// absent are the fields of a type that a value does not have. A list has those that any
// of its items has.
func absent(value any, kind reflect.Type, at string) (out []string) {
	switch value := value.(type) {
	case map[string]any:
		if kind.Kind() != reflect.Struct {
			return nil
		}
		for i := range kind.NumField() {
			name, options, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			switch inner, ok := value[name]; {
			case options == "inline" || name == "" && kind.Field(i).Anonymous:
				out = append(out, absent(value, kind.Field(i).Type, at)...)
			case name == "-" || name == "":
			case ok:
				out = append(out, absent(inner, kind.Field(i).Type, at+"."+name)...)
			default:
				out = append(out, at+"."+name)
			}
		}
	case []any:
		if kind.Kind() != reflect.Slice {
			return nil
		}
		merged := map[string]any{}
		for _, item := range value {
			fields, ok := item.(map[string]any)
			if !ok {
				return nil
			}
			for name, inner := range fields {
				merged[name] = inner
			}
		}
		return absent(merged, kind.Elem(), at+"[]")
	}
	return out
}
