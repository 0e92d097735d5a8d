// SPDX-License-Identifier: Apache-2.0

package performance

import corev1 "k8s.io/api/core/v1"

// Utilization is the mean over the nodes of what their pods have reserved of what they
// can give, 0 to 1 (OPS-279); 0 without nodes. Pods request by containers.
func Utilization(nodes []corev1.Node, pods []corev1.Pod) (cpu, memory float64) {
	reserved := map[string]*[2]float64{}
	for i := range nodes {
		reserved[nodes[i].Name] = &[2]float64{}
	}
	for i := range pods {
		sum, ours := reserved[pods[i].Spec.NodeName]
		if !ours {
			continue
		}
		for _, c := range pods[i].Spec.Containers {
			sum[0] += c.Resources.Requests.Cpu().AsApproximateFloat64()
			sum[1] += c.Resources.Requests.Memory().AsApproximateFloat64()
		}
	}
	for i := range nodes {
		sum, all := reserved[nodes[i].Name], nodes[i].Status.Allocatable
		cpu += sum[0] / all.Cpu().AsApproximateFloat64() / float64(len(nodes))
		memory += sum[1] / all.Memory().AsApproximateFloat64() / float64(len(nodes))
	}
	return cpu, memory
}
