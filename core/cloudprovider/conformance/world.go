// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

const poolName = "conformance"

// in is a requirement of one key.
func in(key string, values ...string) v1.NodeSelectorRequirementWithMinValues {
	return v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: v1.OperatorIn, Values: values}
}

// nodePool is a pool with the cloud's NodeClass.
func (c Cloud) nodePool() *v1.NodePool {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: poolName, UID: poolName}}
	pool.Spec.Template.Spec.NodeClassRef = c.NodeClass
	return pool
}

// nodeClaim asks for any Linux machine that also meets the requirements.
func (c Cloud) nodeClaim(name string, more ...v1.NodeSelectorRequirementWithMinValues) *v1.NodeClaim {
	key, class := cloudprovider.NodeClassLabel(c.NodeClass)
	return &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			UID:    types.UID("uid-of-" + name),
			Labels: map[string]string{v1.NodePoolLabelKey: poolName, key: class},
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: c.NodeClass,
			Requirements: append([]v1.NodeSelectorRequirementWithMinValues{in(corev1.LabelOSStable, "linux")}, more...),
		},
	}
}

// naming is the requirement to be of one of these types.
func naming(types ...*cloudprovider.InstanceType) v1.NodeSelectorRequirementWithMinValues {
	var names []string
	for _, it := range types {
		names = append(names, it.Name)
	}
	return in(label.InstanceType, names...)
}

func (c Cloud) types(t testing.TB) []*cloudprovider.InstanceType {
	t.Helper()
	types, err := c.Provider.GetInstanceTypes(t.Context(), c.nodePool())
	if err != nil {
		t.Fatalf("getting instance types: %v", err)
	}
	return types
}

func (c Cloud) words(t testing.TB) *vocabulary.Vocabulary {
	t.Helper()
	words, err := cloudprovider.VocabularyOf(c.Provider)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// create launches and returns what the core keeps: the NodeClaim with the
// provider's description merged in.
func (c Cloud) create(t testing.TB, nodeClaim *v1.NodeClaim) *v1.NodeClaim {
	t.Helper()
	created, err := c.Provider.Create(t.Context(), nodeClaim)
	if err != nil {
		t.Fatalf("creating %s: %v", nodeClaim.Name, err)
	}
	if created == nil {
		t.Fatalf("creating %s: neither result nor error (CP-021)", nodeClaim.Name)
	}
	merged := nodeClaim.DeepCopy()
	for key, value := range created.Labels {
		if _, ok := merged.Labels[key]; !ok {
			merged.Labels[key] = value
		}
	}
	merged.Annotations = created.Annotations
	merged.Status = created.Status
	return merged
}

// identity is what Create, Get and List must agree on.
func identity(nodeClaim *v1.NodeClaim) [5]string {
	return [5]string{
		nodeClaim.Status.ProviderID,
		nodeClaim.Labels[label.InstanceType],
		nodeClaim.Labels[label.Zone],
		nodeClaim.Labels[label.CapacityType],
		nodeClaim.Labels[v1.NodePoolLabelKey],
	}
}

// find returns the listed machine with a provider ID, or nil.
func (c Cloud) find(t testing.TB, providerID string) *v1.NodeClaim {
	t.Helper()
	listed, err := c.Provider.List(t.Context())
	if err != nil {
		t.Fatalf("listing: %v", err)
	}
	for _, nodeClaim := range listed {
		if nodeClaim.Status.ProviderID == providerID {
			return nodeClaim
		}
	}
	return nil
}

// offeringLike finds the same offering in another answer.
func offeringLike(types []*cloudprovider.InstanceType, name string, like *cloudprovider.Offering) *cloudprovider.Offering {
	for _, it := range types {
		if it.Name != name {
			continue
		}
		for _, o := range it.Offerings {
			if o.Requirements.Equal(like.Requirements) {
				return o
			}
		}
	}
	return nil
}

// wantClass fails unless the error is of a class.
func wantClass(t testing.TB, err error, want cloudprovider.ErrorClass) {
	t.Helper()
	if err == nil || cloudprovider.ClassOf(err) != want {
		t.Fatalf("got error %v of class %d, want class %d", err, cloudprovider.ClassOf(err), want)
	}
}
