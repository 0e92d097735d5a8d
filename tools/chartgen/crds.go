// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// annotations let Helm keep a definition that is no longer in a release: its end
// would be that of all its objects, and of the nodes behind them (OPS-253).
const annotations = `  annotations:
    {{- mergeOverwrite (dict "helm.sh/resource-policy" "keep") .Values.additionalAnnotations | toYaml | nindent 4 }}
`

// copyCRDs replaces the definitions of a chart.
func copyCRDs(opts options) error {
	sources, err := yamlFiles(opts.crds)
	if err != nil {
		return err
	}
	directory := filepath.Join(opts.chart, opts.crdsTo)
	if err := clearDirectory(directory); err != nil {
		return err
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			return fmt.Errorf("read a CRD: %w", err)
		}
		text := string(content)
		if opts.crdsTo == "templates" {
			if text, err = template(text); err != nil {
				return fmt.Errorf("make a template of %s: %w", source, err)
			}
		}
		if err := os.WriteFile(filepath.Join(directory, filepath.Base(source)), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write a CRD: %w", err)
		}
	}
	return nil
}

// yamlFiles lists the files to copy. Of files with one name the last counts.
func yamlFiles(directories []string) ([]string, error) {
	byName := map[string]string{}
	for _, directory := range directories {
		found, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("list the files of %s: %w", directory, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("list the files of %s: there are none", directory)
		}
		for _, file := range found {
			byName[filepath.Base(file)] = file
		}
	}
	return slices.Sorted(maps.Values(byName)), nil
}

// clearDirectory makes an empty directory, so that no definition stays that is gone.
func clearDirectory(directory string) error {
	if err := os.RemoveAll(directory); err != nil {
		return fmt.Errorf("clear %s: %w", directory, err)
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", directory, err)
	}
	return nil
}

// template makes a template of a definition. Its text must come out as it is, so
// what Helm would evaluate is quoted.
func template(definition string) (string, error) {
	definition = strings.ReplaceAll(definition, "{{", "{{ `{{` }}")
	head, rest, found := strings.Cut(definition, "\nmetadata:\n")
	if !found || strings.HasPrefix(rest, "  annotations:") {
		return "", errors.New("its metadata is not as expected: want no annotations")
	}
	return head + "\nmetadata:\n" + annotations + rest, nil
}
