// SPDX-License-Identifier: Apache-2.0

package reason

import (
	"fmt"
	"slices"
	"strings"
)

// NoPools is what a pod is told when no pool can launch anything (SCH-024).
const NoPools = "no dynamic nodepools found"

// most is how many bytes of text a list makes, so that an event holds it; what
// comes nearest to a node is said whatever its length.
const most = 900

// String tells why the pod has no node, the nearest pools first, pools of equal
// reasons together (SCH-220); of existing nodes the same (SCH-135).
func (l List) String() string {
	if len(l) == 0 {
		return NoPools
	}
	groups := beside(l.groups())
	out, left := groups[0].String(), len(l)-len(groups[0].subjects)
	if !slices.ContainsFunc(l, func(r Reason) bool { return !r.Cause.OfPool() }) {
		out = NoPools + ": " + out
	}
	for i, g := range groups[1:] {
		next := "; " + g.String()
		if g.adds(groups[i]) {
			next = ", and " + g.cause()
		}
		if len(out)+len(next) > most {
			return out + fmt.Sprintf("; and %d other %s", left, g.more())
		}
		out, left = out+next, left-len(g.subjects)
	}
	return out
}

// String is one pool's or node's reason, naming it and the pool's daemon overhead.
func (r Reason) String() string { return List{r}.groups()[0].String() }

// cause says what is in the way.
func (r Reason) cause() string {
	if text, own := r.ofNode(); own {
		return text
	}
	return r.ofPool()
}

func (r Reason) ofPool() string {
	if text, all := r.Cause.phrase(); all {
		return text
	}
	switch r.Cause {
	case Waits:
		return r.Detail
	case NotBuilt:
		return "the pod uses " + r.Detail + ", which is not supported yet"
	case Contradiction:
		return fmt.Sprintf("the pod's own requirements on label %q exclude each other", r.Detail)
	case Uninitialized:
		return fmt.Sprintf("node %q, which would take the pod, is not initialized", r.Detail)
	case VolumeConflict:
		return "no node can have all volumes of the pod, their topologies exclude each other: " + strings.Join(r.Claims, ", ")
	case PoolForeign, PoolUnclear, PoolNotReady, PoolWithoutTypes:
		return r.unusable()
	case Taints:
		return r.taints()
	case LateTaints, AttachLimits:
		return r.turnedOut()
	case Labels:
		return "incompatible requirements: " + listed(r.Labels)
	case Volumes:
		return "the volumes of the pod cannot be on nodes of it: " + r.volumes()
	case Limits:
		return r.limits()
	case MinValues, MinValuesCut:
		return r.shortOfMinValues()
	case Topology:
		return r.topology()
	}
	return r.types() + r.broken()
}

// turnedOut says what nodes of the pool showed that their instance types do not
// tell.
func (r Reason) turnedOut() string {
	if r.Cause == LateTaints {
		return "nodes of it turned out to get taints that are not tolerated: " + strings.Join(r.Taints, ", ")
	}
	return fmt.Sprintf("nodes of it turned out to attach fewer volumes of driver %q than the pod has", r.Detail)
}

func (r Reason) shortOfMinValues() string {
	which := "the instance types that would do fall"
	if r.Cause == MinValuesCut {
		which = "the cheapest instance types, as many as a nodeclaim may list, fall"
	}
	return fmt.Sprintf("%s short of minValues of label %q", which, r.Detail)
}

// broken says what nodes lack of what their instance types promise.
func (r Reason) broken() string {
	if len(r.Missing) == 0 {
		return ""
	}
	return "; nodes turned out to have less than their instance types promise: " + r.Missing.String() + " is missing"
}

// phrase is all that there is to say about some causes; false for those that
// have more to tell.
func (c Cause) phrase() (string, bool) {
	switch c {
	case ClaimsIgnored:
		return "the pod has resourceClaims, and requests of Dynamic Resource Allocation (DRA) are ignored (--ignore-dra-requests)", true
	case PoolLeaving:
		return "being deleted", true
	case PoolStatic:
		return "static, with a fixed number of nodes (spec.replicas)", true
	case PoolUnevaluated:
		return "NodeOverlays are not evaluated yet", true
	case NoInstanceTypes:
		return "nodepool requirements filtered out all available instance types", true
	case NodeLimit:
		return "the limit on nodes is reached", true
	case HostPorts:
		return "a daemon of every fitting instance type takes a host port of the pod", true
	case Reserved:
		return "other nodes may need the reserved capacity that one more would take", true
	case TooManyRequirements:
		return "the nodeclaim would need more requirements than the API allows", true
	}
	return "", false
}

func (r Reason) unusable() string {
	switch r.Cause {
	case PoolForeign:
		return "the NodeClass belongs to another provider: " + r.Detail
	case PoolUnclear:
		return "cannot be understood: " + r.Detail
	case PoolNotReady:
		return "not ready: " + r.Detail
	}
	if r.Detail == "" {
		return "the provider has no instance types"
	}
	return "instance types are not known: " + r.Detail
}

func (r Reason) taints() string {
	text := "taints are not tolerated: " + strings.Join(r.Taints, ", ")
	if len(r.Labels) > 0 {
		text += ", and incompatible requirements: " + listed(r.Labels)
	}
	return text
}

func listed[T fmt.Stringer](items []T) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = item.String()
	}
	return strings.Join(parts, ", ")
}

// volumes says which labels the volumes want, or if the pool offers these what
// its instance types lack then.
func (r Reason) volumes() string {
	if len(r.Labels) > 0 {
		return listed(r.Labels)
	}
	return r.types()
}

func (r Reason) topology() string {
	if alone := r.alone(); len(alone) > 0 {
		return listed(alone) // no domain would do, whatever the other rules say
	}
	return "no domain left: " + listed(r.Topology)
}

// alone are the rules that no domain satisfies.
func (r Reason) alone() []Rule {
	return slices.DeleteFunc(slices.Clone(r.Topology), func(rule Rule) bool { return !rule.Alone })
}

func (r Reason) limits() string {
	if len(r.Lacks) == 0 {
		return "every instance type that would do exceeds what the limits leave"
	}
	offered, needed := make([]string, len(r.Lacks)), make([]string, len(r.Lacks))
	who := "the pod needs"
	for i, l := range r.Lacks {
		offered[i], needed[i] = l.texts()
		if l.OfType {
			who = "the smallest instance type that would do has"
		}
	}
	return fmt.Sprintf("limits leave %s; %s %s", strings.Join(offered, ", "), who, bare(needed))
}

// bare leaves out the name of the resource where there is but one, which was
// named just before.
func bare(amounts []string) string {
	if len(amounts) == 1 {
		_, amount, _ := strings.Cut(amounts[0], " ")
		return amount
	}
	return strings.Join(amounts, ", ")
}
