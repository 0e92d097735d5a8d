// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// String joins the reasons of all pools (SCH-220).
func (l List) String() string {
	if len(l) == 0 {
		return "no dynamic nodepools found"
	}
	parts := make([]string, len(l))
	for i, r := range l {
		parts[i] = r.String()
	}
	return strings.Join(parts, "; ")
}

// String is one pool's reason, naming the pool and its daemon overhead.
func (r Reason) String() string {
	if r.Pool == "" {
		return r.cause()
	}
	out := fmt.Sprintf("nodepool %q", r.Pool)
	if len(r.Overhead) > 0 {
		out += " (daemon overhead " + r.Overhead.String() + ")"
	}
	return out + ": " + r.cause()
}

func (r Reason) cause() string {
	if text, all := r.Cause.phrase(); all {
		return text
	}
	switch r.Cause {
	case NotBuilt:
		return "the pod uses " + r.Detail + ", which is not supported yet"
	case Contradiction:
		return fmt.Sprintf("the pod's own requirements on label %q exclude each other", r.Detail)
	case Uninitialized:
		return fmt.Sprintf("node %q, which would take the pod, is not initialized", r.Detail)
	case VolumeConflict:
		return "no node can have all volumes of the pod, their topologies exclude each other: " + strings.Join(r.Claims, ", ")
	case Taints:
		return "its taints are not tolerated: " + strings.Join(r.Taints, ", ")
	case Labels:
		return "incompatible requirements: " + r.labels()
	case Volumes:
		return "the volumes of the pod cannot be on its nodes: " + r.volumes()
	case MinValues:
		return fmt.Sprintf("the instance types that would do fall short of minValues of label %q", r.Detail)
	case MinValuesCut:
		return fmt.Sprintf("the cheapest instance types, as many as a nodeclaim may list, fall short of minValues of label %q", r.Detail)
	case Topology:
		return r.topology()
	}
	return r.Types.String() + ", " + r.context()
}

// phrase is all that there is to say about some causes; false for those that
// have more to tell.
func (c Cause) phrase() (string, bool) {
	switch c {
	case ClaimsIgnored:
		return "the pod has resourceClaims, and requests of Dynamic Resource Allocation (DRA) are ignored (--ignore-dra-requests)", true
	case NoInstanceTypes:
		return "nodepool requirements filtered out all available instance types", true
	case NodeLimit:
		return "its limit on nodes is reached", true
	case Limits:
		return "every instance type exceeds what its limits leave", true
	case HostPorts:
		return "a daemon of every fitting instance type takes a host port of the pod", true
	case Reserved:
		return "other nodes may need the reserved capacity that it would take", true
	case TooManyRequirements:
		return "the nodeclaim would need more requirements than the API allows", true
	}
	return "", false
}

func (r Reason) labels() string {
	parts := make([]string, len(r.Labels))
	for i, l := range r.Labels {
		parts[i] = l.String()
	}
	return strings.Join(parts, ", ")
}

// volumes says which labels the volumes want, or if the pool offers these what
// its instance types lack then.
func (r Reason) volumes() string {
	if len(r.Labels) > 0 {
		return r.labels()
	}
	return r.Types.String() + ", " + r.context()
}

func (r Reason) topology() string {
	parts := make([]string, len(r.Topology))
	for i, rule := range r.Topology {
		parts[i] = rule.String()
	}
	return "no domain left: " + strings.Join(parts, ", ")
}

// shownDomains is how many domains a message lists (SCH-224).
const shownDomains = 25

// String is the rule with its counts and the domains that pod and node allow.
func (r Rule) String() string {
	counts := make([]string, 0, min(len(r.Counts), shownDomains))
	for _, c := range r.Counts[:min(len(r.Counts), shownDomains)] {
		counts = append(counts, fmt.Sprintf("%s: %d", c.Domain, c.Pods))
	}
	text := strings.Join(counts, ", ")
	if more := len(r.Counts) - shownDomains; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	text = fmt.Sprintf("%s on key %q (counts = {%s}, pod domains = %s, node domains = %s",
		r.Kind, r.Key, text, domains(r.Pod), domains(r.Node))
	if r.Volumes.Key() != "" {
		text += ", volume domains = " + domains(r.Volumes)
	}
	return text + ")"
}

