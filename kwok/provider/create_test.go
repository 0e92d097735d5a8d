// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/kwok/apis/v1alpha1"
	"karpenter.sh/kwok/provider"
)

// resources reads "memory=20Gi cpu=4".
func resources(text string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for _, field := range strings.Fields(text) {
		name, quantity, _ := strings.Cut(field, "=")
		list[corev1.ResourceName(name)] = resource.MustParse(quantity)
	}
	return list
}

func wantResources(t *testing.T, got, want corev1.ResourceList) {
	t.Helper()
	if !maps.EqualFunc(got, want, func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCreateNode(t *testing.T) { // KWOK-021, KWOK-022, CP-341
	w := newWorld(t, settings{})
	claim := nodeClaim("claim", in(label.InstanceType, "s-4x-amd64-linux"), in(label.CapacityType, "on-demand"),
		in(label.Zone, "test-zone-c"), in("example.com/team", "red"), in("example.com/many", "a", "b"))
	claim.Annotations = map[string]string{"example.com/note": "kept"}
	claim.Labels[v1alpha1.LabelInstanceFamily] = "overridden"
	created := w.create(t, claim)
	node := w.node(t, created)

	wantLabels := map[string]string{
		v1.NodePoolLabelKey:              "pool",
		v1alpha1.LabelNodeClass:          "default",
		"example.com/team":               "red",
		label.InstanceType:               "s-4x-amd64-linux",
		label.Arch:                       "amd64",
		label.OS:                         "linux",
		label.Zone:                       "test-zone-c",
		label.CapacityType:               "on-demand",
		v1alpha1.LabelInstanceSize:       "4",
		v1alpha1.LabelInstanceFamily:     "s",
		v1alpha1.LabelInstanceCPU:        "4",
		v1alpha1.LabelInstanceMemory:     "16Gi",
		"eks-node-viewer/instance-price": "0.117180",
		"kwok-partition":                 "a",
		"kubernetes.io/hostname":         "claim",
		"kwok.x-k8s.io/node":             "fake",
	}
	wantAnnotations := map[string]string{"example.com/note": "kept", "kwok.x-k8s.io/node": "fake"}
	for what, got := range map[string]struct{ labels, annotations map[string]string }{
		"Node": {node.Labels, node.Annotations}, "NodeClaim": {created.Labels, created.Annotations},
	} {
		if !maps.Equal(got.labels, wantLabels) {
			t.Errorf("%s: labels %v", what, got.labels)
		}
		if !maps.Equal(got.annotations, wantAnnotations) {
			t.Errorf("%s: annotations %v", what, got.annotations)
		}
	}
	if node.Spec.ProviderID != "kwok://"+node.Name || node.Status.Phase != corev1.NodePending ||
		!slices.Equal(node.Spec.Taints, []corev1.Taint{{Key: "karpenter.sh/unregistered", Effect: "NoExecute"}}) {
		t.Errorf("node %+v, %s", node.Spec, node.Status.Phase)
	}
	capacity, allocatable := resources("cpu=4 memory=16Gi pods=64 ephemeral-storage=20Gi"), resources("cpu=3900m memory=16374Mi pods=64 ephemeral-storage=20Gi")
	wantResources(t, node.Status.Capacity, capacity)
	wantResources(t, node.Status.Allocatable, allocatable)
	wantResources(t, created.Status.Capacity, capacity)
	wantResources(t, created.Status.Allocatable, allocatable)
	if created.Status.ProviderID != node.Spec.ProviderID || created.Status.NodeName != node.Name || created.Status.ImageID != "" {
		t.Errorf("status %+v", created.Status)
	}
}

func TestCreateExtraResources(t *testing.T) { // KWOK-021
	w := newWorld(t, settings{})
	claim := nodeClaim("claim", in(label.InstanceType, "c-1x-amd64-linux"))
	claim.Spec.Resources.Requests = resources("cpu=500m example.com/gpu=2 example.com/none=0")
	created := w.create(t, claim)
	wantResources(t, created.Status.Capacity, resources("cpu=1 memory=2Gi pods=16 ephemeral-storage=20Gi example.com/gpu=2"))
	wantResources(t, created.Status.Allocatable, resources("cpu=900m memory=2038Mi pods=16 ephemeral-storage=20Gi example.com/gpu=2"))
}

func TestCreateChoice(t *testing.T) {
	const catalogue = `
- {name: dear, architecture: amd64, operatingSystems: [linux], resources: {cpu: 8, memory: 8Gi, example.com/gpu: 1}, offerings: [{capacityType: on-demand, zone: a, price: 4}]}
- {name: b, architecture: amd64, operatingSystems: [linux], resources: {cpu: 2, memory: 4Gi}, offerings: [{capacityType: on-demand, zone: a, price: 2}]}
- {name: a, architecture: amd64, operatingSystems: [linux], resources: {cpu: 2, memory: 4Gi}, offerings: [{capacityType: on-demand, zone: a, price: 2}, {capacityType: spot, zone: a, price: 3}]}
- {name: gone, architecture: amd64, operatingSystems: [linux], resources: {cpu: 8, memory: 8Gi}, offerings: [{capacityType: spot, zone: a, price: 1, available: false}]}
- {name: grows, architecture: amd64, operatingSystems: [linux], resources: {cpu: 2, memory: 4Gi}, offerings: [{capacityType: on-demand, zone: a, price: 3, capacityOverride: {memory: 64Gi}}]}
- {name: win, architecture: amd64, operatingSystems: [windows], resources: {cpu: 2, memory: 4Gi}, offerings: [{capacityType: spot, zone: a, price: 0.1}]}
`
	w := newWorld(t, settings{types: catalogue})
	exists := v1.NodeSelectorRequirementWithMinValues{Key: label.InstanceType, Operator: v1.OperatorExists}
	for i, tc := range []struct {
		reason   string
		reqs     []v1.NodeSelectorRequirementWithMinValues
		requests string
		want     string
		fails    cloudprovider.ErrorClass
	}{
		{reason: "KWOK-018: without a list all types count, of equal ones the first in the catalogue", want: "b"},
		{reason: "KWOK-018: a requirement that is not In lists nothing", reqs: []v1.NodeSelectorRequirementWithMinValues{exists}, want: "b"},
		{reason: "KWOK-018: only listed types count", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.InstanceType, "dear", "grows")}, want: "grows"},
		{reason: "KWOK-019: of equal types the first listed wins", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.InstanceType, "a", "b")}, want: "a"},
		{reason: "KWOK-018: an unknown type is a plain error", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.InstanceType, "a", "unknown")}},
		{reason: "KWOK-018: requests must fit", requests: "cpu=4", want: "dear"},
		{reason: "KWOK-018, CP-013, CP-310: requests must fit what the offering gives", requests: "memory=32Gi", want: "grows"},
		{reason: "KWOK-018: a resource that some type has must fit", requests: "example.com/gpu=1", want: "dear"},
		{reason: "KWOK-018: nothing fits", requests: "cpu=8", fails: cloudprovider.ClassInsufficientCapacity},
		{reason: "KWOK-018: nothing is available", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.InstanceType, "gone")}, fails: cloudprovider.ClassInsufficientCapacity},
		{reason: "KWOK-018: nothing is compatible", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.Zone, "z")}, fails: cloudprovider.ClassInsufficientCapacity},
		{reason: "KWOK-019: the offering must be compatible", reqs: []v1.NodeSelectorRequirementWithMinValues{in(label.CapacityType, "spot")}, want: "a"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			claim := nodeClaim(fmt.Sprint("claim-", i), tc.reqs...)
			claim.Spec.Resources.Requests = resources(tc.requests)
			created, err := w.Create(t.Context(), claim)
			if tc.want == "" {
				wantClass(t, err, tc.fails)
				if tc.fails == cloudprovider.ClassOther && err.Error() != "instance type not found: unknown" {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || created.Labels[label.InstanceType] != tc.want {
				t.Errorf("got %v, %v, want %s", created, err, tc.want)
			}
		})
	}
}

