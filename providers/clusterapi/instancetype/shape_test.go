// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// deployment is one of 4 CPUs and 16 GiB, with further annotations.
func deployment(name string, annotations map[string]string) *capi.MachineDeployment {
	d := &capi.MachineDeployment{}
	d.Namespace, d.Name = "ns", name
	d.Annotations = map[string]string{instancetype.AnnotationCPU: "4", instancetype.AnnotationMemory: "16Gi"}
	maps.Copy(d.Annotations, annotations)
	return d
}

func read(t *testing.T, d *capi.MachineDeployment) *instancetype.Shape {
	t.Helper()
	s, err := instancetype.Read(d, instancetype.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// amounts writes quantities as text, to be compared.
func amounts(list corev1.ResourceList) map[string]string {
	out := map[string]string{}
	for name, quantity := range list {
		out[string(name)] = quantity.String()
	}
	return out
}

// CAPI-018, CAPI-019: annotations first, then the infrastructure, then 110 pods.
func TestCapacity(t *testing.T) {
	infrastructure := instancetype.Facts{Capacity: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("8Gi"), "example.com/disk": resource.MustParse("1"),
	}}
	for reason, tc := range map[string]struct {
		annotations    map[string]string
		infrastructure instancetype.Facts
		want           map[string]string
	}{
		"what is required": {
			map[string]string{instancetype.AnnotationCPU: "3500m", instancetype.AnnotationMemory: " 16Gi "}, instancetype.Facts{},
			map[string]string{"cpu": "3500m", "memory": "16Gi", "pods": "110"},
		},
		"all of it": {
			map[string]string{
				instancetype.AnnotationCPU: "4", instancetype.AnnotationMemory: "16Gi", instancetype.AnnotationDisk: "100Gi",
				instancetype.AnnotationMaxPods: "58", instancetype.AnnotationGPUCount: "2", instancetype.AnnotationGPUType: "nvidia.com/gpu",
			}, instancetype.Facts{},
			map[string]string{"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "58", "nvidia.com/gpu": "2"},
		},
		"a count of accelerators without their kind, and keys of others": {
			map[string]string{
				instancetype.AnnotationCPU: "4", instancetype.AnnotationMemory: "16Gi", instancetype.AnnotationGPUCount: "2",
				"capacity.cluster-autoscaler.kubernetes.io/dra-driver": "gpu.example.com",
			}, instancetype.Facts{},
			map[string]string{"cpu": "4", "memory": "16Gi", "pods": "110"},
		},
		"the infrastructure fills in": {
			map[string]string{instancetype.AnnotationCPU: "4"}, infrastructure,
			map[string]string{"cpu": "4", "memory": "8Gi", "pods": "110", "example.com/disk": "1"},
		},
	} {
		t.Run(reason, func(t *testing.T) {
			d := deployment("md", nil)
			d.Annotations = tc.annotations
			s, err := instancetype.Read(d, tc.infrastructure)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, amounts(s.Capacity)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// CAPI-020, CAPI-025: a name that no Node can be labelled by makes no type, unless the labels
// name another.
func TestLongName(t *testing.T) {
	long := strings.Repeat("n", 64)
	size := map[string]string{instancetype.AnnotationCPU: "4", instancetype.AnnotationMemory: "16Gi"}
	d := deployment(long, size)
	var malformed *instancetype.MalformedError
	if _, err := instancetype.Read(d, instancetype.Facts{}); !errors.As(err, &malformed) || malformed.Annotation != instancetype.AnnotationLabels {
		t.Errorf("got %v", err)
	}
	if got := instancetype.NameOf(d); got != "" {
		t.Errorf("it is of type %q", got)
	}
	size[instancetype.AnnotationLabels] = "node.kubernetes.io/instance-type=short"
	if s, err := instancetype.Read(deployment(long, size), instancetype.Facts{}); err != nil || s.Name() != "short" {
		t.Errorf("got %q, %v", s.Name(), err)
	}
}

// CAPI-020, CAPI-112: what cannot be read is told by its annotation.
func TestMalformed(t *testing.T) {
	for annotation, texts := range map[string][]string{
		instancetype.AnnotationCPU:        {"four", "-4", "", "1e1000000000"},
		instancetype.AnnotationMemory:     {"16Gb", "-1"},
		instancetype.AnnotationDisk:       {"much"},
		instancetype.AnnotationMaxPods:    {"110.5", "-1", "all"},
		instancetype.AnnotationGPUCount:   {"-1", "two"},
		instancetype.AnnotationPrice:      {"-0.1", "NaN", "Inf", "cheap"},
		instancetype.AnnotationTaints:     {"key", "key:Never", "=v:NoSchedule", "a b:NoSchedule"},
		v1alpha1.AnnotationKubeReserved:   {"cpu", "cpu=x", "cpu=-1"},
		v1alpha1.AnnotationSystemReserved: {"memory=1Gb"},
	} {
		for _, text := range texts {
			_, err := instancetype.Read(deployment("md", map[string]string{annotation: text}), instancetype.Facts{})
			var malformed *instancetype.MalformedError
			if !errors.As(err, &malformed) || malformed.Annotation != annotation || !strings.Contains(err.Error(), "ns/md") {
				t.Errorf("%s=%q: %v", annotation, text, err)
			}
		}
	}
	_, err := instancetype.Read(deployment("md", map[string]string{instancetype.AnnotationGPUCount: "1", instancetype.AnnotationGPUType: "a gpu"}), instancetype.Facts{})
	if err == nil {
		t.Error("a resource has a name with a blank")
	}
	for _, size := range []string{instancetype.AnnotationCPU, instancetype.AnnotationMemory} {
		d := deployment("md", nil)
		delete(d.Annotations, size)
		if _, err := instancetype.Read(d, instancetype.Facts{}); !errors.Is(err, instancetype.ErrNoSize) {
			t.Errorf("without %s: %v", size, err)
		}
	}
}

// CAPI-017, CAPI-018, CAPI-021, CAPI-022, CAPI-027, CAPI-029: which labels Nodes will bear.
func TestLabels(t *testing.T) {
	for reason, tc := range map[string]struct {
		template map[string]string
		list     string
		more     map[string]string
		want     map[string]string
	}{
		"none": {want: map[string]string{}},
		"what Cluster API copies": {
			template: map[string]string{
				"node-role.kubernetes.io/worker": "", "node.cluster.x-k8s.io/team": "a", "x.node.cluster.x-k8s.io/y": "b", "node.cluster.x-k8s.io": "bare",
				"node-restriction.kubernetes.io/z": "c", "my.node-restriction.kubernetes.io/z": "d",
				"example.com/other": "no", "anode.cluster.x-k8s.io/other": "no", "x.node-role.kubernetes.io/other": "no", "topology.kubernetes.io/zone": "no",
			},
			want: map[string]string{
				"node-role.kubernetes.io/worker": "", "node.cluster.x-k8s.io/team": "a", "x.node.cluster.x-k8s.io/y": "b", "node.cluster.x-k8s.io": "bare",
				"node-restriction.kubernetes.io/z": "c", "my.node-restriction.kubernetes.io/z": "d",
			},
		},
		"the list overrides": {
			template: map[string]string{"node.cluster.x-k8s.io/team": "a"},
			list:     "node.cluster.x-k8s.io/team=b, example.com/x = y ,example.com/x=z",
			want:     map[string]string{"node.cluster.x-k8s.io/team": "b", "example.com/x": "z"},
		},
		"items that are no labels": {list: "a,=b,,a b=c,d=e f,g=h=i,j=k", want: map[string]string{"j": "k"}},
		"the membership is no label of Nodes": {
			template: map[string]string{v1alpha1.LabelMember: ""}, list: v1alpha1.LabelMember + "=", want: map[string]string{},
		},
		"what the core decides": {
			list: "karpenter.sh/nodepool=x,karpenter.sh/registered=true,kubernetes.io/hostname=h,karpenter.cluster.x-k8s.io/clusterapinodeclass=c",
			want: map[string]string{},
		},
		"spot":                       {list: "karpenter.sh/capacity-type=spot", want: map[string]string{label.CapacityType: "spot"}},
		"the size is told otherwise": {list: v1alpha1.LabelInstanceCPU + "=3", want: map[string]string{v1alpha1.LabelInstanceCPU: "3"}},
		"reserved is not to be had":  {list: "karpenter.sh/capacity-type=reserved", want: map[string]string{}},
		"an empty zone is no zone":   {list: "topology.kubernetes.io/zone=", want: map[string]string{}},
		"the type has a name":        {list: "node.kubernetes.io/instance-type=large", want: map[string]string{label.InstanceType: "large"}},
		"architecture and system":    {more: map[string]string{instancetype.AnnotationArch: "arm64", instancetype.AnnotationOS: "linux"}, want: map[string]string{label.Arch: "arm64", label.OS: "linux"}},
		"the list goes before those": {list: "kubernetes.io/arch=amd64", more: map[string]string{instancetype.AnnotationArch: "arm64"}, want: map[string]string{label.Arch: "amd64"}},
	} {
		t.Run(reason, func(t *testing.T) {
			d := deployment("md", tc.more)
			d.Spec.Template.ObjectMeta.Labels = tc.template
			if tc.list != "" {
				d.Annotations[instancetype.AnnotationLabels] = tc.list
			}
			want := map[string]string{
				label.CapacityType: label.OnDemand, label.InstanceType: "md",
				v1alpha1.LabelCapacityCPU: "4", v1alpha1.LabelInstanceCPU: "4", v1alpha1.LabelCapacityMemory: "16384", v1alpha1.LabelInstanceMemory: "16384",
			}
			maps.Copy(want, tc.want)
			if diff := cmp.Diff(want, read(t, d).Labels); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// CAPI-028: what annotations say of the overhead goes before what was seen, all of it.
func TestOverhead(t *testing.T) {
	facts := instancetype.Facts{Overhead: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m"), corev1.ResourceMemory: resource.MustParse("2Gi")}}
	for reason, tc := range map[string]struct{ annotations, want map[string]string }{
		"seen": {nil, map[string]string{"cpu": "200m", "memory": "2Gi"}},
		"said": {map[string]string{v1alpha1.AnnotationSystemReserved: "cpu=50m"}, map[string]string{"cpu": "50m"}},
	} {
		s, err := instancetype.Read(deployment("md", tc.annotations), facts)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, amounts(s.Overhead.Total())); diff != "" {
			t.Errorf("%s: %s", reason, diff)
		}
	}
}

// CAPI-018, CAPI-024: overhead, taints and price.
func TestRest(t *testing.T) {
	s := read(t, deployment("md", map[string]string{
		v1alpha1.AnnotationKubeReserved: "cpu=100m, memory=1Gi", v1alpha1.AnnotationSystemReserved: "cpu=50m", v1alpha1.AnnotationEvictionThreshold: "memory=100Mi",
		instancetype.AnnotationPrice:  "0.25",
		instancetype.AnnotationTaints: "a=b:NoSchedule,c:NoExecute,d=e:PreferNoSchedule,karpenter.sh/unregistered:NoExecute",
	}))
	if diff := cmp.Diff(map[string]string{"cpu": "150m", "memory": "1124Mi"}, amounts(s.Overhead.Total())); diff != "" {
		t.Error(diff)
	}
	want := []corev1.Taint{{Key: "a", Value: "b", Effect: "NoSchedule"}, {Key: "c", Effect: "NoExecute"}}
	if diff := cmp.Diff(want, s.Taints); diff != "" {
		t.Error(diff)
	}
	if s.Price != 0.25 {
		t.Errorf("price %v", s.Price)
	}
}
