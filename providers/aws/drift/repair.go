// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
)

// RepairPolicies are the node conditions by which a node counts as broken (AWS-378).
// All but Ready are those of the EKS node monitoring agent.
func RepairPolicies() []cloudprovider.RepairPolicy {
	policy := func(condition corev1.NodeConditionType, status corev1.ConditionStatus, tolerated time.Duration) cloudprovider.RepairPolicy {
		return cloudprovider.RepairPolicy{ConditionType: condition, ConditionStatus: status, TolerationDuration: tolerated}
	}
	return []cloudprovider.RepairPolicy{
		policy(corev1.NodeReady, corev1.ConditionFalse, 30*time.Minute),
		policy(corev1.NodeReady, corev1.ConditionUnknown, 30*time.Minute),
		policy("AcceleratedHardwareReady", corev1.ConditionFalse, 10*time.Minute),
		policy("StorageReady", corev1.ConditionFalse, 30*time.Minute),
		policy("NetworkingReady", corev1.ConditionFalse, 30*time.Minute),
		policy("KernelReady", corev1.ConditionFalse, 30*time.Minute),
		policy("ContainerRuntimeReady", corev1.ConditionFalse, 30*time.Minute),
	}
}