// KWOK-019: equal offerings are drawn uniformly.
func TestCreateSpreadsZones(t *testing.T) {
	w := newWorld(t, settings{noStart: true})
	zones := map[string]int{}
	const launches = 400
	for i := range launches {
		created := w.create(t, nodeClaim(fmt.Sprint("claim-", i), in(label.InstanceType, "c-1x-amd64-linux")))
		if got := created.Labels[label.CapacityType]; got != "spot" {
			t.Fatalf("bought %s, spot is cheaper", got)
		}
		zones[created.Labels[label.Zone]]++
	}
	for zone, n := range zones {
		if n < launches/8 || len(zones) != 4 {
			t.Errorf("%s: %d of %d", zone, n, launches)
		}
	}
}

func TestCreateReadiness(t *testing.T) { // KWOK-017
	w := newWorld(t, settings{})
	w.create(t, nodeClaim("without-condition"))
	w.setReady(t, "Unknown", "")
	w.create(t, nodeClaim("unknown"))
	w.setReady(t, "False", "no reason")
	_, err := w.Create(t.Context(), nodeClaim("not-ready"))
	wantClass(t, err, cloudprovider.ClassNodeClassNotReady)
}

func TestCreateWithoutNodeClass(t *testing.T) { // CP-010
	w := newWorld(t, settings{})
	claim := nodeClaim("claim")
	claim.Spec.NodeClassRef.Name = "other"
	_, err := w.Create(t.Context(), claim)
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	published := w.events.Of("NodeClassResolutionError")
	if len(published) != 1 || published[0].Object != claim || published[0].Type != "Warning" ||
		!strings.HasPrefix(published[0].Message, "Failed resolving NodeClass") || !slices.Equal(published[0].DedupeValues, []string{string(claim.UID)}) {
		t.Errorf("got %+v", published)
	}
}

func TestNodeNames(t *testing.T) { // KWOK-020
	seen := map[string]string{}
	for _, name := range []string{"claim", "other", strings.Repeat("long.", 50) + "x", strings.Repeat("x", 253)} {
		for _, uid := range []types.UID{"1", "2"} {
			claim := nodeClaim(name)
			claim.UID = uid
			id := provider.ProviderID(claim)
			node := provider.NodeName(id)
			if !strings.HasPrefix(node, "kwok-") || len(validation.IsDNS1123Subdomain(node)) > 0 {
				t.Errorf("%q is not a name: %v", node, validation.IsDNS1123Subdomain(node))
			}
			if first, ok := seen[id]; ok {
				t.Errorf("%s/%s has the name of %s", name, uid, first)
			}
			seen[id] = name + "/" + string(uid)
			if again := provider.ProviderID(claim.DeepCopy()); again != id {
				t.Errorf("%s is not the same again: %s", id, again)
			}
		}
	}
}
