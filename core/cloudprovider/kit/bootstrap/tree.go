// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Tree is a TOML or YAML document: tables of type map[string]any, lists of type
// []any, and plain values.
type Tree map[string]any

// ErrNoTable is what a change fails with at a place where the document has a value
// instead of a table, or instead of a list.
var ErrNoTable = errors.New("there is a value of another kind")

// ParseTOML reads a document. The error names line and column.
func ParseTOML(data []byte) (Tree, error) {
	out := Tree{}
	if err := toml.Unmarshal(data, &out); err != nil {
		var decode *toml.DecodeError
		if errors.As(err, &decode) {
			row, column := decode.Position()
			return nil, fmt.Errorf("reading TOML, line %d, column %d: %w", row, column, err)
		}
		return nil, fmt.Errorf("reading TOML: %w", err)
	}
	return out, nil
}

// TOML writes the document, keys in order.
func (t Tree) TOML() ([]byte, error) {
	out, err := toml.Marshal(map[string]any(t))
	if err != nil {
		return nil, fmt.Errorf("writing TOML: %w", err)
	}
	return out, nil
}

// clone copies tables and lists, so that a change of the copy is none of what was
// given.
func clone(value any) any {
	switch value := value.(type) {
	case Tree:
		return clone(map[string]any(value))
	case map[string]any:
		if value == nil {
			return value
		}
		out := make(map[string]any, len(value))
		for key, inner := range value {
			out[key] = clone(inner)
		}
		return out
	case []any:
		if value == nil {
			return value
		}
		out := make([]any, len(value))
		for i, inner := range value {
			out[i] = clone(inner)
		}
		return out
	}
	return value
}

// Set puts a copy of a value at a path, and replaces what is there. Tables on the
// way are made where they are missing.
func (t Tree) Set(value any, path ...string) error {
	table, err := t.table(path[:len(path)-1])
	if err != nil {
		return err
	}
	table[path[len(path)-1]] = clone(value)
	return nil
}

// Merge puts copies of the entries of a table into the one at a path. Tables are merged, all
// else is replaced.
func (t Tree) Merge(over map[string]any, path ...string) error {
	table, err := t.table(path)
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(over)) {
		inner, isTable := over[key].(map[string]any)
		if _, there := table[key].(map[string]any); isTable && there {
			if err := Tree(table).Merge(inner, key); err != nil {
				return err
			}
			continue
		}
		table[key] = clone(over[key])
	}
	return nil
}

// Append adds copies of elements to the list at a path, after those that are there.
func (t Tree) Append(elements []any, path ...string) error {
	table, err := t.table(path[:len(path)-1])
	if err != nil {
		return err
	}
	last := path[len(path)-1]
	list, isList := table[last].([]any)
	if !isList && table[last] != nil {
		return fmt.Errorf("appending to %s: %w: %T", strings.Join(path, "."), ErrNoTable, table[last])
	}
	added, _ := clone(elements).([]any)
	table[last] = append(slices.Clone(list), added...)
	return nil
}

// Keep drops the entries of the table at a path whose keys are not known, and
// returns those keys in order. Nothing at the path is nothing to drop.
func (t Tree) Keep(known []string, path ...string) []string {
	table := map[string]any(t)
	for _, key := range path {
		inner, isTable := table[key].(map[string]any)
		if !isTable {
			return nil
		}
		table = inner
	}
	var dropped []string
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(known, key) {
			dropped = append(dropped, key)
			delete(table, key)
		}
	}
	return dropped
}

// table returns the table at a path, made if it is missing.
func (t Tree) table(path []string) (map[string]any, error) {
	table := map[string]any(t)
	for i, key := range path {
		switch inner := table[key].(type) {
		case map[string]any:
			table = inner
		case nil:
			made := map[string]any{}
			table[key], table = made, made
		default:
			return nil, fmt.Errorf("changing %s: %w: %T", strings.Join(path[:i+1], "."), ErrNoTable, inner)
		}
	}
	return table, nil
}
