// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/core/engine/resource"
)

// claimRef is a NodeClaim as the model knows it by name.
type claimRef struct {
	claim *v1.NodeClaim
	key   string // of its state node; empty while unlaunched
	// since is when the model first saw it.
	since time.Time
	// created is what its creator said; nil if somebody else created it.
	created *CreatedNodeClaim
	// departed are the pods of created that are gone.
	departed map[types.NamespacedName]bool

	// pendingDisruption and deletionRequested were told by controllers.
	pendingDisruption, deletionRequested bool
	// pool and set are where it is counted (LIF-048).
	pool string
	set  claimSet
}

// CreatedNodeClaim is a NodeClaim that this process has just created.
type CreatedNodeClaim struct {
	NodeClaim *v1.NodeClaim
	// Pods are those it was created for. Until it is launched or deleted they
	// are not provisioned again, bound or not (LIF-069).
	Pods []types.NamespacedName
	// Requests are those of the Pods, in their order. Once a pod is gone, the room
	// for what it requested serves others; without Requests it serves nobody.
	Requests []resource.Vector
	// HostPorts are those that the pods take.
	HostPorts hostport.Ports
	// Capacity is the most that the node may turn out to have. Until it is
	// launched it counts against the limits of its pool, and with it the
	// NodeClaim's requests where they are more.
	Capacity resource.Vector
	// Draws are what its launch is expected to take of shared limits.
	Draws []ration.Draw
}

// InsertNodeClaim puts a NodeClaim into the model as soon as it is created,
// without waiting for the watch (LIF-015, SCH-236). It may come after the watch:
// a newer version of the object stays.
func (c *Cluster) InsertNodeClaim(created CreatedNodeClaim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putClaim(created.NodeClaim, &created)
}

// UpdateNodeClaim takes in a managed NodeClaim as the API server has it.
func (c *Cluster) UpdateNodeClaim(claim *v1.NodeClaim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putClaim(claim, nil)
}

func (c *Cluster) putClaim(claim *v1.NodeClaim, created *CreatedNodeClaim) {
	ref := c.claims[claim.Name]
	if ref != nil && ref.claim.UID != claim.UID && supersedes(claim, ref.claim) {
		c.dropClaim(claim.Name) // another NodeClaim of the name
		ref = nil
	}
	if ref == nil {
		ref = &claimRef{claim: claim, since: c.clock.Now()}
		c.claims[claim.Name] = ref
	} else if !supersedesClaim(claim, ref.claim) {
		if created == nil {
			return
		}
		claim = ref.claim
	}
	if created != nil {
		ref.created = created
	}
	c.attach(ref, claim)
}

// supersedesClaim is supersedes, but of versions that cannot be compared one that
// would forget the launch is older (LIF-015).
func supersedesClaim(arrived, known *v1.NodeClaim) bool {
	if !ordered(arrived, known) && known.Status.ProviderID != "" && arrived.Status.ProviderID == "" {
		return false
	}
	return supersedes(arrived, known)
}

// attach records a version of a NodeClaim and moves it to the state node of its
// provider ID.
func (c *Cluster) attach(ref *claimRef, claim *v1.NodeClaim) {
	if ref.key != "" && ref.key != claim.Status.ProviderID {
		c.detach(ref)
	}
	ref.claim, ref.key = claim, claim.Status.ProviderID
	if ref.key == "" {
		c.putUnlaunched(ref)
		c.classify(ref)
		return
	}
	c.dropUnlaunched(claim.Name)
	e := c.entry(ref.key)
	e.claims = withObject(e.claims, claim)
	c.publish(e)
}

// detach takes a NodeClaim out of its state node.
func (c *Cluster) detach(ref *claimRef) {
	e := c.entries[ref.key]
	e.claims = withoutObject(e.claims, ref.claim.Name)
	ref.key = ""
	c.publish(e)
}

// HasNodeClaim reports whether the model has this very NodeClaim, in whatever
// version.
func (c *Cluster) HasNodeClaim(claim *v1.NodeClaim) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ref := c.claims[claim.Name]
	return ref != nil && ref.claim.UID == claim.UID
}

// DeleteNodeClaim takes in that a NodeClaim is gone.
func (c *Cluster) DeleteNodeClaim(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropClaim(name)
}

func (c *Cluster) dropClaim(name string) {
	ref := c.claims[name]
	if ref == nil {
		return
	}
	if ref.key != "" {
		c.detach(ref)
	}
	c.dropUnlaunched(name)
	delete(c.claims, name)
	c.count(ref, "", notCounted)
}

// DropUnlaunched takes in that a NodeClaim which the model holds as unlaunched
// does not exist (LIF-016). One that was launched meanwhile stays.
func (c *Cluster) DropUnlaunched(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlaunched[name] != nil {
		c.dropClaim(name)
	}
}
