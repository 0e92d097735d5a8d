// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sums is the file with the checksums of a release.
const sums = "SHA256SUMS"

// writeChecksums writes the checksums of all files below a directory, as sha256sum
// checks them.
func writeChecksums(dir string) error {
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == sums {
			return err
		}
		sum, err := sumOf(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sum, filepath.ToSlash(name))
		return nil
	})
	if err != nil {
		return fmt.Errorf("adding up the files of %s: %w", dir, err)
	}
	if out.Len() == 0 {
		return fmt.Errorf("%s has no files", dir)
	}
	return os.WriteFile(filepath.Join(dir, sums), []byte(out.String()), 0o644)
}

func sumOf(path string) (sum []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // it was only read
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return hash.Sum(nil), nil
}
