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
	gates := defaultFeatureGates()
	for segment := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(segment) == "" {
			continue
		}
		name, value, err := parseGate(segment)
		if err != nil {
			return FeatureGates{}, err
		}
		for _, gate := range gates.byName() {
			if gate.name == name {
				*gate.value = value
			}
		}
	}
	return gates, nil
}

// unknownGates are the names in a valid text that are none, each once.
func unknownGates(text string) []string {
	var gates FeatureGates
	var unknown []string
	for segment := range strings.SplitSeq(text, ",") {
		name, _, err := parseGate(segment)
		if err == nil && !slices.ContainsFunc(gates.byName(), func(g gate) bool { return g.name == name }) && !slices.Contains(unknown, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
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
