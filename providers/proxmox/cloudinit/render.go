// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"fmt"
	"regexp"
	"text/template"
)

// The keys of templates, which are the names of files (PVE-091).
const (
	UserData      = "user-data"
	MetaData      = "meta-data"
	VendorData    = "vendor-data"
	NetworkConfig = "network-config"
)

// Files are those of a medium, by name.
type Files map[string][]byte

// Render makes the files of templates by key; missing ones have defaults, vendor-data
// none. Files that are empty are left out, but for user-data and meta-data, without which
// there is no medium.
func Render(templates map[string]string, d Data) (Files, error) {
	out := Files{}
	metadata := struct{ Metadata Metadata }{d.Metadata}
	for _, file := range []struct {
		key  string
		root any
	}{{UserData, d}, {MetaData, metadata}, {VendorData, metadata}, {NetworkConfig, struct{ Network Network }{d.Network}}} {
		key := file.key
		text, given := templates[key]
		if !given {
			text = defaults()[key]
		}
		content, err := render(key, text, file.root)
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(content)) > 0 || key == UserData || key == MetaData {
			out[key] = content
		}
	}
	return out, nil
}

func render(key, text string, root any) ([]byte, error) {
	t, err := template.New(key).Funcs(functions()).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the template %s: %w", key, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, root); err != nil {
		return nil, fmt.Errorf("rendering the template %s: %s", key, withoutValues(err))
	}
	return out.Bytes(), nil
}

// called matches what failed up to the function, whose own words may quote what it was
// given: secrets among it.
var called = regexp.MustCompile(`^.*error calling \w+`)

func withoutValues(err error) string {
	text := err.Error()
	if place := called.FindString(text); place != "" {
		return place
	}
	return text
}
