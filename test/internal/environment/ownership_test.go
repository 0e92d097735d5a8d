// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
)

func pair(pool *v1.NodePool) (corev1.Node, v1.NodeClaim) {
	c := *claim("claim", "4")
	c.OwnerReferences = []metav1.OwnerReference{{Kind: "NodePool", UID: pool.UID}}
	c.Status.ProviderID, c.Status.NodeName = "kwok://node", "node"
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:            "node",
		Labels:          map[string]string{v1.NodeRegisteredLabelKey: v1.LabelValueTrue},
		Finalizers:      []string{v1.TerminationFinalizer},
		OwnerReferences: []metav1.OwnerReference{{Kind: "NodeClaim", UID: c.UID}},
	}}
	n.Spec.ProviderID = c.Status.ProviderID
	return n, c
}

func TestUnpaired(t *testing.T) {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "pool", UID: "pool"}}
	for _, tc := range []struct {
		reason string
		change func(nodes *[]corev1.Node, claims *[]v1.NodeClaim)
		want   []string
	}{
		{"a pair is in order", func(*[]corev1.Node, *[]v1.NodeClaim) {}, nil},
		{"a node without a claim leaked", func(_ *[]corev1.Node, claims *[]v1.NodeClaim) { *claims = nil },
			[]string{"node node has 0 NodeClaims"}},
		{"a claim without a node", func(nodes *[]corev1.Node, _ *[]v1.NodeClaim) { *nodes = nil },
			[]string{"NodeClaim claim has no node"}},
		{"two claims for one node", func(_ *[]corev1.Node, claims *[]v1.NodeClaim) { *claims = append(*claims, (*claims)[0]) },
			[]string{"node node has 2 NodeClaims"}},
		{"two nodes for one claim", func(nodes *[]corev1.Node, _ *[]v1.NodeClaim) { *nodes = append(*nodes, (*nodes)[0]) },
			[]string{"node node has 0 NodeClaims"}},
		{"a foreign claim", func(_ *[]corev1.Node, claims *[]v1.NodeClaim) { (*claims)[0].OwnerReferences = nil },
			[]string{"NodeClaim claim is not owned by NodePool pool"}},
		{"a node that nobody registered", func(nodes *[]corev1.Node, _ *[]v1.NodeClaim) {
			n := &(*nodes)[0]
			n.OwnerReferences, n.Finalizers, n.Labels = nil, nil, nil
			n.Spec.Taints = []corev1.Taint{v1.UnregisteredTaint()}
		}, []string{
			"node node has no termination finalizer", "node node has the taint karpenter.sh/unregistered",
			"node node is not labelled as registered", "node node is not owned by NodeClaim claim",
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			n, c := pair(pool)
			nodes, claims := []corev1.Node{n}, []v1.NodeClaim{c}
			tc.change(&nodes, &claims)
			if got := environment.Unpaired(pool, nodes, claims); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
