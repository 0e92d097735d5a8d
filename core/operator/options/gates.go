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

// gates lists the gates of the core in the order of the specification.
func (g *FeatureGates) gates() []Gate {
	return []Gate{
		{Name: "NodeRepair", Target: &g.NodeRepair, Stage: Alpha, Usage: "Replace nodes that the provider's repair policies call broken."},
		{Name: "ReservedCapacity", Target: &g.ReservedCapacity, Default: true, Stage: Beta, Usage: "Use capacity reservations."},
		{Name: "SpotToSpotConsolidation", Target: &g.SpotToSpotConsolidation, Stage: Alpha, Usage: "Replace spot nodes by cheaper spot nodes."},
		{Name: "NodeOverlay", Target: &g.NodeOverlay, Stage: Alpha, Usage: "Apply NodeOverlay objects to instance types."},
		{Name: "StaticCapacity", Target: &g.StaticCapacity, Stage: Alpha, Usage: "Keep NodePools with replicas at their size."},
		{Name: "CapacityBuffer", Target: &g.CapacityBuffer, Stage: Alpha, Usage: "Keep room for the pods of CapacityBuffer objects."},
	}
}

// String writes the gates the way --feature-gates reads them.
func (g FeatureGates) String() string {
	var pairs []string
	for _, gate := range g.gates() {
		pairs = append(pairs, gate.Name+"="+strconv.FormatBool(*gate.Target))
	}
	return strings.Join(pairs, ",")
}

// Stage is how far a feature behind a gate is.
type Stage string

// Stages of features: an alpha one is off by default and may change or go, a beta one
// is on by default.
const (
	Alpha Stage = "alpha"
	Beta  Stage = "beta"
)

// Gate is a feature gate.
type Gate struct {
	// Name as users write it.
	Name string
	// Target is filled by Parse.
	Target *bool
	// Default is the value of a gate that is not named.
	Default bool
	Stage   Stage
	// Usage is a sentence that says what the feature does.
	Usage string
}

// Gates declares an option that is a list of Gate=bool pairs separated by commas. Its
// default follows from those of the gates. Gates that are not named keep theirs; names
// that are not known are ignored, so that gates of features that became a matter of
// course do not stop a start, and become warnings of [Parse] (OPS-040, OPS-041).
func (s *Set) Gates(o Option[string], gates ...Gate) {
	var defaults []string
	for _, g := range gates {
		*g.Target = g.Default
		defaults = append(defaults, g.Name+"="+strconv.FormatBool(g.Default))
	}
	o.Default = strings.Join(defaults, ",")
	var ignored struct{}
	e := text(s, &ignored, o, func(text string) (struct{}, error) {
		unknown, err := readGates(text, gates)
		for _, name := range unknown {
			s.warnings = append(s.warnings, fmt.Sprintf("feature gate %q is not known and has no effect; gates are %s", name, names(gates)))
		}
		return ignored, err
	})
	e.gates = gates
}

// names lists gates for a user.
func names(gates []Gate) string {
	out := make([]string, len(gates))
	for i, g := range gates {
		out[i] = g.Name
	}
	return strings.Join(out, ", ")
}

// readGates sets the gates that a text names, and returns the names that are none,
// each once.
func readGates(text string, gates []Gate) (unknown []string, err error) {
	for segment := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(segment) == "" {
			continue
		}
		name, value, err := parseGate(segment)
		if err != nil {
			return nil, fmt.Errorf("%w; gates are %s", err, names(gates))
		}
		i := slices.IndexFunc(gates, func(g Gate) bool { return g.Name == name })
		switch {
		case i >= 0:
			*gates[i].Target = value
		case !slices.Contains(unknown, name):
			unknown = append(unknown, name)
		}
	}
	return unknown, nil
}

func parseGate(segment string) (string, bool, error) {
	name, text, found := strings.Cut(segment, "=")
	if !found || strings.Contains(text, "=") {
		return "", false, fmt.Errorf("%q must have the form Gate=true or Gate=false", segment)
	}
	value, err := strconv.ParseBool(strings.TrimSpace(text))
	if err != nil {
		return "", false, fmt.Errorf("%q must have the value true or false", segment)
	}
	return strings.TrimSpace(name), value, nil
}
