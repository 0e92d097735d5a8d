// SPDX-License-Identifier: Apache-2.0

package image

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// For returns the first image of a status whose requirements an instance type meets;
// false if it meets none (AWS-147). An image with a requirement that cannot be read
// suits no type.
func For(amis []v1.AMI, instanceType requirement.Requirements) (v1.AMI, bool) {
	for _, ami := range amis {
		if wanted, ok := requirementsOf(ami.Requirements); ok && instanceType.Compatible(wanted, requirement.Strict) {
			return ami, true
		}
	}
	return v1.AMI{}, false
}

func requirementsOf(written []corev1.NodeSelectorRequirement) (requirement.Requirements, bool) {
	out := make([]requirement.Requirement, 0, len(written))
	for _, w := range written {
		r, err := requirement.New(w.Key, requirement.Operator(w.Operator), w.Values...)
		if err != nil {
			return requirement.Requirements{}, false
		}
		out = append(out, r)
	}
	return requirement.All(out...), true
}
