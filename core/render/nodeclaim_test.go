// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/render"
)

func nodePool(change func(*v1.NodePool)) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid"}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "class"}
	np.Spec.Template.Spec.ExpireAfter = v1.Never
	if change != nil {
		change(np)
	}
	return np
}

func requirements(rs ...v1.NodeSelectorRequirementWithMinValues) func(*v1.NodePool) {
	return func(np *v1.NodePool) { np.Spec.Template.Spec.Requirements = rs }
}

func in(key string, op corev1.NodeSelectorOperator, values ...string) v1.NodeSelectorRequirementWithMinValues {
	return v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: op, Values: values}
}

func pod(cpu string, selector map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: "p"},
		Spec: corev1.PodSpec{NodeSelector: selector, Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
		}}},
	}
}

// rendered plans pods for one pool and renders the only NodeClaim.
func rendered(t *testing.T, np *v1.NodePool, pods ...*corev1.Pod) (*v1.NodeClaim, error) {
	t.Helper()
	return renderedOf(t, fake.DefaultInstanceTypes(), np, pods...)
}

func renderedOf(t *testing.T, types []*cloudprovider.InstanceType, np *v1.NodePool, pods ...*corev1.Pod) (*v1.NodeClaim, error) {
	t.Helper()
	c := intake.New(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: true})
	template, err := c.Template(intake.PoolInput{NodePool: np, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	input := place.Input{Snapshot: &model.Snapshot{Vocabulary: c.Vocabulary(), Names: c.Names(), Pools: []model.Pool{{Template: template}}}}
	for _, p := range pods {
		compiled, err := c.Pod(p, intake.Volumes{})
		if err != nil {
			t.Fatal(err)
		}
		input.Pods = append(input.Pods, compiled)
	}
	plan := place.Solve(input)
	if len(plan.Bins) != 1 {
		t.Fatalf("got %d bins, %v", len(plan.Bins), plan.Unplaced)
	}
	return render.NodeClaim(render.Input{NodePool: np, Template: template, Bin: &plan.Bins[0], Types: types, Compiler: c})
}

func must(t *testing.T, np *v1.NodePool, pods ...*corev1.Pod) *v1.NodeClaim {
	t.Helper()
	nc, err := rendered(t, np, pods...)
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// written lists requirements as "key op values".
func written(nc *v1.NodeClaim) []string {
	var out []string
	for _, r := range nc.Spec.Requirements {
		s := fmt.Sprintf("%s %s %s", r.Key, r.Operator, strings.Join(r.Values, ","))
		if r.MinValues != nil {
			s += fmt.Sprintf(" min %d", *r.MinValues)
		}
		out = append(out, s)
	}
	return out
}

// API-121, API-127, API-129, SCH-231
func TestMetadataAndCopies(t *testing.T) {
	np := nodePool(func(np *v1.NodePool) {
		tmpl := &np.Spec.Template
		tmpl.ObjectMeta.Annotations = map[string]string{"a": "b"}
		tmpl.ObjectMeta.Labels = map[string]string{"team": "x"}
		tmpl.Spec.Taints = []corev1.Taint{{Key: "soft", Effect: corev1.TaintEffectPreferNoSchedule}}
		tmpl.Spec.StartupTaints = []corev1.Taint{{Key: "s", Effect: corev1.TaintEffectNoSchedule}}
		tmpl.Spec.TerminationGracePeriod = "5m"
	})
	nc := must(t, np, pod("1", nil))
	if nc.GenerateName != "default-" || len(nc.OwnerReferences) != 1 {
		t.Fatalf("got %+v", nc.ObjectMeta)
	}
	if o := nc.OwnerReferences[0]; o.Kind != "NodePool" || o.APIVersion != "karpenter.sh/v1" || o.UID != "uid" || !*o.BlockOwnerDeletion || o.Controller != nil {
		t.Errorf("owner: got %+v", o)
	}
	for key, want := range map[string]string{
		"a": "b", v1.NodePoolHashAnnotationKey: np.Hash(), v1.NodePoolHashVersionAnnotationKey: "v3",
		v1.NodeClaimMinValuesRelaxedAnnotationKey: "false",
	} {
		if nc.Annotations[key] != want {
			t.Errorf("annotation %s: got %q", key, nc.Annotations[key])
		}
	}
	for key, want := range map[string]string{"team": "x", v1.NodePoolLabelKey: "default", "karpenter.test.sh/testnodeclass": "class"} {
		if nc.Labels[key] != want {
			t.Errorf("label %s: got %q", key, nc.Labels[key])
		}
	}
	if nc.Spec.ExpireAfter != v1.Never || nc.Spec.TerminationGracePeriod != "5m" || len(nc.Spec.Taints) != 1 || len(nc.Spec.StartupTaints) != 1 {
		t.Errorf("got %+v", nc.Spec)
	}
}

// API-124, API-125, API-126, CP-063, SCH-232
func TestRequirements(t *testing.T) {
	two := 2
	size := in("node.kubernetes.io/instance-type", "Exists")
	size.MinValues = &two
	nc := must(t, nodePool(requirements(
		in("karpenter.sh/capacity-type", "In", "on-demand", "spot"), in("custom", "Gt", "3"), in("custom", "Lt", "9"), in("custom", "NotIn", "4"), size,
	)), pod("40", map[string]string{"karpenter.sh/capacity-type": "spot"}))
	got := written(nc)
	for _, want := range []string{
		"custom Gte 4", "custom Lte 8", "custom NotIn 4",
		"karpenter.sh/capacity-type In spot", "karpenter.sh/nodepool In default", "karpenter.test.sh/testnodeclass In class",
		"node.kubernetes.io/instance-type In test-48,test-64 min 2",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	for _, r := range got {
		if strings.Contains(r, "hostname") || strings.Contains(r, "registered") {
			t.Errorf("%q belongs to the simulation", r)
		}
	}
}

// API-125, SCH-217, SCH-232, EXT-159, CP-070: a NodeClaim that holds reservations may be launched
// through these only, as one of the types that they offer.
func TestReservedRequirements(t *testing.T) {
	nc, err := renderedOf(t, []*cloudprovider.InstanceType{
		fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 4}),
		fake.NewInstanceType(fake.TypeSpec{
			Name: "large", CPU: 4, Memory: 8, Zones: []string{"a", "b"}, ReservationCapacity: 1,
			CapacityTypes: []string{"reserved", "on-demand"},
		}),
	}, nodePool(nil), pod("1", nil))
	if err != nil {
		t.Fatal(err)
	}
	got := written(nc)
	for _, want := range []string{
		"karpenter.sh/capacity-type In reserved", "node.kubernetes.io/instance-type In large",
		fake.LabelReservationID + " In large-a,large-b",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if _, labelled := nc.Labels[fake.LabelReservationID]; labelled {
		t.Error("the launch decides about the label")
	}
}

// API-122, API-123, SCH-233: custom requirements become labels.
func TestCustomLabels(t *testing.T) {
	for _, tc := range []struct {
		why  string
		rs   []v1.NodeSelectorRequirementWithMinValues
		pod  map[string]string
		key  string
		want string
	}{
		{"a pod's value", []v1.NodeSelectorRequirementWithMinValues{in("team", "Exists")}, map[string]string{"team": "a"}, "team", "a"},
		{"a listed value", []v1.NodeSelectorRequirementWithMinValues{in("team", "In", "b", "c")}, nil, "team", "b"},
		{"an integer within bounds and exclusions", []v1.NodeSelectorRequirementWithMinValues{in("n", "Gte", "4"), in("n", "NotIn", "4", "5")}, nil, "n", "6"},
		{"none for DoesNotExist", []v1.NodeSelectorRequirementWithMinValues{in("team", "DoesNotExist")}, nil, "team", ""},
		{"none where the pool admits absence too", []v1.NodeSelectorRequirementWithMinValues{in("team", "NotIn", "b")}, nil, "team", ""},
		{"none for well-known labels", []v1.NodeSelectorRequirementWithMinValues{in("kubernetes.io/arch", "In", "amd64")}, nil, "kubernetes.io/arch", ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			nc := must(t, nodePool(requirements(tc.rs...)), pod("1", tc.pod))
			if got := nc.Labels[tc.key]; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// API-123: a range without integers is an error, never a crash.
func TestImpossibleLabel(t *testing.T) {
	_, err := rendered(t, nodePool(requirements(in("n", "Gte", "4"), in("n", "Lte", "4"), in("n", "NotIn", "4"))), pod("1", nil))
	if err == nil || !strings.Contains(err.Error(), `"n"`) {
		t.Errorf("got %v", err)
	}
}

// API-128, SCH-234
func TestResources(t *testing.T) {
	nc := must(t, nodePool(nil), pod("1", nil), pod("1500m", nil))
	got := nc.Spec.Resources.Requests
	if cpu, pods := got[corev1.ResourceCPU], got[corev1.ResourcePods]; cpu.String() != "2500m" || pods.String() != "2" {
		t.Errorf("got %v", got)
	}
}

// API-129, SCH-263: nothing is shared between NodeClaims of a pool.
func TestNothingIsShared(t *testing.T) {
	np := nodePool(func(np *v1.NodePool) {
		np.Spec.Template.ObjectMeta.Annotations = map[string]string{"a": "b"}
		np.Spec.Template.Spec.StartupTaints = []corev1.Taint{{Key: "s", Effect: corev1.TaintEffectNoSchedule}}
	})
	one, two := must(t, np, pod("1", nil)), must(t, np, pod("1", nil))
	one.Annotations["a"], one.Labels["l"], one.Spec.StartupTaints[0].Key = "changed", "changed", "changed"
	if two.Annotations["a"] != "b" || two.Labels["l"] != "" || two.Spec.StartupTaints[0].Key != "s" || np.Spec.Template.ObjectMeta.Annotations["a"] != "b" {
		t.Error("a change of one NodeClaim reached another or the pool")
	}
}

// API-129: overlaid prices and capacity are told.
func TestOverlayAnnotations(t *testing.T) {
	np, c, types := nodePool(nil), intake.New(intake.Options{Vocabulary: fake.Vocabulary()}), fake.DefaultInstanceTypes()
	types[3] = types[3].Copy()
	types[3].CapacityOverlaid = true
	overlaid := *types[3].Offerings[0]
	overlaid.PriceOverlaid = true
	types[3].Offerings[0] = &overlaid
	template, err := c.Template(intake.PoolInput{NodePool: np, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		listed []int
		want   string
	}{{[]int{3, 4}, "true"}, {[]int{4}, ""}} {
		nc, err := render.NodeClaim(render.Input{NodePool: np, Template: template, Bin: &place.Bin{Types: tc.listed}, Types: types, Compiler: c})
		if err != nil {
			t.Fatal(err)
		}
		if p, cp := nc.Annotations[v1.PriceOverlayAppliedAnnotationKey], nc.Annotations[v1.CapacityOverlayAppliedAnnotationKey]; p != tc.want || cp != tc.want {
			t.Errorf("types %v: got %q and %q", tc.listed, p, cp)
		}
	}
}
