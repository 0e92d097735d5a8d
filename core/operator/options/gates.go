// SPDX-License-Identifier: Apache-2.0

package options

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FeatureGates switch optional features. A feature whose gate is off runs no
// controller, needs no CRD and has none of its objects read (OPS-042).
type FeatureGates struct {
	// NodeRepair replaces nodes that a provider's repair policy calls broken
	// (alpha). Default false.
	NodeRepair bool
	// ReservedCapacity uses capacity reservations (beta). Default true.
	ReservedCapacity bool
	// SpotToSpotConsolidation replaces spot nodes by cheaper spot nodes (alpha).
	// Default false.
	SpotToSpotConsolidation bool
	// NodeOverlay applies NodeOverlay objects to instance types (alpha). Default
	// false.
	NodeOverlay bool
	// StaticCapacity keeps pools with replicas at their size (alpha). Default
	// false.
	StaticCapacity bool
	// CapacityBuffer keeps room for the pods of CapacityBuffer objects (alpha).
	// Default false.
	CapacityBuffer bool
}

// gate is one feature gate by name.
type gate struct {
	name  string
	value *bool
}

// byName lists the gates in the order of their stages.
func (g *FeatureGates) byName() []gate {
	return []gate{
		{"NodeRepair", &g.NodeRepair},
		{"ReservedCapacity", &g.ReservedCapacity},
		{"SpotToSpotConsolidation", &g.SpotToSpotConsolidation},
		{"NodeOverlay", &g.NodeOverlay},
		{"StaticCapacity", &g.StaticCapacity},
		{"CapacityBuffer", &g.CapacityBuffer},
	}
}

// String writes the gates the way [ParseFeatureGates] reads them.
func (g FeatureGates) String() string {
	var pairs []string
	for _, gate := range g.byName() {
		pairs = append(pairs, gate.name+"="+strconv.FormatBool(*gate.value))
	}
	return strings.Join(pairs, ",")
}

func defaultFeatureGates() FeatureGates {
	return FeatureGates{ReservedCapacity: true}
}

// ParseFeatureGates reads Gate=bool pairs separated by commas. Gates that are
// not named keep their defaults; names that are not known are ignored, so that
// gates of features that became a matter of course do not stop a start, and
// become warnings of [Parse] (OPS-040, OPS-041).
func ParseFeatureGates(text string) (FeatureGates, error) {
	gates, _, err := parseFeatureGates(text)
	return gates, err
}

func parseFeatureGates(text string) (gates FeatureGates, unknown []string, err error) {
	gates = defaultFeatureGates()
	if unknown, err = readGates(text, gates.byName()); err != nil {
		return FeatureGates{}, nil, err
	}
	return gates, unknown, nil
}

// Gate is a feature gate of a provider.
type Gate struct {
	// Name as users write it.
	Name string
	// Target is filled by Parse.
	Target *bool
	// Default is the value of a gate that is not named.
	Default bool
}

// Gates declares an option that is a list of gates in the form of OPS-040. Its
// default follows from theirs.
func (s *Set) Gates(o Option[string], gates ...Gate) {
	var all []gate
	var defaults []string
	for _, g := range gates {
		*g.Target = g.Default
		all = append(all, gate{g.Name, g.Target})
		defaults = append(defaults, g.Name+"="+strconv.FormatBool(g.Default))
	}
	o.Default = strings.Join(defaults, ",")
	var ignored struct{}
	Text(s, &ignored, o, func(text string) (struct{}, error) {
		unknown, err := readGates(text, all)
		s.warnUnknown(unknown)
		return ignored, err
	})
}

func (s *Set) warnUnknown(gates []string) {
	for _, name := range gates {
		s.warnings = append(s.warnings, fmt.Sprintf("feature gate %q is not known and has no effect", name))
	}
}

// readGates sets the gates that a text names, and returns the names that are none,
// each once.
func readGates(text string, gates []gate) (unknown []string, err error) {
	for segment := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(segment) == "" {
			continue
		}
		name, value, err := parseGate(segment)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(gates, func(g gate) bool { return g.name == name })
		switch {
		case i >= 0:
			*gates[i].value = value
		case !slices.Contains(unknown, name):
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

func parseGate(segment string) (string, bool, error) {
	name, text, found := strings.Cut(segment, "=")
	if !found || strings.Contains(text, "=") {
		return "", false, fmt.Errorf("%q is not of the form Gate=bool", segment)
	}
	value, err := strconv.ParseBool(strings.TrimSpace(text))
	if err != nil {
		return "", false, fmt.Errorf("%q has a value that is not a boolean", segment)
	}
	return strings.TrimSpace(name), value, nil
}
