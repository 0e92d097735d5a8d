// SPDX-License-Identifier: Apache-2.0

package objects_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

func TestUIDs(t *testing.T) {
	claims := make([]v1.NodeClaim, 2)
	claims[0].UID, claims[1].UID = "b", "a"
	if got, want := objects.UIDs(claims), []types.UID{"b", "a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestValues(t *testing.T) {
	nodes := make([]corev1.Node, 4)
	for i, zone := range []string{"b", "a", "b"} {
		nodes[i].Labels = map[string]string{corev1.LabelTopologyZone: zone}
	}
	if got, want := objects.Values(nodes, corev1.LabelTopologyZone), []string{"", "a", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
