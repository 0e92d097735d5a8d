// SPDX-License-Identifier: Apache-2.0

package join

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"sigs.k8s.io/yaml"
)

// cloudConfig is what cloud-init makes of user data.
type cloudConfig struct {
	settings map[string]any
	// files are those that it writes, by path.
	files map[string][]byte
}

// readCloudConfig reads user data: cloud-config as it is, packed, or in an archive, of
// which later parts win. Scripts are taken to succeed. Keys that are there twice are
// refused, which cloud-init does not.
func readCloudConfig(data []byte) (*cloudConfig, error) {
	data, err := unpack(data)
	if err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	parts, err := archive(data)
	if err != nil {
		return nil, err
	}
	c := &cloudConfig{settings: map[string]any{}, files: map[string][]byte{}}
	for i, p := range parts {
		if err := c.read(p); err != nil {
			return nil, fmt.Errorf("user data, part %d: %w", i+1, err)
		}
	}
	return c, c.write(c.settings["write_files"])
}

func (c *cloudConfig) read(p part) error {
	first, _, _ := strings.Cut(strings.TrimLeft(string(p.body), "\n\r\t "), "\n")
	first = strings.TrimSpace(first)
	switch {
	case strings.HasPrefix(first, "#!"), p.kind == "text/x-shellscript":
		return nil
	case first != "#cloud-config" && p.kind != "text/cloud-config":
		return fmt.Errorf("it begins with %q, by which cloud-init knows nothing that is read here", first[:min(len(first), 40)])
	}
	var settings map[string]any
	if err := yaml.UnmarshalStrict(p.body, &settings); err != nil {
		return fmt.Errorf("cloud-config: %w", err)
	}
	maps.Copy(c.settings, settings)
	return nil
}

// text is a setting that is a text; "" if there is none.
func (c *cloudConfig) text(name string) (string, error) {
	value, given := c.settings[name]
	text, ok := value.(string)
	if given && !ok {
		return "", fmt.Errorf("cloud-config: %s is no text", name)
	}
	return text, nil
}

// write writes the files of write_files, the later over the earlier.
func (c *cloudConfig) write(raw any) error {
	list, ok := raw.([]any)
	if raw != nil && !ok {
		return errors.New("cloud-config: write_files is no list")
	}
	for i, entry := range list {
		fields, ok := entry.(map[string]any)
		path, isText := fields["path"].(string)
		if !ok || !isText || path == "" {
			return fmt.Errorf("cloud-config: write_files[%d] has no path", i)
		}
		content, err := fileContent(fields)
		if err != nil {
			return fmt.Errorf("cloud-config: write_files[%d]: %s: %w", i, path, err)
		}
		if added, _ := fields["append"].(bool); added {
			content = append(c.files[path], content...)
		}
		c.files[path] = content
	}
	return nil
}

func fileContent(fields map[string]any) ([]byte, error) {
	if permissions, given := fields["permissions"]; given {
		if _, ok := permissions.(string); !ok {
			return nil, fmt.Errorf("permissions %v are a number, which is not read as octal", permissions)
		}
	}
	content, _ := fields["content"].(string)
	encoding, _ := fields["encoding"].(string)
	out := []byte(content)
	for _, step := range strings.Split(strings.ToLower(encoding), "+") {
		var err error
		switch step {
		case "", "text/plain", "gz", "gzip":
		case "b64", "base64":
			out, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(content), ""))
		default:
			err = fmt.Errorf("there is no encoding %q", encoding)
		}
		if err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(strings.ToLower(encoding), "gz") {
		return unpack(out)
	}
	return out, nil
}

// unpackedLimit bounds what packed data may grow to, in bytes.
const unpackedLimit = 16 << 20

// unpack unpacks what gzip packed, and leaves all else as it is.
func unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return data, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(reader, unpackedLimit))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return out, nil
}
