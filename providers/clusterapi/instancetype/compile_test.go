// SPDX-License-Identifier: Apache-2.0

package instancetype_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// asker defines some keys.
func asker(t *testing.T, defined ...string) instancetype.Asker {
	t.Helper()
	words, err := vocabulary.New(v1alpha1.Vocabulary())
	if err != nil {
		t.Fatal(err)
	}
	return instancetype.Asker{Words: words, Defines: func(key string) bool { return slices.Contains(defined, key) }}
}

func all(types.NamespacedName) bool { return true }

// written is a type's requirement for a key, as text; empty if there is none.
func written(rs requirement.Requirements, key string) string {
	r, ok := rs.Get(key)
	if !ok {
		return ""
	}
	return r.String()
}

// CAPI-023, CAPI-027, CAPI-029: one deployment is one type with one offering.
func TestOneDeployment(t *testing.T) {
	s := read(t, deployment("md", map[string]string{
		instancetype.AnnotationCPU:    "3900m",
		instancetype.AnnotationLabels: "topology.kubernetes.io/zone=a,example.com/seen=x,example.com/unseen=y",
		instancetype.AnnotationPrice:  "0.5",
	}))
	its := instancetype.Compile([]*instancetype.Shape{s}, asker(t, "example.com/seen"), all)
	if len(its) != 1 || its[0].Name != "md" || len(its[0].Offerings) != 1 {
		t.Fatalf("got %+v", its)
	}
	it, o := its[0], its[0].Offerings[0]
	for key, want := range map[string]requirement.Requirement{
		label.InstanceType:           requirement.In(label.InstanceType, "md"),
		label.Zone:                   requirement.In(label.Zone, "a"),
		label.CapacityType:           requirement.In(label.CapacityType, label.OnDemand),
		"example.com/seen":           requirement.In("example.com/seen", "x"),
		v1alpha1.LabelInstanceCPU:    requirement.In(v1alpha1.LabelInstanceCPU, "3"),
		v1alpha1.LabelCapacityCPU:    requirement.In(v1alpha1.LabelCapacityCPU, "3"),
		v1alpha1.LabelInstanceMemory: requirement.In(v1alpha1.LabelInstanceMemory, "16384"),
		v1alpha1.LabelInstanceFamily: requirement.DoesNotExist(v1alpha1.LabelInstanceFamily),
		v1alpha1.LabelInstanceSize:   requirement.DoesNotExist(v1alpha1.LabelInstanceSize),
	} {
		if got, _ := it.Requirements.Get(key); !got.Equal(want) {
			t.Errorf("requirement %s, want %s", got, want)
		}
	}
	for _, key := range []string{"example.com/unseen", label.Arch, label.OS, label.Region, label.NodePool, v1alpha1.LabelNodeClass} {
		if got := written(it.Requirements, key); got != "" {
			t.Errorf("requirement %s, want none", got)
		}
	}
	if o.Zone() != "a" || o.CapacityType() != label.OnDemand || o.Price != 0.5 || !o.Available || o.CapacityOverride != nil || o.OverheadOverride != nil {
		t.Errorf("offering %+v", o)
	}
}

