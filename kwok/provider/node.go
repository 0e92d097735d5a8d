// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/kwok/apis/v1alpha1"
)

const (
	// idPrefix begins every provider ID; the name of the Node follows (KWOK-001).
	idPrefix = "kwok://"
	// partition is the only one there is (KWOK-034).
	partition = "a"

	maxName     = 253 // of a Node
	maxHostname = 63  // of a label value
)

// ProviderID returns the ID that a NodeClaim's machine has or will have.
func ProviderID(nodeClaim *v1.NodeClaim) string { return idPrefix + nodeName(nodeClaim) }

// IsProviderID reports whether an ID is of a fake node.
func IsProviderID(id string) bool { return strings.HasPrefix(id, idPrefix) }

// NodeName is the name of the Node with a provider ID.
func NodeName(id string) string { return strings.TrimPrefix(id, idPrefix) }

// nodeName derives the name of a NodeClaim's Node (KWOK-020). It depends on
// nothing else, so that a repeated launch finds the first.
func nodeName(nodeClaim *v1.NodeClaim) string {
	sum := digest(nodeClaim)
	suffix := "-" + hex.EncodeToString(sum[:8])
	return cutName("kwok-"+nodeClaim.Name, maxName-len(suffix)) + suffix
}

// drawOf is the NodeClaim's number for choosing among equals, uniform over all
// NodeClaims.
func drawOf(nodeClaim *v1.NodeClaim) uint64 {
	sum := digest(nodeClaim)
	return binary.BigEndian.Uint64(sum[8:])
}

func digest(nodeClaim *v1.NodeClaim) [sha256.Size]byte {
	return sha256.Sum256([]byte(string(nodeClaim.UID) + "/" + nodeClaim.Name))
}

// cutName shortens a DNS name, leaving a valid one.
func cutName(name string, length int) string {
	if len(name) > length {
		name = name[:length]
	}
	return strings.TrimRight(name, "-.")
}

// describe returns what Create answers; the Node is made of it (KWOK-022).
func (p *Provider) describe(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, bought choice) *v1.NodeClaim {
	name := nodeName(nodeClaim)
	group := bought.instanceType.GroupOf(bought.offering)
	_, extra := p.split(request.Resources)
	annotations := maps.Clone(nodeClaim.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.KeyFakeNode] = v1alpha1.FakeNode
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:              name,
			Labels:            labelsOf(nodeClaim, request, bought),
			Annotations:       annotations,
			CreationTimestamp: metav1.NewTime(p.opts.Clock.Now()),
		},
		Status: v1.NodeClaimStatus{
			NodeName:    name,
			ProviderID:  idPrefix + name,
			Capacity:    withExtra(group.Capacity, extra),
			Allocatable: withExtra(group.Allocatable, extra),
		},
	}
}

// labelsOf are the labels of KWOK-021; later ones override earlier ones.
func labelsOf(nodeClaim *v1.NodeClaim, request cloudprovider.LaunchRequest, bought choice) map[string]string {
	labels := map[string]string{}
	maps.Copy(labels, nodeClaim.Labels)
	maps.Copy(labels, request.Requirements.Labels())
	maps.Copy(labels, cloudprovider.LaunchLabels(bought.instanceType, bought.offering))
	maps.Copy(labels, map[string]string{
		v1alpha1.LabelPrice:     fmt.Sprintf("%.6f", bought.offering.Price),
		v1alpha1.LabelPartition: partition,
		corev1.LabelHostname:    cutName(nodeClaim.Name, maxHostname),
		v1alpha1.KeyFakeNode:    v1alpha1.FakeNode,
	})
	return labels
}

// split parts the requests for resources that some type on sale has from those
// that none has: the former must fit, the latter are granted (KWOK-021).
func (p *Provider) split(requests corev1.ResourceList) (known, extra corev1.ResourceList) {
	known, extra = corev1.ResourceList{}, corev1.ResourceList{}
	for name, quantity := range requests {
		if slices.Contains(p.opts.Catalogue.Resources, name) {
			known[name] = quantity
		} else {
			extra[name] = quantity
		}
	}
	return known, extra
}

// withExtra returns the resources a Node reports, without zeros (CP-019).
func withExtra(list, extra corev1.ResourceList) corev1.ResourceList {
	out := list.DeepCopy()
	maps.Copy(out, extra)
	maps.DeleteFunc(out, func(_ corev1.ResourceName, quantity resource.Quantity) bool { return quantity.IsZero() })
	return out
}

// nodeOf is the Node of a launched NodeClaim (KWOK-021).
func nodeOf(launched *v1.NodeClaim) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        NodeName(launched.Status.ProviderID),
			Labels:      maps.Clone(launched.Labels),
			Annotations: maps.Clone(launched.Annotations),
		},
		Spec: corev1.NodeSpec{
			ProviderID: launched.Status.ProviderID,
			Taints:     []corev1.Taint{v1.UnregisteredTaint()},
		},
		Status: corev1.NodeStatus{
			Capacity:    launched.Status.Capacity.DeepCopy(),
			Allocatable: launched.Status.Allocatable.DeepCopy(),
			Phase:       corev1.NodePending,
		},
	}
}

// nodeClaimOf describes the machine behind a Node (KWOK-025).
func nodeClaimOf(node *corev1.Node) *v1.NodeClaim {
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:              node.Name,
			Labels:            maps.Clone(node.Labels),
			Annotations:       maps.Clone(node.Annotations),
			CreationTimestamp: node.CreationTimestamp,
			DeletionTimestamp: node.DeletionTimestamp.DeepCopy(),
		},
		Status: v1.NodeClaimStatus{
			NodeName:    node.Name,
			ProviderID:  node.Spec.ProviderID,
			Capacity:    node.Status.Capacity.DeepCopy(),
			Allocatable: node.Status.Allocatable.DeepCopy(),
		},
	}
}

// isOurs reports whether a Node is a machine of this provider.
func isOurs(node *corev1.Node) bool { return IsProviderID(node.Spec.ProviderID) }
