// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	chartFile = "# A word.\nname: karpenter\nversion: 0.0.0\nappVersion: 0.0.0\ndependencies:\n  - name: shared\n    version: 0.0.0\n"
	valueFile = "# A word.\nreplicas: 2\ncontroller:\n  image:\n    # -- Image.\n    repository: \"\"\n    # -- Tag.\n    tag: \"\"\n    # -- Digest.\n    digest: \"\"\n"
	hash      = "0123456789abcdef0123456789abcdef01234567"
)

// tree is a repository with the charts of a provider and the layout of its image.
func tree(t *testing.T) (dir string, charts func(version string) error, read func(name string) string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "charts/a/karpenter/Chart.yaml"), chartFile)
	write(t, filepath.Join(dir, "charts/a/karpenter/provider-values.yaml"), valueFile)
	write(t, filepath.Join(dir, "charts/a/karpenter-crd/Chart.yaml"), chartFile)
	write(t, filepath.Join(dir, "images/karpenter-a/index.json"), `{"manifests": [{"digest": "sha256:1"}]}`)
	charts = func(version string) error {
		return run(t.Context(), []string{"charts", "-version", version, "-registry", "example.org/x", "-root", dir, "-images", filepath.Join(dir, "images")}, process{errs: &bytes.Buffer{}})
	}
	return dir, charts, func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// OPS-258, OPS-259: charts get the version, and values the image; comments, order and the
// versions of others stay. A second release replaces the first.
func TestCharts(t *testing.T) {
	_, charts, read := tree(t)
	for _, c := range []struct{ version, chart string }{{"1.2.2", "1.2.2"}, {"1.2.3-rc.1", "1.2.3-rc.1"}, {hash, "0-" + hash}} {
		if err := charts(c.version); err != nil {
			t.Fatal(err)
		}
		wanted := strings.NewReplacer("\nversion: 0.0.0", "\nversion: "+c.chart, "\nappVersion: 0.0.0", "\nappVersion: \""+c.version+`"`).Replace(chartFile)
		for _, chart := range []string{"karpenter", "karpenter-crd"} {
			if got := read("charts/a/" + chart + "/Chart.yaml"); got != wanted {
				t.Errorf("%s of %s:\n%s", chart, c.version, got)
			}
		}
		values := strings.NewReplacer(`repository: ""`, "repository: example.org/x/karpenter-a", `tag: ""`, `tag: "`+c.version+`"`, `digest: ""`, "digest: sha256:1").Replace(valueFile)
		if got := read("charts/a/karpenter/provider-values.yaml"); got != values {
			t.Errorf("values of %s:\n%s", c.version, got)
		}
	}
}

// What cannot be written right is not written at all wrong: the error names the file.
func TestChartsThatCannotBeWritten(t *testing.T) {
	for reason, c := range map[string]struct{ file, content, want string }{
		"no place for the image":     {"charts/a/karpenter/provider-values.yaml", "{}\n", "provider-values.yaml has 0 lines"},
		"two places for the image":   {"charts/a/karpenter/provider-values.yaml", valueFile + valueFile, "provider-values.yaml has 2 lines"},
		"two images":                 {"images/karpenter-a/index.json", `{"manifests": [{}, {}]}`, "2 images"},
		"an index that is malformed": {"images/karpenter-a/index.json", "{", "parsing the index"},
	} {
		t.Run(reason, func(t *testing.T) {
			dir, charts, _ := tree(t)
			write(t, filepath.Join(dir, c.file), c.content)
			if err := charts("1.2.3"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	dir, charts, _ := tree(t)
	if err := os.RemoveAll(filepath.Join(dir, "images")); err != nil {
		t.Fatal(err)
	}
	if err := charts("1.2.3"); err == nil || !strings.Contains(err.Error(), "make images") {
		t.Errorf("no image: %v", err)
	}
}

// OPS-257, OPS-259: charts of snapshots are told apart from those of releases, patches
// belong to the branch of their minor.
func TestVersionsOfChartsAndBranches(t *testing.T) {
	for _, c := range []struct{ command, version, want string }{
		{"chart", "1.2.3", "1.2.3"}, {"chart", hash, "0-" + hash},
		{"branch", "1.2.0", "main"}, {"branch", "1.2.0-rc.1", "main"}, {"branch", "1.2.3", "release-v1.2.x"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{c.command, "-version", c.version}, process{out: &out, errs: &out}); err != nil || strings.TrimSpace(out.String()) != c.want {
			t.Errorf("%s of %s: %s, %v", c.command, c.version, out.String(), err)
		}
	}
	if _, err := chartVersion(hash[1:]); err == nil || !strings.Contains(err.Error(), "40 digits") {
		t.Errorf("neither a version nor a hash: %v", err)
	}
}

// OPS-258, OPS-260: the page lists releases, the latest first, each once.
func TestPage(t *testing.T) {
	const (
		minors = minorsHead + "| 1.30 | nightly |\n| 1.31 | nightly |\n\nText.\n\n| 1.2 | no minor |\n\n"
		end    = "\nMore.\n"
	)
	page := filepath.Join(t.TempDir(), "page.md")
	write(t, page, minors+releasesHead+end)
	for _, version := range []string{"1.9.0", "1.10.0", "1.9.1", "1.9.1"} {
		if err := run(t.Context(), []string{"page", "-version", version, "-page", page}, process{errs: &bytes.Buffer{}}); err != nil {
			t.Fatal(err)
		}
	}
	row := func(v string) string { return "| " + v + " | 1.30 to 1.31 | " + v + " | `v" + v + "` |\n" }
	got, err := os.ReadFile(page)
	if want := minors + releasesHead + row("1.10.0") + row("1.9.1") + row("1.9.0") + end; err != nil || string(got) != want {
		t.Errorf("%v:\n%s", err, got)
	}
	write(t, page, "Nothing.\n")
	if err := addRelease(page, version{}); err == nil || !strings.Contains(err.Error(), page) {
		t.Errorf("a page without tables: %v", err)
	}
}

// OPS-259: snapshots are kept for 90 days; the latest stays however old.
func TestExpired(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	ask := func(in string) (string, error) {
		var out bytes.Buffer
		err := run(t.Context(), []string{"expired"}, process{in: strings.NewReader(in), out: &out, errs: &out, now: now})
		return strings.Join(strings.Fields(out.String()), " "), err
	}
	for in, want := range map[string]string{
		"": "",
		`{"id": 1, "created_at": "2026-03-01T00:00:00Z"} {"id": 2, "created_at": "2026-03-04T00:00:00Z"}
		 {"id": 3, "created_at": "2025-03-01T00:00:00Z"}`: "1 3",
		`{"id": 1, "created_at": "2025-03-01T00:00:00Z"} {"id": 2, "created_at": "2025-03-02T00:00:00Z"}`: "1",
	} {
		if got, err := ask(in); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"{", `{"id": 1}`, `{"created_at": "2026-03-01T00:00:00Z"}`} {
		if got, err := ask(in); err == nil {
			t.Errorf("%s: %q", in, got)
		}
	}
}
