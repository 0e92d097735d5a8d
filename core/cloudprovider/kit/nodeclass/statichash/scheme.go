// SPDX-License-Identifier: Apache-2.0

package statichash

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
)

// Drift is the reason of static drift.
const Drift cloudprovider.DriftReason = "NodeClassDrift"

// Scheme is what a provider hashes of its NodeClass.
type Scheme[T client.Object] struct {
	// Kind of the NodeClass, which names the annotations.
	Kind nodeclass.Kind
	// Version names the algorithm, the fields and their defaults. It changes
	// whenever the hash of an unchanged object would (CP-105).
	Version string
	// Hash returns the hash of a NodeClass, as Decimal writes it; empty while it
	// cannot be known yet (KIT-115).
	Hash func(T) (string, error)
}

// Stamp returns the annotations of a NodeClaim that is launched with the NodeClass
// as it is (KIT-112, CP-103). They are the caller's.
func (s Scheme[T]) Stamp(nodeClass T) (map[string]string, error) {
	hash, err := s.hash(nodeClass)
	if err != nil || hash == "" {
		return nil, err
	}
	return map[string]string{s.Kind.HashKey(): hash, s.Kind.HashVersionKey(): s.Version}, nil
}

// Drifted tells static drift: empty unless both objects carry a hash of this
// version, that of the NodeClass is the one of its spec, and the hashes differ
// (KIT-113, CP-122).
func (s Scheme[T]) Drifted(nodeClaim *v1.NodeClaim, nodeClass T) (cloudprovider.DriftReason, error) {
	has, wants := nodeClaim.Annotations, nodeClass.GetAnnotations()
	hash, key := wants[s.Kind.HashKey()], s.Kind.HashKey()
	if hash == "" || has[key] == "" || has[key] == hash ||
		wants[s.Kind.HashVersionKey()] != s.Version || has[s.Kind.HashVersionKey()] != s.Version {
		return "", nil
	}
	current, err := s.hash(nodeClass)
	if err != nil || current != hash {
		return "", err
	}
	return Drift, nil
}

func (s Scheme[T]) hash(nodeClass T) (string, error) {
	hash, err := s.Hash(nodeClass)
	if err != nil {
		return "", fmt.Errorf("hashing %s %s: %w", s.Kind.Kind, nodeClass.GetName(), err)
	}
	return hash, nil
}

// migration returns the annotations that bring a NodeClaim to this version. One
// that has drifted, or was examined for drift, keeps its hash: migration must not
// make it look like its NodeClass (KIT-114).
func (s Scheme[T]) migration(claim *v1.NodeClaim, hash string) map[string]string {
	if claim.Annotations[s.Kind.HashVersionKey()] == s.Version {
		return nil
	}
	annotations := map[string]string{s.Kind.HashVersionKey(): s.Version}
	for _, condition := range claim.GetConditions() {
		if condition.Type == v1.ConditionTypeDrifted {
			return annotations
		}
	}
	annotations[s.Kind.HashKey()] = hash
	return annotations
}
