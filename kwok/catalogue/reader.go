// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/apis/lenient"
)

// Problem is one thing wrong with a file.
type Problem struct {
	File string
	// Line and Column begin at 1.
	Line, Column int
	// Entry is the index of the instance type, from 0; Name its name, if it has
	// one.
	Entry int
	Name  string
	// Text says what is wrong.
	Text string
}

// Error says where in the catalogue it is.
func (p *Problem) Error() string {
	name := ""
	if p.Name != "" {
		name = fmt.Sprintf(" (%s)", p.Name)
	}
	return fmt.Sprintf("%s:%d:%d: entry %d%s: %s", p.File, p.Line, p.Column, p.Entry, name, p.Text)
}

// reader walks a file and gathers what is wrong with it.
type reader struct {
	file string
	// index and name of the entry being read.
	index    int
	name     string
	problems []error
	ignored  []string
}

func (r *reader) failf(at *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, r.at(at, fmt.Sprintf(format, args...)))
}

func (r *reader) at(node *yaml.Node, text string) *Problem {
	return &Problem{File: r.file, Line: node.Line, Column: node.Column, Entry: r.index, Name: r.name, Text: text}
}

// object is a mapping whose keys are read whatever their case.
type object struct {
	*reader
	node   *yaml.Node
	fields map[string]*yaml.Node
}

// object reads a mapping with these keys; others are ignored.
func (r *reader) object(node *yaml.Node, known ...string) object {
	o := object{reader: r, node: node, fields: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		r.failf(node, "expected an object")
		return o
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], resolved(node.Content[i+1])
		name := strings.ToLower(key.Value)
		switch {
		case !slices.ContainsFunc(known, func(k string) bool { return strings.ToLower(k) == name }):
			r.ignored = append(r.ignored, r.at(key, fmt.Sprintf("unknown key %q", key.Value)).Error())
		case o.fields[name] != nil:
			r.failf(key, "key %q stands twice", key.Value)
		case value.Tag != "!!null":
			o.fields[name] = value
		}
	}
	return o
}

func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// get returns the value of a key, nil when it is absent or null.
func (o object) get(key string) *yaml.Node { return o.fields[strings.ToLower(key)] }

func (o object) has(key string) bool { return o.get(key) != nil }

// required returns the value of a key that must be there, or nil.
func (o object) required(key string) *yaml.Node {
	node := o.get(key)
	if node == nil {
		o.failf(o.node, "%s is missing", key)
	}
	return node
}

// text reads a string that must be there and must not be empty.
func (o object) text(key string) string {
	node := o.required(key)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode || node.Value == "" {
		o.failf(node, "%s is not a string, or empty", key)
		return ""
	}
	return node.Value
}

// texts reads a list of strings; an absent one is empty.
func (o object) texts(key string) []string {
	var out []string
	for _, item := range o.list(key) {
		if item.Kind != yaml.ScalarNode {
			o.failf(item, "%s is not a list of strings", key)
			continue
		}
		out = append(out, item.Value)
	}
	return out
}

// list reads a list; an absent one is empty.
func (o object) list(key string) []*yaml.Node {
	node := o.get(key)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		o.failf(node, "%s is not a list", key)
		return nil
	}
	out := make([]*yaml.Node, len(node.Content))
	for i, item := range node.Content {
		out[i] = resolved(item)
	}
	return out
}

// price reads a number of 0 or more; absent is 0.
func (o object) price(key string) float64 {
	node := o.get(key)
	if node == nil {
		return 0
	}
	n, err := strconv.ParseFloat(node.Value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		o.failf(node, "%s is not a number of 0 or more", key)
		return 0
	}
	return n
}

// count reads an integer of 0 or more; absent is 0.
func (o object) count(key string) int {
	node := o.get(key)
	if node == nil {
		return 0
	}
	n, err := strconv.Atoi(node.Value)
	if err != nil || n < 0 {
		o.failf(node, "%s is not an integer of 0 or more", key)
		return 0
	}
	return n
}

// truth reads a boolean.
func (o object) truth(key string, absent bool) bool {
	node := o.get(key)
	if node == nil {
		return absent
	}
	var out bool
	if err := node.Decode(&out); err != nil {
		o.failf(node, "%s is neither true nor false", key)
	}
	return out
}

// quantities reads a map of resources, each of 0 or more; absent is nil.
func (o object) quantities(key string) corev1.ResourceList {
	node := o.get(key)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.MappingNode {
		o.failf(node, "%s is not a map of quantities", key)
		return nil
	}
	out := corev1.ResourceList{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i].Value, resolved(node.Content[i+1])
		quantity, err := lenient.ParseQuantity(value.Value)
		if value.Kind != yaml.ScalarNode || err != nil || quantity.Sign() < 0 {
			o.failf(value, "%s: %s is not a quantity of 0 or more", key, name)
			continue
		}
		out[corev1.ResourceName(name)] = quantity
	}
	return out
}
