// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

// roomFor is how long other pods wait for a NodeClaim of which nothing is heard.
const roomFor = time.Minute

// Unlaunched is a NodeClaim without a provider ID (LIF-014): a placeholder,
// neither a state node nor a candidate for disruption. It is immutable.
type Unlaunched struct {
	NodeClaim *v1.NodeClaim
	// Since is when the model first saw it.
	Since time.Time
	// Inserted ones were created by this process, which knows their Pods.
	Inserted bool
	Pods     []types.NamespacedName
	// Draws are what the launch is expected to take of shared limits; nil if that is not
	// known.
	Draws []ration.Draw

	requests []resource.Vector
	departed map[types.NamespacedName]bool
	// launchTimeout is how long its launch may take.
	launchTimeout time.Duration

	ports  hostport.Ports
	charge resource.Vector
	pledge resource.Vector
}

func (c *Cluster) newUnlaunched(ref *claimRef) *Unlaunched {
	u := &Unlaunched{NodeClaim: ref.claim, Since: ref.since, launchTimeout: c.launchTimeout}
	u.pledge = c.epoch.compiler.Requested(ref.claim.Spec.Resources.Requests)
	u.charge = u.pledge.Clone()
	if ref.created != nil {
		u.Inserted, u.Pods, u.ports = true, ref.created.Pods, ref.created.HostPorts
		u.Draws = ref.created.Draws
		u.requests, u.departed = ref.created.Requests, maps.Clone(ref.departed)
		u.charge = u.charge.Raise(ref.created.Capacity)
	}
	u.charge = u.charge.Set(resource.Nodes, 1)
	return u
}

// NodePool is the pool that the NodeClaim belongs to, or empty.
func (u *Unlaunched) NodePool() string { return u.NodeClaim.Labels[v1.NodePoolLabelKey] }

// Inherited reports whether the NodeClaim may have been created, before this
// process was in charge, for pods that nobody knows any more. It counts for as
// long as its launch may take (LIF-009, LIF-069).
func (u *Unlaunched) Inherited(now time.Time) bool {
	return !u.Inserted && u.NodeClaim.DeletionTimestamp == nil &&
		now.Sub(u.NodeClaim.CreationTimestamp.Time) < u.launchTimeout
}

// awaited reports whether pods wait for the NodeClaim that was created for them: for twice
// as long as its launch may take. It is gone by then if all is well (LIF-110).
func (u *Unlaunched) awaited(now time.Time) bool {
	return u.NodeClaim.DeletionTimestamp == nil && now.Sub(u.Since) < 2*u.launchTimeout
}

// target is the NodeClaim as a target for other pods than those that wait for
// it; nil if there is no room for any.
func (u *Unlaunched) target(s *Snapshot) *model.Node {
	if u.Inherited(s.Taken) {
		// The pods it is for admit every value that its requirements leave open,
		// so the first one stands for all.
		return u.node(s.epoch.compiler, u.labels(slices.Min[[]string]), u.pledge)
	}
	room := u.room(s)
	if room.Zero() {
		return nil
	}
	// Other pods may not admit them all: which value it will be is not known.
	return u.node(s.epoch.compiler, u.labels(func(values []string) string {
		if len(values) > 1 {
			return ""
		}
		return values[0]
	}), room)
}

// room is what the pods that the NodeClaim was created for will not use. Those
// that are gone have successors, and those that the scheduler has bound to another
// node that stays took a place that was meant for others; either would get a
// second NodeClaim otherwise.
func (u *Unlaunched) room(s *Snapshot) resource.Vector {
	if u.NodeClaim.DeletionTimestamp != nil || u.failing() || s.Taken.Sub(u.Since) >= roomFor {
		return nil
	}
	var room resource.Vector
	for i, key := range u.Pods {
		if b, ok := s.bound()[key]; ok && !b.node.marked {
			room = room.Add(b.pod.Requests)
		} else if u.departed[key] && i < len(u.requests) {
			room = room.Add(u.requests[i])
		}
	}
	return room
}

// failing reports whether a launch was tried in vain.
func (u *Unlaunched) failing() bool {
	return slices.ContainsFunc(u.NodeClaim.Status.Conditions, func(c status.Condition) bool {
		return c.Type == v1.ConditionTypeLaunched && c.Reason != untouched
	})
}

// untouched is the reason of a condition that nobody has set yet.
const untouched = "AwaitingReconciliation"

func (u *Unlaunched) node(c *intake.Compiler, labels map[string]string, free resource.Vector) *model.Node {
	return &model.Node{
		Name:   u.NodeClaim.Name,
		Labels: c.NodeLabels(labels),
		Taints: intake.Taints(withoutStartup(u.NodeClaim.Spec.Taints, u.NodeClaim)),
		Free:   free,
		Ports:  u.ports,
	}
}

// labels are those of the node, with one chosen from the values that a
// requirement lists; none if that is empty.
func (u *Unlaunched) labels(choose func(values []string) string) map[string]string {
	labels := map[string]string{}
	for _, r := range u.NodeClaim.Spec.Requirements {
		if r.Operator == corev1.NodeSelectorOpIn && len(r.Values) > 0 {
			if value := choose(r.Values); value != "" {
				labels[r.Key] = value
			}
		}
	}
	maps.Copy(labels, u.NodeClaim.Labels)
	return labels
}

// Unlaunched lists the NodeClaims that are not launched, by name.
func (c *Cluster) Unlaunched() []*Unlaunched {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.unlaunchedByName()
}

func (c *Cluster) unlaunchedByName() []*Unlaunched {
	out := make([]*Unlaunched, 0, len(c.unlaunched))
	for _, u := range c.unlaunched {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b *Unlaunched) int { return strings.Compare(a.NodeClaim.Name, b.NodeClaim.Name) })
	return out
}

// putUnlaunched makes the placeholder of a NodeClaim anew.
func (c *Cluster) putUnlaunched(ref *claimRef) {
	c.dropUnlaunched(ref.claim.Name)
	u := c.newUnlaunched(ref)
	c.unlaunched[ref.claim.Name] = u
	for _, pod := range u.Pods {
		c.awaited[pod] = ref
	}
}

func (c *Cluster) dropUnlaunched(name string) {
	u := c.unlaunched[name]
	if u == nil {
		return
	}
	delete(c.unlaunched, name)
	for _, pod := range u.Pods {
		if ref := c.awaited[pod]; ref != nil && ref.claim.Name == name {
			delete(c.awaited, pod)
		}
	}
}

// depart takes in that a pod which an unlaunched NodeClaim was created for is
// gone, or is there again: pods of a StatefulSet come back under their names.
func (c *Cluster) depart(pod types.NamespacedName, gone bool) {
	ref := c.awaited[pod]
	if ref == nil || ref.departed[pod] == gone {
		return
	}
	if ref.departed == nil {
		ref.departed = map[types.NamespacedName]bool{}
	}
	ref.departed[pod] = gone
	c.putUnlaunched(ref)
}
