// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// Asker is a NodePool or a NodeClaim that asks for instance types.
type Asker struct {
	// Words are the project's and the provider's.
	Words *vocabulary.Vocabulary
	// Defines reports whether its labels or requirements name a key, which makes that
	// label visible to it (CAPI-023).
	Defines func(key string) bool
	// Taints are those that its nodes will have, those at their start included
	// (CAPI-024).
	Taints []corev1.Taint
}

// Sees reports whether a label can be asked for.
func (a Asker) Sees(key string) bool { return a.Words.IsWellKnown(key) || a.Defines(key) }

// Accepts reports whether pods that the asker brings will stand the taints of a
// deployment.
func (a Asker) Accepts(s *Shape) bool {
	for i := range s.Taints {
		if !slices.ContainsFunc(a.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&s.Taints[i]) && t.Value == s.Taints[i].Value }) {
			return false
		}
	}
	return true
}

// Available reports whether another machine of a deployment can be had now.
type Available func(deployment types.NamespacedName) bool

// Compile makes the instance types of deployments, by name (CAPI-025). Deployments with
// the same name of type are one type: what their labels differ in tells its offerings
// apart. The shapes may be in any order.
func Compile(shapes []*Shape, asker Asker, available Available) []*cloudprovider.InstanceType {
	byName := map[string][]*Shape{}
	for _, s := range shapes {
		byName[s.Name()] = append(byName[s.Name()], s)
	}
	out := make([]*cloudprovider.InstanceType, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, compileType(name, byName[name], asker, available))
	}
	return out
}

// compare orders shapes by namespace and name of their deployments, after them those whose
// size is not known.
func compare(a, b *Shape) int {
	if a.sized() != b.sized() {
		if a.sized() {
			return -1
		}
		return 1
	}
	return cmp.Or(strings.Compare(a.Deployment.Namespace, b.Deployment.Namespace), strings.Compare(a.Deployment.Name, b.Deployment.Name))
}

func compileType(name string, shapes []*Shape, asker Asker, available Available) *cloudprovider.InstanceType {
	slices.SortFunc(shapes, compare)
	seen, sized := make([]visible, len(shapes)), 0
	for i, s := range shapes {
		if seen[i] = see(s, asker); s.sized() {
			sized++
		}
	}
	varying := differing(seen, sized)
	it := &cloudprovider.InstanceType{
		Name:         name,
		Requirements: common(seen, sized, varying, asker.Words),
		Capacity:     shapes[0].Capacity,
		Overhead:     shapes[0].Overhead,
	}
	for _, lot := range lots(shapes, seen, varying) {
		it.Offerings = append(it.Offerings, lot.offering(it, asker, available))
	}
	return it
}

// lot is the deployments behind one offering: their visible labels are equal.
type lot struct {
	requirements requirement.Requirements
	shapes       []*Shape
}

// lots divides the deployments of a type, in the order of the first of each.
func lots(shapes []*Shape, seen []visible, varying []string) []*lot {
	var out []*lot
	for i, s := range shapes {
		reqs := seen[i].offering(varying, s.sized())
		at := slices.IndexFunc(out, func(l *lot) bool { return l.requirements.Equal(reqs) })
		if at < 0 {
			out, at = append(out, &lot{requirements: reqs}), len(out)
		}
		out[at].shapes = append(out[at].shapes, s)
	}
	return out
}

// offering is what the deployments have in common to offer: one that can be had makes it
// available, the cheapest of those sets its price, and of each resource there is as much
// as the smallest of them has.
func (l *lot) offering(it *cloudprovider.InstanceType, asker Asker, available Available) *cloudprovider.Offering {
	o := &cloudprovider.Offering{Requirements: l.requirements, Price: l.shapes[0].Price}
	for _, s := range l.shapes {
		if s.sized() && asker.Accepts(s) && available(s.Deployment) && (!o.Available || s.Price < o.Price) {
			o.Available, o.Price = true, s.Price
		}
	}
	if !l.shapes[0].sized() { // nor is any other: nothing is to be said of what there is
		return o
	}
	capacity, overhead := l.smallest()
	o.CapacityOverride = override(it.Capacity, capacity)
	if !sameAmounts(it.Overhead.Total(), overhead.Total()) {
		o.OverheadOverride = &overhead
	}
	return o
}

func (l *lot) smallest() (corev1.ResourceList, cloudprovider.Overhead) {
	capacity, overhead := l.shapes[0].Capacity, l.shapes[0].Overhead
	for _, s := range l.shapes[1:] {
		if !s.sized() {
			break // they are the last
		}
		capacity = combine(capacity, s.Capacity, func(a, b resource.Quantity) bool { return a.Cmp(b) < 0 })
		if more := s.Overhead; !sameAmounts(more.Total(), overhead.Total()) {
			overhead = cloudprovider.Overhead{KubeReserved: combine(overhead.Total(), more.Total(), func(a, b resource.Quantity) bool { return a.Cmp(b) > 0 })}
		}
	}
	return capacity, overhead
}

// combine takes of each resource the amount that is better; what is not named is none.
func combine(a, b corev1.ResourceList, better func(a, b resource.Quantity) bool) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, list := range []corev1.ResourceList{a, b} {
		for name := range list {
			x, y := a[name], b[name]
			if better(y, x) {
				x = y
			}
			out[name] = x
		}
	}
	return out
}

// override is what makes one capacity of another; nil if they are equal.
func override(from, to corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name := range combine(from, to, func(resource.Quantity, resource.Quantity) bool { return false }) {
		if is, wanted := from[name], to[name]; is.Cmp(wanted) != 0 {
			out[name] = wanted
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func sameAmounts(a, b corev1.ResourceList) bool { return override(a, b) == nil }

// openKeys are those that a type leaves undefined while nobody tells their values, and
// so is compatible with whatever is asked for (CAPI-027).
func openKeys() []string { return []string{label.Arch, label.OS, label.Region} }

// foreignKeys are those that are never a type's.
func foreignKeys() []string { return []string{label.NodePool, label.Hostname} }
