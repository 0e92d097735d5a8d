// SPDX-License-Identifier: Apache-2.0

// Package seed writes media with boot data for tests, with another library than the one
// that reads them.
//
// Start reading at [Medium].
package seed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

// labelLength is that of a volume's name, which blanks fill.
const labelLength = 32

// Medium is the image of an ISO 9660 with files in its root directory.
func Medium(t testing.TB, label string, files map[string]string) []byte {
	t.Helper()
	workspace := t.TempDir()
	root, image := filepath.Join(workspace, "files"), filepath.Join(workspace, "image")
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }() // it is read by name
	system, err := iso9660.Create(file.New(out, false), 0, 0, 2048, root)
	if err != nil {
		t.Fatal(err)
	}
	for len(label) < labelLength {
		label += " "
	}
	if err := system.Finalize(iso9660.FinalizeOptions{RockRidge: true, VolumeIdentifier: label}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// CA is a certificate of nobody, in PEM.
const CA = "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n"
