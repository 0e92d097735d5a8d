// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "karpenter.sh/core/apis/v1"
)

// NodeClassKinds are the group and kind of each NodeClass that a provider
// supports, the default first. It is constant, so compute it once.
type NodeClassKinds []schema.GroupKind

// NodeClassKindsOf looks the supported NodeClasses up in a scheme. The error
// names a type that the scheme does not know.
func NodeClassKindsOf(supported []status.Object, scheme *runtime.Scheme) (NodeClassKinds, error) {
	kinds := make(NodeClassKinds, 0, len(supported))
	for _, nodeClass := range supported {
		gvks, _, err := scheme.ObjectKinds(nodeClass)
		if err != nil {
			return nil, fmt.Errorf("finding the kind of supported node class %T: %w", nodeClass, err)
		}
		kinds = append(kinds, gvks[0].GroupKind())
	}
	return kinds, nil
}

// Manages reports whether an object with this reference belongs to the
// provider: group and kind count, the version does not (CP-003). An absent
// reference is unmanaged.
func (k NodeClassKinds) Manages(ref v1.NodeClassReference) bool {
	return slices.Contains(k, ref.GroupKind())
}

// LabelKeys are the keys of the labels that carry a NodeClass name on
// NodeClaims and Nodes, in the order of the kinds (CP-004).
func (k NodeClassKinds) LabelKeys() []string {
	keys := make([]string, len(k))
	for i, kind := range k {
		keys[i] = v1.NodeClassLabelKey(kind)
	}
	return keys
}

// NodeClassLabel returns the label that tells the NodeClass of a NodeClaim.
func NodeClassLabel(ref v1.NodeClassReference) (key, value string) {
	return v1.NodeClassLabelKey(ref.GroupKind()), ref.Name
}
