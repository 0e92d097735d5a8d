// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// module is what a build needs to know of a set's module.
type module struct {
	dir     string
	ldflags string
	key     string
}

func readModule(ctx context.Context, set Set, root string) (module, error) {
	dir := filepath.Join(root, set.Module)
	versions, err := requirements(ctx, dir)
	if err != nil {
		return module{}, err
	}
	flags, err := ldflags(set, versions)
	if err != nil {
		return module{}, err
	}
	key, err := hashSources(dir, flags)
	if err != nil {
		return module{}, err
	}
	return module{dir: dir, ldflags: flags, key: key}, nil
}

// requirements returns the version of every module that dir's go.mod requires.
func requirements(ctx context.Context, dir string) (map[string]string, error) {
	out, err := goCommand(ctx, dir, "mod", "edit", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, "go.mod"), err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&mod); err != nil {
		return nil, fmt.Errorf("parse %s: %w", filepath.Join(dir, "go.mod"), err)
	}
	versions := make(map[string]string, len(mod.Require))
	for _, r := range mod.Require {
		versions[r.Path] = r.Version
	}
	return versions, nil
}

// hashSources returns a key over all that a build of the module depends on,
// the Go version excepted: a new toolchain is no reason to wait ten minutes.
func hashSources(dir, ldflags string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", fmt.Errorf("list the sources of %s: %w", dir, err)
	}
	files = append(files, filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"))
	slices.Sort(files)
	hash := sha256.New()
	fmt.Fprintln(hash, ldflags)
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("hash the sources of %s: %w", dir, err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(name), len(content), content)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// goCommand runs the go command inside the module at dir, without the
// workspace, whose versions must not leak into it.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd
}