// CAPI-061: of a deployment whose size is not known the type is there, with an offering that
// its NodeClaims were bought through and nobody gets; others of the type stay as they are.
func TestUnsized(t *testing.T) {
	named := func(zone string) map[string]string {
		return map[string]string{instancetype.AnnotationLabels: "node.kubernetes.io/instance-type=t,topology.kubernetes.io/zone=" + zone, instancetype.AnnotationArch: "amd64"}
	}
	annotations := named("a")
	delete(annotations, instancetype.AnnotationArch)
	lost, ok := instancetype.Unsized(deployment("a", annotations), instancetype.Facts{})
	if !ok {
		t.Fatal("its labels cannot be read")
	}
	bought := func(zone string) requirement.Requirements {
		return requirement.OfLabels(read(t, deployment("a", named(zone))).Labels)
	}
	anyKey := func(string) bool { return true }
	alone := instancetype.Compile([]*instancetype.Shape{&lost}, asker(t), all)[0]
	if o := alone.Offerings; alone.Name != "t" || len(o) != 1 || o[0].Available || !o.HasCompatible(bought("a"), anyKey) || o.HasCompatible(bought("b"), anyKey) {
		t.Errorf("alone: %+v", alone)
	}
	sized := read(t, deployment("b", named("b")))
	before := instancetype.Compile([]*instancetype.Shape{sized}, asker(t), all)[0]
	it := instancetype.Compile([]*instancetype.Shape{&lost, sized}, asker(t), all)[0]
	if len(it.Offerings) != 2 || !it.Offerings.HasCompatible(bought("a"), anyKey) || !it.Offerings.HasCompatible(bought("b"), anyKey) {
		t.Errorf("together: %+v", it.Offerings)
	}
	for _, o := range it.Offerings {
		if o.Available != (o.Zone() == "b") || o.CapacityOverride != nil || o.OverheadOverride != nil {
			t.Errorf("offering %+v", o)
		}
	}
	for _, key := range []string{v1alpha1.LabelInstanceCPU, label.Arch} {
		if got, want := written(it.Requirements, key), written(before.Requirements, key); got != want {
			t.Errorf("requirement %s, want %s", got, want)
		}
	}
	if cpu := it.Capacity.Cpu(); cpu.Value() != 4 {
		t.Errorf("it has %s CPUs", cpu)
	}
	// the same zone and, by the list, the same size: they share an offering
	size := ",karpenter.cluster.x-k8s.io/instance-cpu=4,karpenter.cluster.x-k8s.io/instance-memory=1" +
		",capacity.karpenter.cluster.x-k8s.io/cpu=4,capacity.karpenter.cluster.x-k8s.io/memory=1"
	annotations[instancetype.AnnotationLabels] += size
	lost, _ = instancetype.Unsized(deployment("a", annotations), instancetype.Facts{})
	shared := instancetype.Compile([]*instancetype.Shape{&lost, read(t, deployment("b", annotations))}, asker(t), all)[0]
	if o := shared.Offerings; len(o) != 1 || !o[0].Available || o[0].CapacityOverride != nil {
		t.Errorf("shared: %+v", o)
	}
}

// CAPI-030: without zone nobody who asks for one is served.
func TestNoZone(t *testing.T) {
	a := asker(t)
	o := instancetype.Compile([]*instancetype.Shape{read(t, deployment("md", nil))}, a, all)[0].Offerings[0]
	for reason, tc := range map[string]struct {
		asked requirement.Requirements
		want  bool
	}{
		"no zone is asked for":  {requirement.All(), true},
		"any zone is asked for": {requirement.All(requirement.Exists(label.Zone)), false},
		"a zone is asked for":   {requirement.All(requirement.In(label.Zone, "a")), false},
	} {
		if got := o.CompatibleWith(tc.asked, a.Words.IsWellKnown); got != tc.want {
			t.Errorf("%s: %t", reason, got)
		}
	}
	if o.Zone() != "" {
		t.Errorf("zone %q", o.Zone())
	}
}

