// SPDX-License-Identifier: Apache-2.0

package choice_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/choice"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// shape is of 4 CPUs and 16 GiB, with further annotations.
func shape(t *testing.T, name string, annotations map[string]string) *instancetype.Shape {
	t.Helper()
	d := &capi.MachineDeployment{}
	d.Namespace, d.Name = "ns", name
	d.Annotations = map[string]string{instancetype.AnnotationCPU: "4", instancetype.AnnotationMemory: "16Gi"}
	maps.Copy(d.Annotations, annotations)
	s, err := instancetype.Read(d, instancetype.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// CAPI-033, CAPI-034, CP-014, CP-015
func TestChoice(t *testing.T) {
	price := func(p string) map[string]string { return map[string]string{instancetype.AnnotationPrice: p} }
	spot := func(p string) map[string]string {
		return map[string]string{instancetype.AnnotationPrice: p, instancetype.AnnotationLabels: "karpenter.sh/capacity-type=spot"}
	}
	typed := map[string]string{instancetype.AnnotationLabels: "node.kubernetes.io/instance-type=same"}
	for reason, tc := range map[string]struct {
		deployments map[string]map[string]string
		reqs        []requirement.Requirement
		cpu         string
		gone, idle  string
		want        string
	}{
		"the cheapest":                    {deployments: map[string]map[string]string{"a": price("2"), "b": price("1")}, want: "b"},
		"of equal prices the smaller":     {deployments: map[string]map[string]string{"a": {instancetype.AnnotationCPU: "8"}, "b": nil}, want: "b"},
		"then with less memory":           {deployments: map[string]map[string]string{"a": {instancetype.AnnotationMemory: "32Gi"}, "b": nil}, want: "b"},
		"then without accelerators":       {deployments: map[string]map[string]string{"a": {instancetype.AnnotationGPUCount: "1", instancetype.AnnotationGPUType: "nvidia.com/gpu"}, "b": nil}, want: "b"},
		"then by name, whatever its case": {deployments: map[string]map[string]string{"a": {instancetype.AnnotationLabels: "node.kubernetes.io/instance-type=Zeta"}, "b": {instancetype.AnnotationLabels: "node.kubernetes.io/instance-type=alpha"}}, want: "b"},
		"of one type by deployment":       {deployments: map[string]map[string]string{"b": typed, "a": typed}, want: "a"},
		"an idle Machine goes first":      {deployments: map[string]map[string]string{"b": typed, "a": typed}, idle: "b", want: "b"},
		"but not for a higher price":      {deployments: map[string]map[string]string{"b": price("2"), "a": price("1")}, idle: "b", want: "a"},
		"spot first":                      {deployments: map[string]map[string]string{"a": price("1"), "b": spot("1")}, want: "b"},
		"unless it costs more":            {deployments: map[string]map[string]string{"a": price("1"), "b": spot("2")}, want: "a"},
		"or nothing else is allowed":      {deployments: map[string]map[string]string{"a": price("1"), "b": spot("2")}, reqs: []requirement.Requirement{requirement.In(label.CapacityType, label.Spot)}, want: "b"},
		"what does not fit is left out":   {deployments: map[string]map[string]string{"a": price("1"), "b": {instancetype.AnnotationCPU: "8", instancetype.AnnotationPrice: "9"}}, cpu: "5", want: "b"},
		"and what is not to be had":       {deployments: map[string]map[string]string{"a": price("1"), "b": price("2")}, gone: "a", want: "b"},
		"nothing is left":                 {deployments: map[string]map[string]string{"a": nil}, gone: "a"},
		"nothing is compatible":           {deployments: map[string]map[string]string{"a": nil}, reqs: []requirement.Requirement{requirement.In(label.Zone, "z")}},
		"what nobody tells is open":       {deployments: map[string]map[string]string{"a": nil}, reqs: []requirement.Requirement{requirement.In(label.Arch, "arm64")}, want: "a"},
	} {
		t.Run(reason, func(t *testing.T) {
			words, err := vocabulary.New(v1alpha1.Vocabulary())
			if err != nil {
				t.Fatal(err)
			}
			r := choice.Request{
				LaunchRequest: cloudprovider.LaunchRequest{Requirements: requirement.All(tc.reqs...), Open: words.IsWellKnown},
				Asker:         instancetype.Asker{Words: words, Defines: func(string) bool { return false }},
				Available:     func(d types.NamespacedName) bool { return d.Name != tc.gone },
				Idle:          func(d types.NamespacedName) bool { return d.Name == tc.idle },
			}
			if tc.cpu != "" {
				r.Resources = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(tc.cpu)}
			}
			var shapes []*instancetype.Shape
			for name, annotations := range tc.deployments {
				shapes = append(shapes, shape(t, name, annotations))
			}
			rand.Shuffle(len(shapes), func(i, j int) { shapes[i], shapes[j] = shapes[j], shapes[i] })
			got, err := choice.Of(shapes, r)
			if tc.want == "" {
				if cloudprovider.ClassOf(err) != cloudprovider.ClassInsufficientCapacity {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if err != nil || got.Shape.Deployment.Name != tc.want {
				t.Errorf("got %v, %v, want %s", got.Shape, err, tc.want)
			}
		})
	}
}
