// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// applyCRDs installs or updates the custom resource definitions of the tree
// and waits until the API server serves them.
func applyCRDs(ctx context.Context, opts UpOptions, p provider) error {
	files, err := crdFiles(opts, p)
	if err != nil || len(files) == 0 {
		return err
	}
	args := make([]string, 0, 2*len(files))
	for _, f := range files {
		args = append(args, "--filename", f)
	}
	t := tools{opts.Layout}
	if err := t.run(ctx, "kubectl", append([]string{"apply", "--server-side", "--force-conflicts"}, args...)...); err != nil {
		return fmt.Errorf("apply the CRDs: %w", err)
	}
	if err := t.run(ctx, "kubectl", append([]string{"wait", "--for=condition=Established", "--timeout=60s"}, args...)...); err != nil {
		return fmt.Errorf("wait for the CRDs: %w", err)
	}
	fmt.Fprintf(opts.Out, "cluster %s: %d CRDs applied\n", opts.Name, len(files))
	return nil
}

// crdFiles lists the files to apply. The provider's own version of a CRD of
// the core (the same file name), which validates more, takes its place.
func crdFiles(opts UpOptions, p provider) ([]string, error) {
	byName := map[string]string{}
	for _, dir := range p.crdDirs(opts.Layout) {
		found, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return nil, fmt.Errorf("list the CRDs in %s: %w", dir, err)
		}
		if len(found) == 0 {
			fmt.Fprintf(opts.Out, "cluster %s: no CRDs in %s\n", opts.Name, relative(opts.Root, dir))
		}
		for _, file := range found {
			byName[filepath.Base(file)] = file
		}
	}
	return slices.Sorted(maps.Values(byName)), nil
}

func relative(root, path string) string {
	if short, err := filepath.Rel(root, path); err == nil {
		return short
	}
	return path
}
