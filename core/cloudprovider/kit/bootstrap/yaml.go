// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	node "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// ParseYAML reads a document that is a mapping. Comments are not kept. A second
// document, and a tag of which nothing would be left, such as that of binary data, is
// an error.
func ParseYAML(data []byte) (Tree, error) {
	if err := onlyKeepable(data); err != nil {
		return nil, fmt.Errorf("reading YAML: %w", err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, fmt.Errorf("reading YAML: %w", err)
	}
	var out Tree
	decoder := json.NewDecoder(strings.NewReader(string(asJSON)))
	decoder.UseNumber() // large numbers stay what they are
	if err := decoder.Decode(&out); err != nil {
		return nil, fmt.Errorf("reading YAML: it is not a mapping: %w", err)
	}
	if out == nil {
		out = Tree{}
	}
	return out, nil
}

// YAML writes the document, keys in order.
func (t Tree) YAML() ([]byte, error) {
	out, err := yaml.Marshal(map[string]any(t))
	if err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return out, nil
}

// onlyKeepable refuses what a change of a document would drop or corrupt.
func onlyKeepable(data []byte) error {
	decoder := node.NewDecoder(bytes.NewReader(data))
	var first, second node.Node
	if err := decoder.Decode(&first); errors.Is(err, io.EOF) {
		return nil // empty
	} else if err != nil {
		return err
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return fmt.Errorf("line %d: there is a second document", second.Line)
	case !errors.Is(err, io.EOF):
		return err
	}
	return onlyPlainTags(&first)
}

// onlyPlainTags refuses tags that a value of JSON cannot have.
func onlyPlainTags(n *node.Node) error {
	plain := []string{"!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"}
	if n.Style&node.TaggedStyle != 0 && !slices.Contains(plain, n.ShortTag()) {
		return fmt.Errorf("line %d: a value with the tag %s cannot be kept", n.Line, n.ShortTag())
	}
	for _, inner := range n.Content {
		if err := onlyPlainTags(inner); err != nil {
			return err
		}
	}
	return nil
}
