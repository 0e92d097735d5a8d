// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/image"
)

// AWS-147: which of the images of a status a type boots.
func TestFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	amis := w.list(t, alias("al2023@latest"))
	const gpus, accelerators = v1.LabelInstanceGPUCount, v1.LabelInstanceAcceleratorCount
	arch := func(name string) requirement.Requirement { return requirement.In(corev1.LabelArchStable, name) }
	none := []requirement.Requirement{requirement.DoesNotExist(gpus), requirement.DoesNotExist(accelerators)}
	for name, test := range map[string]struct {
		instanceType []requirement.Requirement
		want         string
	}{
		"AWS-147 no accelerator": {append(none, arch("amd64")), "x86_64-standard"},
		"AWS-147 arm64":          {append(none, arch("arm64")), "arm64-standard"},
		"AWS-147 GPUs":           {[]requirement.Requirement{arch("amd64"), requirement.In(gpus, "4"), requirement.DoesNotExist(accelerators)}, "x86_64-nvidia"},
		"AWS-147 Neuron":         {[]requirement.Requirement{arch("amd64"), requirement.In(accelerators, "2"), requirement.DoesNotExist(gpus)}, "x86_64-neuron"},
		"AWS-147 labels that are not defined do not exist": {[]requirement.Requirement{arch("amd64")}, "x86_64-standard"},
		"AWS-147 none for Neuron on arm64":                 {[]requirement.Requirement{arch("arm64"), requirement.In(accelerators, "2"), requirement.DoesNotExist(gpus)}, ""},
		"AWS-147 no architecture":                          {none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, found := image.For(amis, requirement.All(test.instanceType...))
			want := "amazon-eks-node-al2023-" + test.want + "-1.34-v20260101"
			if found != (test.want != "") || found && got.Name != want {
				t.Errorf("got %q, %v, want %q", got.Name, found, want)
			}
		})
	}
	t.Run("AWS-147 the first that suits", func(t *testing.T) {
		t.Parallel()
		amd64 := []corev1.NodeSelectorRequirement{{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"amd64"}}}
		written := []v1.AMI{
			{ID: "unreadable", Requirements: []corev1.NodeSelectorRequirement{{Key: gpus, Operator: "Has"}}},
			{ID: "first", Requirements: amd64}, {ID: "second", Requirements: amd64},
		}
		if got, found := image.For(written, requirement.All(arch("amd64"))); !found || got.ID != "first" {
			t.Errorf("got %q, %v", got.ID, found)
		}
		if got, found := image.For(nil, requirement.All(arch("amd64"))); found {
			t.Errorf("got %q of no images", got.ID)
		}
	})
}
