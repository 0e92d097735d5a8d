// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// notice tells controllers where a cloud is.
type notice struct {
	// dir is where the files go; empty: a new directory.
	dir string
	// endpoint is the cloud's URL, control that of its control API.
	endpoint, control string
}

// publish writes the authority, the environment and what else a controller needs to files,
// and prints the environment.
func (n notice) publish(c cloud, pem []byte, out io.Writer) error {
	if n.dir == "" {
		made, err := os.MkdirTemp("", "cloudsim-")
		if err != nil {
			return fmt.Errorf("make a directory: %w", err)
		}
		n.dir = made
	} else if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return fmt.Errorf("make directory %s: %w", n.dir, err)
	}
	bundle, err := filepath.Abs(filepath.Join(n.dir, "ca.pem"))
	if err != nil {
		return fmt.Errorf("name the authority's file: %w", err)
	}
	env := c.Env(n.endpoint, bundle, n.control)
	env["CLOUDSIM_CONTROL"] = n.control
	text := exports(env)
	files := map[string][]byte{"ca.pem": pem}
	if f, ok := c.(furnisher); ok {
		more, err := f.Files(n.endpoint)
		if err != nil {
			return err
		}
		maps.Copy(files, more)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(n.dir, name), files[name], 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(n.dir, "env"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	_, err = io.WriteString(out, text)
	return err
}

// exports are variables as a shell reads them.
func exports(env map[string]string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(&text, "export %s='%s'\n", name, env[name])
	}
	return text.String()
}
