// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"path"
)

//go:embed aws/*.json.gz
var aws embed.FS

// AWS returns the models of all services of AWS that there are, by name.
func AWS() (map[string]*Service, error) {
	entries, err := aws.ReadDir("aws")
	if err != nil {
		return nil, fmt.Errorf("list the models of AWS: %w", err)
	}
	services := map[string]*Service{}
	for _, entry := range entries {
		s, err := readCompressed(path.Join("aws", entry.Name()))
		if err != nil {
			return nil, err
		}
		services[s.Name] = s
	}
	return services, nil
}

func readCompressed(name string) (*Service, error) {
	packed, err := aws.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read model %s: %w", name, err)
	}
	stream, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack model %s: %w", name, err)
	}
	data, err := io.ReadAll(stream)
	if err != nil {
		return nil, fmt.Errorf("unpack model %s: %w", name, err)
	}
	return Read(data)
}
