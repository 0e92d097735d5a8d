// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// Purchase is one way to get a machine for a NodeClaim.
type Purchase struct {
	Type     *cloudprovider.InstanceType
	Offering *cloudprovider.Offering
}

// Purchases are all ways that a NodeClaim leaves to the provider.
func Purchases(claim *v1.NodeClaim, types []*cloudprovider.InstanceType, words *vocabulary.Vocabulary) ([]Purchase, error) {
	request, err := cloudprovider.LaunchRequestOf(claim, words)
	if err != nil {
		return nil, err
	}
	var out []Purchase
	for _, it := range types {
		for _, o := range it.Launchable(request) {
			out = append(out, Purchase{it, o})
		}
	}
	return out, nil
}

// Machine is the Node that a purchase becomes once it is ready for pods:
// labelled as providers and registration label nodes, without startup taints.
func Machine(claim *v1.NodeClaim, p Purchase, words *vocabulary.Vocabulary) (*corev1.Node, error) {
	request, err := cloudprovider.LaunchRequestOf(claim, words)
	if err != nil {
		return nil, fmt.Errorf("making a node of NodeClaim %s: %w", claim.Name, err)
	}
	group := p.Type.GroupOf(p.Offering)
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: claim.Name, Labels: map[string]string{}},
		Spec:       corev1.NodeSpec{Taints: claim.Spec.Taints},
		Status:     corev1.NodeStatus{Capacity: group.Capacity, Allocatable: group.Allocatable},
	}
	maps.Copy(node.Labels, claim.Labels)
	maps.Copy(node.Labels, request.Requirements.Labels())
	maps.Copy(node.Labels, cloudprovider.LaunchLabels(p.Type, p.Offering))
	maps.Copy(node.Labels, map[string]string{
		label.Hostname: claim.Name, label.Registered: v1.LabelValueTrue, label.Initialized: v1.LabelValueTrue,
	})
	return node, nil
}
