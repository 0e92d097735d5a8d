// SPDX-License-Identifier: Apache-2.0

package errortable

import (
	"path"
	"strings"
	"time"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/health"
)

// Row is one meaning. What it matches are the fields of When; a failure must
// match all that are given.
type Row struct {
	// Name tells the rows of a table apart, for providers that act on one and for
	// tests.
	Name string
	// When says which failures are meant.
	When Match
	// Class is what core does about it; ClassOther is a plain error, tried again.
	Class cloudprovider.ErrorClass
	// Throttled says that the cloud wants fewer calls; of ClassOther only.
	Throttled bool
	// Marks are the scopes that become unavailable, each a set of parts of what was
	// tried.
	Marks []Parts
	// TTL is how long the marks last.
	TTL time.Duration
	// Reason is CamelCase: of the marks, and of the condition of a CreateError.
	Reason string
	// Message of the condition of a CreateError; empty means the cloud's own.
	Message string
}

// Match says which failures a row is for. Letters' case does not count. The zero
// value is every failure.
type Match struct {
	// Code is the cloud's code, in which * stands for anything; empty is any code.
	Code string
	// Texts are all contained in "<code>: <message>".
	Texts []string
	// Status is the HTTP status, or the first of a range that ends with StatusTo;
	// 0 is any.
	Status, StatusTo int
	// CapacityType is that of the attempt; empty is any.
	CapacityType string
}

// Parts is a set of the parts that a scope has (KIT-063).
type Parts uint

// The parts of a scope. A mark is left out if the attempt lacks a part of it,
// except for Place, which is then left out of the scope.
const (
	CapacityType Parts = 1 << iota
	InstanceType
	Zone
	// Network marks each network of the attempt.
	Network
	NodePool
	// Place marks the last of the attempt's places, the narrowest.
	Place
	// Family is the whole family of the type.
	Family
	// FamilyFrom is the family from the vCPU count of the type upward.
	FamilyFrom
)

// Offering are the parts of one offering.
const Offering = CapacityType | InstanceType | Zone

func (m Match) matches(f Failure, attempt health.Offering) bool {
	text := strings.ToLower(f.text())
	for _, t := range m.Texts {
		if !strings.Contains(text, strings.ToLower(t)) {
			return false
		}
	}
	return matchesCode(m.Code, f.Code) &&
		(m.Status == 0 || m.Status <= f.HTTPStatus && f.HTTPStatus <= m.lastStatus()) &&
		m.isFor(attempt)
}

func (m Match) isFor(attempt health.Offering) bool {
	return m.CapacityType == "" || m.CapacityType == attempt.CapacityType
}

func (m Match) lastStatus() int { return max(m.Status, m.StatusTo) }

// matchesCode compares without regard to letters' case; a slash counts like any
// other letter.
func matchesCode(pattern, code string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(literal(pattern), literal(code))
	return ok && err == nil
}

// literal makes path.Match treat nothing but * as special.
func literal(s string) string {
	return strings.NewReplacer("/", "\x00", "?", "\x01", "[", "\x02", `\`, "\x03").Replace(strings.ToLower(s))
}

// marks returns what a row marks of an attempt.
func (r *Row) marks(attempt health.Offering) []health.Mark {
	var out []health.Mark
	for _, parts := range r.Marks {
		for _, scope := range parts.scopes(attempt) {
			out = append(out, health.Mark{Scope: scope, Reason: r.Reason, TTL: r.TTL})
		}
	}
	return out
}

// scopes fills the parts from an attempt: none if it lacks one, several for
// several networks.
func (p Parts) scopes(attempt health.Offering) []health.Scope {
	var s health.Scope
	complete := true
	fill := func(part Parts, field *string, value string) {
		if p&part != 0 {
			*field = value
			complete = complete && value != ""
		}
	}
	fill(CapacityType, &s.CapacityType, attempt.CapacityType)
	fill(InstanceType, &s.InstanceType, attempt.InstanceType)
	fill(Zone, &s.Zone, attempt.Zone)
	fill(NodePool, &s.NodePool, attempt.NodePool)
	fill(Family|FamilyFrom, &s.Family, attempt.Family)
	if p&FamilyFrom != 0 {
		s.MinVCPUs = attempt.VCPUs
		complete = complete && attempt.VCPUs > 0 // else it would be the whole family
	}
	if n := len(attempt.Places); p&Place != 0 && n > 0 {
		s.Place = attempt.Places[n-1]
	}
	if !complete {
		return nil
	}
	if p&Network == 0 {
		return []health.Scope{s}
	}
	var out []health.Scope
	for _, network := range attempt.Networks {
		s.Network = network
		out = append(out, s)
	}
	return out
}