func domains(r requirement.Requirement) string {
	if r.Key() == "" {
		return "any"
	}
	return set(r)
}

// String says what is wrong with one label (SCH-222, SCH-223).
func (l Label) String() string {
	if !l.Undefined {
		return fmt.Sprintf("key %s, %s not in %s", l.Wanted.Key(), set(l.Wanted), set(l.Offered))
	}
	out := fmt.Sprintf("label %q does not have known values", l.Wanted.Key())
	if l.Meant != "" {
		out += fmt.Sprintf(" (typo of %q?)", l.Meant)
	}
	return out
}

// set is a requirement's text without its key.
func set(r requirement.Requirement) string {
	return strings.TrimPrefix(r.String(), r.Key()+" ")
}

// context ends every reason about instance types (SCH-228).
func (r Reason) context() string {
	resources := "resources=" + r.Least.String()
	if !slices.Equal(r.Least, r.Most) {
		resources = "resources min=" + r.Least.String() + ", max=" + r.Most.String()
	}
	return "requirements=" + r.Requirements.String() + ", " + resources
}

// String names what no instance type had; the first match wins (SCH-221).
func (s Shortfall) String() string {
	for _, row := range []struct {
		when bool
		text string
	}{
		{!s.Requirements && !s.Resources && !s.Offering, "every instance type misses the requirements, the resources and the offering"},
		{!s.Requirements && !s.Resources, "no instance type meets the requirements, and none has the resources"},
		{!s.Requirements && !s.Offering, "no instance type meets the requirements, and none has a matching offering available"},
		{!s.Resources && !s.Offering, "no instance type has the resources, and none has a matching offering available"},
		{!s.Requirements, "no instance type meets all the requirements"},
		{!s.Resources && s.HugeCPU, "no instance type is large enough (is a CPU request of a million cores or more missing its m?)"},
		{!s.Resources, "no instance type is large enough"},
		{!s.Offering, "no instance type has a matching offering available"},
		{s.RequirementsResources, "the instance types that meet the requirements and are large enough have no matching offering available"},
		{s.ResourcesOffering, "the instance types that are large enough and available do not meet the requirements"},
		{s.RequirementsOffering, "the instance types that meet the requirements and are available are too small"},
	} {
		if row.when {
			return row.text
		}
	}
	return "no single instance type meets the requirements, is large enough and is available"
}

// NewAmounts names the non-zero amounts of a vector.
func NewAmounts(v resource.Vector, names *resource.Names) Amounts {
	var out Amounts
	for id, n := range v {
		if n != 0 {
			out = append(out, Amount{names.Name(resource.ID(id)), n})
		}
	}
	slices.SortFunc(out, func(a, b Amount) int { return strings.Compare(a.Resource, b.Resource) })
	return out
}

// String is the amounts as a JSON object of Kubernetes quantities.
func (as Amounts) String() string {
	parts := make([]string, len(as))
	for i, a := range as {
		parts[i] = strconv.Quote(a.Resource) + ":" + strconv.Quote(a.quantity())
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (a Amount) quantity() string {
	switch {
	case a.Resource == resource.CPUName && a.Value%1000 != 0:
		return strconv.FormatInt(a.Value, 10) + "m"
	case a.Resource == resource.CPUName:
		return strconv.FormatInt(a.Value/1000, 10)
	}
	return binary(a.Value)
}

// binary writes whole multiples of a power of 1024 with the largest suffix.
func binary(n int64) string {
	suffix := ""
	for _, s := range []string{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, suffix = n/1024, s
	}
	return strconv.FormatInt(n, 10) + suffix
}
