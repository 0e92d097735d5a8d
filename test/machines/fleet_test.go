// SPDX-License-Identifier: Apache-2.0

package machines_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"

	"karpenter.sh/test/machines"
)

// CAPI-018, CAPI-025, CAPI-064: what a group announces is what its hosts are, and groups of
// one type differ in what offerings tell apart only.
func TestFleet(t *testing.T) {
	ground := machines.Ground{Namespace: "n", Cluster: "c"}
	names := map[string]bool{}
	sizes := map[string]string{}
	for _, group := range machines.Fleet(time.Second, time.Minute) {
		deployment, template := ground.Deployment(group)
		if names[group.Name] || len(validation.NameIsDNSLabel(group.Name, false)) > 0 {
			t.Errorf("%s: not a name of its own", group.Name)
		}
		names[group.Name] = true
		host := template.Spec.Template.Spec
		for resource, key := range map[corev1.ResourceName]string{corev1.ResourceCPU: "cpu", corev1.ResourceMemory: "memory", corev1.ResourcePods: "maxPods"} {
			have := host.Capacity[resource]
			if told := deployment.Annotations[machines.AnnotationCapacity+key]; told != have.String() {
				t.Errorf("%s: announces %q of %s, hosts have %s", group.Name, told, resource, have.String())
			}
		}
		kind := host.Labels[corev1.LabelInstanceTypeStable]
		size := host.Capacity.Cpu().String() + " " + host.Capacity.Memory().String() + " " + host.Labels[corev1.LabelArchStable]
		if before, found := sizes[kind]; found && before != size {
			t.Errorf("%s: type %s is %s elsewhere, %s here", group.Name, kind, before, size)
		}
		sizes[kind] = size
		if host.Architecture != host.Labels[corev1.LabelArchStable] || host.Boot.Duration != time.Minute || deployment.Spec.Template.Spec.InfrastructureRef.Name != template.Name {
			t.Errorf("%s: hosts are %+v", group.Name, host)
		}
	}
	if len(sizes) != 20 || len(names) != 50 {
		t.Errorf("%d types of %d groups", len(sizes), len(names))
	}
}
