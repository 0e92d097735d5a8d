// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// example is the file beside policies that shows what they can be told: in a chart that
// is in the values.
const example = "parameters.yaml"

// copyPolicies replaces the admission policies of a chart. Its template reads them as
// files, so what they say is nothing to Helm.
func copyPolicies(opts options) error {
	if len(opts.policies) == 0 {
		return nil
	}
	sources, err := yamlFiles(opts.policies)
	if err != nil {
		return err
	}
	to := filepath.Join(opts.chart, "policies")
	if err := clearDirectory(to); err != nil {
		return err
	}
	for _, source := range sources {
		if filepath.Base(source) == example {
			continue
		}
		content, err := os.ReadFile(source)
		if err != nil {
			return fmt.Errorf("read a policy: %w", err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(source)), content, 0o644); err != nil {
			return fmt.Errorf("write a policy: %w", err)
		}
	}
	return nil
}
