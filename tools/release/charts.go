// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// published is what a release has published when it writes the charts.
type published struct {
	// root is the directory of the repository, images that with the layouts of the images.
	root, images string
	// registry is where the images are, without their names.
	registry string
	// version is that of the images, chart that of the charts (OPS-259).
	version, chart string
}

// writeCharts writes the version into the charts of all providers, and into the values of
// each controller's chart where its image is (OPS-258). The rest of a chart follows from
// these values, once it is generated.
func writeCharts(p published) error {
	if p.registry == "" {
		return errors.New("-registry is needed: where the images are")
	}
	charts, err := filepath.Glob(filepath.Join(p.root, "charts", "*", "karpenter*", "Chart.yaml"))
	if err != nil {
		return fmt.Errorf("looking for charts below %s: %w", p.root, err)
	}
	if len(charts) == 0 {
		return fmt.Errorf("there are no charts below %s", p.root)
	}
	for _, chart := range charts {
		if err := replace(chart, line{"version", p.chart}, line{"appVersion", `"` + p.version + `"`}); err != nil {
			return err
		}
		if filepath.Base(filepath.Dir(chart)) == "karpenter" {
			if err := p.writeImage(filepath.Dir(chart)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeImage writes into a chart where the image of its provider is.
func (p published) writeImage(chart string) error {
	name := "karpenter-" + filepath.Base(filepath.Dir(chart))
	digest, err := digestOf(filepath.Join(p.images, name))
	if err != nil {
		return err
	}
	return replace(filepath.Join(chart, "provider-values.yaml"),
		line{"    repository", p.registry + "/" + name}, line{"    tag", `"` + p.version + `"`}, line{"    digest", digest})
}

// digestOf is the digest of the one image of an OCI layout: what a registry gives it too.
func digestOf(layout string) (string, error) {
	text, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		return "", fmt.Errorf("reading the image: %w; make images builds it", err)
	}
	var index struct {
		Manifests []struct{ Digest string }
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return "", fmt.Errorf("parsing the index of %s: %w", layout, err)
	}
	if len(index.Manifests) != 1 {
		return "", fmt.Errorf("the layout %s has %d images, want 1", layout, len(index.Manifests))
	}
	return index.Manifests[0].Digest, nil
}

// line is a line of YAML: the key, with the spaces before it, and the value.
type line struct{ key, value string }

// replace gives lines of a file other values. Each must be there once, so that none of
// another meaning is hit; comments and order stay.
func replace(file string, lines ...line) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, l := range lines {
		pattern := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(l.key) + `:.*$`)
		if n := len(pattern.FindAll(text, -1)); n != 1 {
			return fmt.Errorf("%s has %d lines %q, want 1", file, n, l.key)
		}
		text = pattern.ReplaceAllLiteral(text, []byte(l.key+": "+l.value))
	}
	return os.WriteFile(file, text, 0o644)
}
