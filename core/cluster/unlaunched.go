// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

// LaunchTimeout is how long a NodeClaim may take to launch (LIF-009). One whose
// creator did not say which pods it is for is taken into account that long.
const LaunchTimeout = 5 * time.Minute

// Unlaunched is a NodeClaim without a provider ID (LIF-014): a placeholder,
// neither a state node nor a candidate for disruption. It is immutable.
type Unlaunched struct {
	NodeClaim *v1.NodeClaim
	// Since is when the model first saw it.
	Since time.Time
	// Inserted ones were created by this process, which knows their Pods.
	Inserted bool
	Pods     []types.NamespacedName

	charge resource.Vector
	pledge resource.Vector
}

func newUnlaunched(c *intake.Compiler, ref *claimRef) *Unlaunched {
	u := &Unlaunched{NodeClaim: ref.claim, Since: ref.since}
	u.pledge = c.Requested(ref.claim.Spec.Resources.Requests)
	u.charge = u.pledge.Clone()
	if ref.created != nil {
		u.Inserted, u.Pods = true, ref.created.Pods
		u.charge = u.charge.AtLeast(ref.created.Capacity)
	}
	u.charge = u.charge.With(resource.Nodes, 1)
	return u
}

// NodePool is the pool that the NodeClaim belongs to, or empty.
func (u *Unlaunched) NodePool() string { return u.NodeClaim.Labels[v1.NodePoolLabelKey] }

// Inherited reports whether the NodeClaim may have been created, before this
// process was in charge, for pods that nobody knows any more.
func (u *Unlaunched) Inherited(now time.Time) bool {
	return !u.Inserted && u.NodeClaim.DeletionTimestamp == nil &&
		now.Sub(u.NodeClaim.CreationTimestamp.Time) < LaunchTimeout
}

// target is an inherited NodeClaim as a target that holds exactly what it was
// created for. The pods it is for admit every value that its requirements leave
// open, so the first one stands for all.
func (u *Unlaunched) target(c *intake.Compiler) *model.Node {
	labels := map[string]string{}
	for _, r := range u.NodeClaim.Spec.Requirements {
		if r.Operator == corev1.NodeSelectorOpIn && len(r.Values) > 0 {
			labels[r.Key] = slices.Min(r.Values)
		}
	}
	for key, value := range u.NodeClaim.Labels {
		labels[key] = value
	}
	return &model.Node{
		Name:   u.NodeClaim.Name,
		Labels: c.NodeLabels(labels),
		Taints: c.Taints(withoutStartup(u.NodeClaim.Spec.Taints, u.NodeClaim)),
		Free:   u.pledge,
	}
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
