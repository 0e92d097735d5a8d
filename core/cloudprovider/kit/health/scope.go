// SPDX-License-Identifier: Apache-2.0

package health

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Scope is what a mark covers: every offering that agrees with the fields that
// are set; a field left empty is any (KIT-001). It is comparable: equal scopes
// are one mark.
type Scope struct {
	CapacityType string
	InstanceType string
	Zone         string
	// Network is a subnet, vSwitch or the like. Marks of networks take a zone away
	// only together (KIT-004).
	Network  string
	NodePool string
	// Place is a placement group, a partition of it, a host: what else narrows a
	// launch.
	Place string
	// Family of instance types.
	Family string
	// MinVCPUs limits Family to types with at least so many vCPUs; 0 is the whole
	// family (KIT-003).
	MinVCPUs int64
}

// Offering is what is asked about. Fields that do not apply stay empty.
type Offering struct {
	CapacityType string
	InstanceType string
	// Family and VCPUs are those of the instance type.
	Family   string
	VCPUs    int64
	Zone     string
	NodePool string
	// Places a machine would be launched into, as marks name them.
	Places []string
	// Networks are those of the zone that the NodeClass could use.
	Networks []string
}

var (
	errNoScope     = errors.New("scope: it is empty, which would make everything unavailable")
	errNoFamily    = errors.New("scope.minVCPUs: it is given without a family")
	errNegative    = errors.New("scope.minVCPUs: it is negative")
	errNoTTL       = errors.New("ttl: it is not positive")
	errWrongReason = errors.New("reason: it is not one that a condition could have")
)

// problem returns what is wrong with the scope, if anything (KIT-007).
func (s Scope) problem() error {
	switch {
	case s == Scope{}:
		return errNoScope
	case s.MinVCPUs < 0:
		return errNegative
	case s.MinVCPUs > 0 && s.Family == "":
		return errNoFamily
	}
	return nil
}

// covers reports whether the offering is within the scope, networks aside.
func (s *Scope) covers(o *Offering) bool {
	return agrees(s.CapacityType, o.CapacityType) &&
		agrees(s.InstanceType, o.InstanceType) &&
		agrees(s.Zone, o.Zone) &&
		agrees(s.NodePool, o.NodePool) &&
		agrees(s.Family, o.Family) && o.VCPUs >= s.MinVCPUs &&
		(s.Place == "" || slices.Contains(o.Places, s.Place))
}

func agrees(named, actual string) bool { return named == "" || named == actual }

// fields are the scope's, in the order that scopes are compared and shown in.
func (s Scope) fields() [7]struct{ name, value string } {
	return [7]struct{ name, value string }{
		{"capacityType", s.CapacityType}, {"instanceType", s.InstanceType}, {"zone", s.Zone},
		{"network", s.Network}, {"nodePool", s.NodePool}, {"place", s.Place}, {"family", s.Family},
	}
}

// compare orders scopes by their fields: -1, 0 or 1.
func (s *Scope) compare(other *Scope) int {
	return cmp.Or(
		cmp.Compare(s.CapacityType, other.CapacityType),
		cmp.Compare(s.InstanceType, other.InstanceType),
		cmp.Compare(s.Zone, other.Zone),
		cmp.Compare(s.Network, other.Network),
		cmp.Compare(s.NodePool, other.NodePool),
		cmp.Compare(s.Place, other.Place),
		cmp.Compare(s.Family, other.Family),
		cmp.Compare(s.MinVCPUs, other.MinVCPUs),
	)
}

// String lists the fields that are set: "capacityType=spot zone=a".
func (s Scope) String() string {
	var parts []string
	for _, f := range s.fields() {
		if f.value != "" {
			parts = append(parts, f.name+"="+f.value)
		}
	}
	if s.MinVCPUs > 0 {
		parts = append(parts, "minVCPUs="+strconv.FormatInt(s.MinVCPUs, 10))
	}
	return strings.Join(parts, " ")
}

// InvalidMarkError says which field of a mark cannot be right.
type InvalidMarkError struct {
	// Mark that was refused.
	Mark  Mark
	cause error
}

// Error names the scope and the reason of the mark.
func (e *InvalidMarkError) Error() string {
	return fmt.Sprintf("marking {%s} unavailable for reason %q: %v", e.Mark.Scope, e.Mark.Reason, e.cause)
}

// Unwrap returns what is wrong.
func (e *InvalidMarkError) Unwrap() error { return e.cause }
