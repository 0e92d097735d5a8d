// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"context"

	"github.com/awslabs/operatorpkg/status"

	v1 "karpenter.sh/core/apis/v1"
)

// CloudProvider launches, finds and terminates the machines behind NodeClaims
// (CP-007). Every method is safe for concurrent use, honours the context's
// cancellation and leaves its arguments as they were (CP-008, CP-009). What is
// returned belongs to the caller, except for the elements of GetInstanceTypes.
type CloudProvider interface {
	// Create launches a machine and returns a NodeClaim that describes it:
	// labels, annotations, provider ID, image ID, capacity and allocatable
	// (CP-019). A repeat for the same UID does not launch twice (CP-022). Errors
	// are classified by ClassOf; without an error the result is never nil.
	Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error)
	// Delete asks for termination of the machine with the NodeClaim's provider
	// ID. Nil means it is under way and worth asking again; a
	// NodeClaimNotFoundError means the machine is gone (CP-024).
	Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error
	// Get describes one machine. It is a NodeClaimNotFoundError only when the
	// machine is known to be gone (CP-027).
	Get(ctx context.Context, providerID string) (*v1.NodeClaim, error)
	// List describes every machine of this cluster that is not gone; a machine
	// under termination carries a deletion timestamp. It is complete or an error
	// (CP-028).
	List(ctx context.Context) ([]*v1.NodeClaim, error)
	// GetInstanceTypes returns every type that the pool could ever use, those
	// without an available offering included (CP-032). The slice is the caller's;
	// its elements are shared and must not be changed. In steady state it costs
	// no call to the cloud and no copy of the catalogue (CP-035).
	GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*InstanceType, error)
	// IsDrifted says why the machine no longer is what its NodeClass asks for,
	// from caches only (CP-036).
	IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (DriftReason, error)
	// RepairPolicies lists the node conditions by which a machine counts as
	// broken. An empty list disables node repair (CP-038).
	RepairPolicies() []RepairPolicy
	// Name is constant and lower-case; it is the metric label "provider"
	// (CP-001).
	Name() string
	// SupportedNodeClasses returns a fresh empty object of each NodeClass kind,
	// the default first. The list is constant and not empty (CP-002).
	SupportedNodeClasses() []status.Object
}

// DriftReason is the reason of the condition Drifted, in CamelCase; empty means
// not drifted.
type DriftReason string
