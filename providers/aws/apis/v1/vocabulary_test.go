// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	karpenterv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
	"karpenter.sh/core/apis/vocabulary"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

func words(t *testing.T) *vocabulary.Vocabulary {
	t.Helper()
	words, err := vocabulary.New(v1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// AWS-122
func TestVocabulary(t *testing.T) {
	words := words(t)
	if got := words.ReservationIDLabel(); got != "karpenter.k8s.aws/capacity-reservation-id" {
		t.Errorf("reservation ID label %s", got)
	}
	reserved := []string{
		"karpenter.k8s.aws/capacity-reservation-id", "karpenter.k8s.aws/capacity-reservation-interruptible", "karpenter.k8s.aws/capacity-reservation-type",
	}
	if got := words.ReservedCapacityLabels(); !slices.Equal(got, reserved) {
		t.Errorf("reserved labels %v", got)
	}
	if got := words.NormalizeKey("topology.ebs.csi.aws.com/zone"); got != "topology.kubernetes.io/zone" {
		t.Errorf("the key of the CSI driver means %s", got)
	}
	if got, _ := words.WellKnownValues("karpenter.k8s.aws/instance-tenancy"); !slices.Equal(got, []string{"dedicated", "default"}) {
		t.Errorf("tenancies %v", got)
	}
	for name, want := range map[corev1.ResourceName]bool{
		"vpc.amazonaws.com/pod-eni": true, "vpc.amazonaws.com/efa": true, "aws.amazon.com/neuron": true, "aws.amazon.com/neuroncore": true, "habana.ai/gaudi": true,
		"nvidia.com/gpu": false, "amd.com/gpu": false, // AWS-204
	} {
		if words.IsWellKnownResource(name) != want {
			t.Errorf("resource %s is well-known: %t", name, !want)
		}
	}
}

// AWS-120, AWS-122
func TestKnownKeys(t *testing.T) {
	words := words(t)
	for key, restricted := range map[string]bool{
		"karpenter.k8s.aws/instance-family": false, "karpenter.k8s.aws/ec2nodeclass": false, "topology.k8s.aws/zone-id": false,
		"karpenter.k8s.aws/other": true, "sub.karpenter.k8s.aws/x": true, "k8s.aws/x": false,
	} {
		if words.IsRestricted(key) != restricted {
			t.Errorf("%s is restricted: %t", key, !restricted)
		}
	}
	known := v1.WellKnownLabels()
	slices.Sort(known)
	if got := slices.Compact(slices.Clone(known)); len(got) != len(known) || len(known) != 30 {
		t.Errorf("%d keys, %d of them different", len(known), len(got))
	}
	for _, key := range words.OfferingLabels() {
		if !words.IsWellKnown(key) {
			t.Errorf("offerings differ in %s, which is not well-known", key)
		}
	}
	// Whoever gets it may change it.
	v1.Vocabulary().WellKnownValues[v1.LabelInstanceTenancy][0] = "other"
	if v1.Vocabulary().WellKnownValues[v1.LabelInstanceTenancy][0] != "default" {
		t.Error("two callers share what they get")
	}
}

// AWS-016: a tenancy that there is suffices; without one the NodePool is invalid.
func TestTenancyOfNodePool(t *testing.T) {
	for _, tt := range []struct {
		reason   string
		operator corev1.NodeSelectorOperator
		values   []string
		valid    bool
		warned   bool
	}{
		{"AWS-016 default", corev1.NodeSelectorOpIn, []string{"default"}, true, false},
		{"AWS-016 both", corev1.NodeSelectorOpIn, []string{"dedicated", "default"}, true, false},
		{"AWS-016 one of two is valid", corev1.NodeSelectorOpIn, []string{"dedicated", "host"}, true, true},
		{"AWS-016 none is valid", corev1.NodeSelectorOpIn, []string{"host", "Default"}, false, false},
		{"AWS-016 only In is checked", corev1.NodeSelectorOpNotIn, []string{"host"}, true, false},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			pool := &karpenterv1.NodePool{}
			pool.Spec.Template.Spec.NodeClassRef = karpenterv1.NodeClassReference{Group: v1.Group, Kind: v1.NodeClassKind, Name: "default"}
			pool.Spec.Template.Spec.Requirements = []karpenterv1.NodeSelectorRequirementWithMinValues{{
				Key: v1.LabelInstanceTenancy, Operator: tt.operator, Values: tt.values,
			}}
			found := validation.NodePool(pool, words(t))
			if tt.valid != (found.Message() == "") || tt.warned != (len(found.Warnings) > 0) {
				t.Errorf("errors %q, warnings %v", found.Message(), found.Warnings)
			}
			if !tt.valid && !strings.Contains(found.Message(), "spec.template.spec.requirements[0].values") {
				t.Errorf("%q does not name the field", found.Message())
			}
		})
	}
}
