// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"
)

// cloudConfigHeader is the first line by which a machine knows a cloud-config.
const cloudConfigHeader = "#cloud-config"

// IsCloudConfig reports whether user data are a cloud-config.
func IsCloudConfig(data []byte) bool {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return string(bytes.TrimRight(first, " \t\r")) == cloudConfigHeader
}

// ParseCloudConfig reads a cloud-config. Comments are not kept; to keep a user's
// document byte by byte, make it a part of a MIME archive.
func ParseCloudConfig(data []byte) (Tree, error) {
	if !IsCloudConfig(data) {
		return nil, errors.New("reading cloud-config: its first line is not " + cloudConfigHeader)
	}
	tree, err := ParseYAML(data)
	if err != nil {
		return nil, fmt.Errorf("reading cloud-config: %w", err)
	}
	return tree, nil
}

// CloudConfig writes a cloud-config.
func (t Tree) CloudConfig() ([]byte, error) {
	body, err := t.YAML()
	if err != nil {
		return nil, fmt.Errorf("writing cloud-config: %w", err)
	}
	return append([]byte(cloudConfigHeader+"\n"), body...), nil
}

// File is one that a cloud-config has written at boot.
type File struct {
	Path    string
	Content []byte
	// Permissions in octal, such as "0600"; empty means the default of cloud-init.
	Permissions string
	// Owner is user:group; empty means root:root.
	Owner string
}

// WriteFiles adds files to those that a cloud-config writes, after them.
func (t Tree) WriteFiles(files ...File) error {
	elements := make([]any, len(files))
	for i, f := range files {
		entry := map[string]any{"path": f.Path, "content": string(f.Content)}
		if !utf8.Valid(f.Content) {
			entry["content"], entry["encoding"] = base64.StdEncoding.EncodeToString(f.Content), "b64"
		}
		if f.Permissions != "" {
			entry["permissions"] = f.Permissions
		}
		if f.Owner != "" {
			entry["owner"] = f.Owner
		}
		elements[i] = entry
	}
	return t.Append(elements, "write_files")
}

// Run adds commands to those that a cloud-config runs, after them. Each is a list of
// words, which no shell reads.
func (t Tree) Run(commands ...[]string) error {
	elements := make([]any, len(commands))
	for i, words := range commands {
		command := make([]any, len(words))
		for j, word := range words {
			command[j] = word
		}
		elements[i] = command
	}
	return t.Append(elements, "runcmd")
}
