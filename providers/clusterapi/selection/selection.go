// SPDX-License-Identifier: Apache-2.0

package selection

import (
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"karpenter.sh/core/apis/lenient"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
)

// ErrInvalid says that the selector of a NodeClass selects nothing, because it cannot be
// read.
var ErrInvalid = errors.New("spec.scalableResourceSelector cannot be read")

// Scope is what of a management cluster is Karpenter's to use. Namespaces are left out of
// its caches.
type Scope struct {
	// ClusterName is the one cluster; empty: any.
	ClusterName string
}

// Holds reports whether a Machine or deployment of a cluster is in scope.
func (s Scope) Holds(clusterName string) bool {
	return s.ClusterName == "" || s.ClusterName == clusterName
}

// Member reports whether a deployment takes part: it says so, and is in scope.
func (s Scope) Member(d *capi.MachineDeployment) bool {
	value, labelled := d.Labels[v1alpha1.LabelMember]
	return labelled && value != v1alpha1.NotMember && s.Holds(d.Spec.ClusterName)
}

// Selector is that of a NodeClass; without one it selects all. A selector that could not
// be read is ErrInvalid: what is missing in it must not select more.
func Selector(nodeClass *v1alpha1.ClusterAPINodeClass) (labels.Selector, error) {
	if unreadable := lenient.Within(nodeClass.Unreadable, "spec"); len(unreadable) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrInvalid, unreadable[0])
	}
	if nodeClass.Spec.ScalableResourceSelector == nil {
		return labels.Everything(), nil
	}
	selector, err := metav1.LabelSelectorAsSelector(nodeClass.Spec.ScalableResourceSelector)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return selector, nil
}

// Clusters are the clusters of some deployments, by namespace and name, sorted.
func Clusters(deployments []*capi.MachineDeployment) []string {
	var names []string
	for _, d := range deployments {
		names = append(names, d.Namespace+"/"+d.Spec.ClusterName) // a Cluster is in the namespace of what is its
	}
	slices.Sort(names)
	return slices.Compact(names)
}
