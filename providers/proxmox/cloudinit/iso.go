// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

// volume is the name by which cloud-init knows a medium of its own (PVE-090), filled with
// blanks as the format wants it: the library fills it with zeros.
const volume = "cidata                          "

// blockSize is that of a medium.
const blockSize = 2048

// ISO writes a medium with files, with Rock Ridge and Joliet. The library works on files:
// they are made where only this process reads them, since they hold a token, and removed.
func ISO(files Files) (content []byte, err error) {
	workspace, err := os.MkdirTemp("", "cidata-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for a medium: %w", err)
	}
	defer func() { _ = os.RemoveAll(workspace) }() // it was written, or the error says why not
	root := filepath.Join(workspace, "files")
	if err := os.Mkdir(root, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory for a medium: %w", err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(root, name), data, 0o600); err != nil {
			return nil, fmt.Errorf("writing %s for a medium: %w", name, err)
		}
	}
	image := filepath.Join(workspace, "image")
	if err := write(image, root); err != nil {
		return nil, fmt.Errorf("writing a medium: %w", err)
	}
	content, err = os.ReadFile(image)
	if err != nil {
		return nil, fmt.Errorf("reading a medium: %w", err)
	}
	return content, nil
}

func write(image, root string) error {
	out, err := os.OpenFile(image, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // it is read by name
	fs, err := iso9660.Create(file.New(out, false), 0, 0, blockSize, root)
	if err != nil {
		return err
	}
	return fs.Finalize(iso9660.FinalizeOptions{RockRidge: true, Joliet: true, VolumeIdentifier: volume})
}
