// SPDX-License-Identifier: Apache-2.0

package machines

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/machines/v1alpha1"
)

// Keys by which MachineDeployments take part and tell what their hosts are (CAPI-005,
// CAPI-018).
const (
	LabelMember        = "node.cluster.x-k8s.io/karpenter-member"
	AnnotationPrice    = "cluster.x-k8s.io/machine-current-price"
	AnnotationCapacity = "capacity.cluster-autoscaler.kubernetes.io/"
)

// version of the kubelets. Cluster API takes Machines for outdated whose Node has another.
const version = "v1.36.0"

// Group is a MachineDeployment with hosts of one kind.
type Group struct {
	Name string
	// Labels of the Nodes, which the MachineDeployment announces.
	Labels map[string]string
	// Capacity of the hosts.
	Capacity corev1.ResourceList
	// Price of an hour, in dollars; empty: it has none.
	Price string
	// Provisioning and Boot are the times of [v1alpha1.FakeMachineSpec].
	Provisioning, Boot time.Duration
}

// Deployment is the MachineDeployment of a group, which takes part and has no replicas
// yet, and the template of its hosts.
func (g Ground) Deployment(group Group) (*clusterv1.MachineDeployment, *v1alpha1.FakeMachineTemplate) {
	template := &v1alpha1.FakeMachineTemplate{ObjectMeta: g.meta(group.Name)}
	template.Spec.Template.Spec = v1alpha1.FakeMachineSpec{
		Labels: group.Labels, Capacity: group.Capacity, Architecture: group.Labels[corev1.LabelArchStable],
		Taints:       []corev1.Taint{v1.UnregisteredTaint()}, // CAPI-064
		Provisioning: metav1.Duration{Duration: group.Provisioning}, Boot: metav1.Duration{Duration: group.Boot},
	}
	deployment := &clusterv1.MachineDeployment{ObjectMeta: g.meta(group.Name)}
	deployment.Labels = map[string]string{LabelMember: ""}
	deployment.Annotations = annotationsOf(group)
	deployment.Spec = clusterv1.MachineDeploymentSpec{ClusterName: g.Cluster, Replicas: new(int32(0))}
	deployment.Spec.Template.Spec = clusterv1.MachineSpec{
		ClusterName: g.Cluster, Version: version,
		Bootstrap:         clusterv1.Bootstrap{DataSecretName: new(bootstrapSecret)},
		InfrastructureRef: clusterv1.ContractVersionedObjectReference{APIGroup: v1alpha1.Group, Kind: "FakeMachineTemplate", Name: template.Name},
	}
	return deployment, template
}

// annotationsOf tell Karpenter what the hosts of a group are.
func annotationsOf(group Group) map[string]string {
	out := map[string]string{}
	names := map[corev1.ResourceName]string{
		corev1.ResourceCPU: "cpu", corev1.ResourceMemory: "memory", corev1.ResourcePods: "maxPods", corev1.ResourceEphemeralStorage: "ephemeral-disk",
	}
	for resource, name := range names {
		if quantity, found := group.Capacity[resource]; found {
			out[AnnotationCapacity+name] = quantity.String()
		}
	}
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(group.Labels)) {
		labels = append(labels, fmt.Sprintf("%s=%s", key, group.Labels[key]))
	}
	if len(labels) > 0 {
		out[AnnotationCapacity+"labels"] = strings.Join(labels, ",")
	}
	if group.Price != "" {
		out[AnnotationPrice] = group.Price
	}
	return out
}
