// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
)

//go:embed instance_types.json
var embedded []byte

// Catalogue is what is on sale. It does not change.
type Catalogue struct {
	// Types in the order of the file.
	Types []*cloudprovider.InstanceType
	// OfferingKeys are, sorted, the labels that offerings are told apart by:
	// capacity type, zone, reservation and whatever the file adds.
	OfferingKeys []string
	// Resources are, sorted, the resources that the types report, overrides
	// included.
	Resources []corev1.ResourceName
	// Ignored tells, for the log, of keys in the file that mean nothing.
	Ignored []string
}

// Load reads the file at a path; an empty path means the embedded catalogue
// (KWOK-005).
func Load(path string) (*Catalogue, error) {
	if path == "" {
		return Parse("embedded catalogue", embedded)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the instance types: %w", err)
	}
	return Parse(path, text)
}

// Parse reads JSON or YAML. The file name is for messages. The error holds a
// *Problem for each thing that is wrong.
func Parse(file string, text []byte) (*Catalogue, error) {
	r := &reader{file: file}
	entries := r.entries(text)
	r.checkNames(entries)
	if len(r.problems) > 0 {
		return nil, errors.Join(r.problems...)
	}
	keys := offeringKeys(entries)
	c := &Catalogue{OfferingKeys: keys, Resources: resourceNames(entries), Ignored: r.ignored}
	for _, e := range entries {
		c.Types = append(c.Types, e.instanceType(keys))
	}
	return c, nil
}

// entries reads the list; what cannot be read is left out and a problem.
func (r *reader) entries(text []byte) []entry {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		r.problems = append(r.problems, fmt.Errorf("%s: reading the instance types: %w", r.file, err))
		return nil
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode {
		r.problems = append(r.problems, fmt.Errorf("%s: the instance types are not a list", r.file))
		return nil
	}
	if len(document.Content[0].Content) == 0 { // no pod would ever get a node
		r.problems = append(r.problems, fmt.Errorf("%s: the list of instance types is empty", r.file))
	}
	var out []entry
	for i, node := range document.Content[0].Content {
		r.index, r.name = i, ""
		out = append(out, r.entry(node))
	}
	return out
}

func (r *reader) checkNames(entries []entry) {
	first := map[string]int{}
	for _, e := range entries {
		if e.name == "" {
			continue
		}
		if other, ok := first[e.name]; ok {
			r.index, r.name = e.index, e.name
			r.failf(e.node, "the name is that of entry %d", other)
			continue
		}
		first[e.name] = e.index
	}
}

// offeringKeys are the keys that any offering demands.
func offeringKeys(entries []entry) []string {
	keys := map[string]bool{}
	for _, e := range entries {
		for _, o := range e.offerings {
			for r := range o.requirements.Each() {
				keys[r.Key()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

func resourceNames(entries []entry) []corev1.ResourceName {
	names := map[corev1.ResourceName]bool{}
	for _, e := range entries {
		for name := range e.resources {
			names[name] = true
		}
		for _, o := range e.offerings {
			for name := range o.capacityOverride {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