// CAPI-025: deployments of one name are one type.
func TestOneTypeOfMany(t *testing.T) {
	named := func(name, labels string, more map[string]string) *instancetype.Shape {
		d := deployment(name, more)
		d.Annotations[instancetype.AnnotationLabels] = "node.kubernetes.io/instance-type=large," + labels
		return read(t, d)
	}
	shapes := []*instancetype.Shape{
		named("a", "topology.kubernetes.io/zone=a", nil),
		named("b", "topology.kubernetes.io/zone=b", map[string]string{instancetype.AnnotationDisk: "50Gi", instancetype.AnnotationPrice: "2"}),
		named("b2", "topology.kubernetes.io/zone=b", map[string]string{instancetype.AnnotationDisk: "90Gi", instancetype.AnnotationPrice: "1"}),
		named("c", "topology.kubernetes.io/zone=c,karpenter.cluster.x-k8s.io/instance-size=l", map[string]string{v1alpha1.AnnotationKubeReserved: "cpu=1"}),
		named("c2", "topology.kubernetes.io/zone=c,karpenter.cluster.x-k8s.io/instance-size=l,example.com/unseen=x", nil),
		read(t, deployment("other", nil)),
	}
	first := instancetype.Compile(shapes, asker(t), all)
	for range 10 { // whatever the order
		rand.Shuffle(len(shapes), func(i, j int) { shapes[i], shapes[j] = shapes[j], shapes[i] })
		again := instancetype.Compile(shapes, asker(t), all)
		if diff := cmp.Diff(texts(first), texts(again)); diff != "" {
			t.Fatalf("another order, other types:\n%s", diff)
		}
	}
	if len(first) != 2 || first[0].Name != "large" || first[1].Name != "other" {
		t.Fatalf("types %v", texts(first))
	}
	large := first[0]
	if got := written(large.Requirements, label.Zone); got != requirement.In(label.Zone, "a", "b", "c").String() {
		t.Errorf("zones %s", got)
	}
	if r, _ := large.Requirements.Get(v1alpha1.LabelInstanceSize); !r.Has("l") || !r.AllowsAbsent() {
		t.Errorf("sizes %s: some have one, some have none", r)
	}
	if len(large.Offerings) != 3 {
		t.Fatalf("%d offerings, want one for each zone", len(large.Offerings))
	}
	b, c := large.Offerings[1], large.Offerings[2]
	if b.Price != 1 || !amountIs(b.CapacityOverride, "ephemeral-storage", "50Gi") {
		t.Errorf("zone b costs %v and has %v: the cheaper one decides the price, the smaller one the capacity", b.Price, b.CapacityOverride)
	}
	if c.OverheadOverride == nil || !amountIs(c.OverheadOverride.Total(), "cpu", "1") {
		t.Errorf("zone c leaves %v: the one that leaves less decides", c.OverheadOverride)
	}
	if group := large.GroupOf(c); !amountIs(group.Allocatable, "cpu", "3") || !amountIs(large.Allocatable(), "cpu", "4") {
		t.Errorf("allocatable %v", group.Allocatable)
	}
}

func amountIs(list corev1.ResourceList, name corev1.ResourceName, want string) bool {
	quantity, ok := list[name]
	return ok && quantity.String() == want
}

// texts writes types as text, to be compared.
func texts(its []*cloudprovider.InstanceType) []string {
	var out []string
	for _, it := range its {
		out = append(out, it.Name+" "+it.Requirements.String())
		for _, o := range it.Offerings {
			out = append(out, o.Requirements.String())
		}
	}
	return out
}

// CAPI-024, CAPI-029: what cannot be had stays, unavailable.
func TestAvailability(t *testing.T) {
	tainted := read(t, deployment("md", map[string]string{instancetype.AnnotationTaints: "a=b:NoSchedule"}))
	for reason, tc := range map[string]struct {
		taints    []corev1.Taint
		available bool
		want      bool
	}{
		"the pool has the taint":          {[]corev1.Taint{{Key: "a", Value: "b", Effect: "NoSchedule"}}, true, true},
		"another value":                   {[]corev1.Taint{{Key: "a", Value: "c", Effect: "NoSchedule"}}, true, false},
		"another effect":                  {[]corev1.Taint{{Key: "a", Value: "b", Effect: "NoExecute"}}, true, false},
		"no taint":                        {nil, true, false},
		"the deployment cannot be scaled": {[]corev1.Taint{{Key: "a", Value: "b", Effect: "NoSchedule"}}, false, false},
	} {
		a := asker(t)
		a.Taints = tc.taints
		its := instancetype.Compile([]*instancetype.Shape{tainted}, a, func(types.NamespacedName) bool { return tc.available })
		if len(its) != 1 || its[0].Offerings[0].Available != tc.want {
			t.Errorf("%s: got %+v", reason, its)
		}
	}
}
