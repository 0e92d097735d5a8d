// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/randfill"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	engine "karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

// SCH-044: whatever a quantity says, a request is never less and an offer never
// more, but for what 64 bits hold.
func FuzzQuantity(f *testing.F) {
	for _, seed := range []string{
		"0", "1", "1500u", "1n", "-1n", "-1500u", "1.5Gi", "9E", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"9223372036854775", "9223372036854776", "9223372036854775.8071", "1e30", "-1e30", "1e-30", "0.1m", "8Ei", "7.999Ei", "100000000000000000000000000m",
	} {
		f.Add(seed)
	}
	// Reading these is what takes the library its time.
	tiny := regexp.MustCompile(`[eE]-0*[0-9]{4,}`)
	f.Fuzz(func(t *testing.T, text string) {
		if tiny.MatchString(text) {
			return
		}
		q, err := resource.ParseQuantity(text)
		if err != nil {
			return
		}
		c := compiler()
		list := corev1.ResourceList{corev1.ResourceCPU: q.DeepCopy(), corev1.ResourceMemory: q.DeepCopy()}
		asked, offered := c.Requested(list), c.Available(list)
		for id, of := range map[engine.ID]func(int64) *resource.Quantity{
			engine.CPU:    func(n int64) *resource.Quantity { return resource.NewMilliQuantity(n, resource.DecimalSI) },
			engine.Memory: func(n int64) *resource.Quantity { return resource.NewQuantity(n, resource.DecimalSI) },
		} {
			if n := asked.Get(id); q.Sign() >= 0 && n != math.MaxInt64 && v1.CompareQuantities(*of(n), q) < 0 {
				t.Errorf("%s: asks for %d of %d", text, n, id)
			}
			if n := offered.Get(id); n != math.MinInt64 && v1.CompareQuantities(*of(n), q) > 0 {
				t.Errorf("%s: offers %d of %d", text, n, id)
			}
			if n := asked.Get(id); (n < 0) != (q.Sign() < 0) {
				t.Errorf("%s: the sign of %d", text, n)
			}
			if a, o := asked.Get(id), offered.Get(id); q.Sign() >= 0 && (o > a || a-o > 1) {
				t.Errorf("%s: asks for %d, offers %d", text, a, o)
			}
		}
		if !reflect.DeepEqual(list[corev1.ResourceCPU].DeepCopy(), q) {
			t.Errorf("%s was changed", text)
		}
	})
}

// plans compiles a pod beside an ordinary one and plans both. Whatever the pod
// is, it is unchanged, its errors name it, and the other one is served.
func plans(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	before := pod.DeepCopy()
	c := compiler()
	if err := c.ValidatePod(pod); err != nil && err.Error() == "" {
		t.Error("an error without words")
	}
	c.HindersConsolidation(&pod.Spec)
	c.PodLimits(pod)
	r := c.NewRound(map[string]map[string]string{"ns": nil, "other": {"team": "x"}}).WithDefaultSpread(func(p *corev1.Pod) []corev1.TopologySpreadConstraint {
		return intake.SpreadOf(defaultConstraints(), p, intake.Siblings{Controlled: &metav1.LabelSelector{MatchLabels: p.Labels}})
	})
	accepted := 1
	if err := r.Add(pod, intake.Volumes{}); err == nil {
		accepted++
	} else if !strings.Contains(err.Error(), pod.Namespace+"/"+pod.Name) {
		t.Errorf("%v does not name the pod", err)
	}
	if accepted > 1 {
		first, err := c.Class(pod, intake.Volumes{})
		if again, _ := c.Class(pod.DeepCopy(), intake.Volumes{}); err != nil || first != again {
			t.Errorf("equal pods are two classes: %v", err)
		}
	}
	if err := r.Add(labelled("ordinary", map[string]string{"app": "ordinary"}, corev1.PodSpec{Containers: []corev1.Container{container(requests("cpu", "1"))}}), intake.Volumes{}); err != nil {
		t.Fatalf("the other pod: %v", err)
	}
	template, err := c.Template(intake.PoolInput{NodePool: nodePool(nil), Types: []*cloudprovider.InstanceType{inZones("4-cpu", "4", "a", "b", "c")}, Daemons: []*corev1.Pod{pod}})
	if err != nil {
		t.Fatal(err)
	}
	node := &model.Node{Name: "n", Labels: c.NodeLabels(map[string]string{label.Zone: "a"}), Free: c.Available(requests("cpu", "1", "pods", "10")), Initialized: true}
	in := place.Input{Snapshot: &model.Snapshot{Vocabulary: c.Vocabulary(), Names: c.Names(), Nodes: []*model.Node{node}, Pools: []model.Pool{{Template: template}}}}
	in.Pods, in.Snapshot.Groups = r.Build(counter{})
	place.Zones(in)
	plan := place.Solve(in)
	placed := len(plan.Placements)
	for _, b := range plan.Bins {
		placed += len(b.Pods)
	}
	for _, u := range plan.Unplaced {
		if u.Why.String() == "" {
			t.Error("a pod is told nothing")
		}
	}
	if placed+len(plan.Unplaced) != accepted {
		t.Errorf("%d pods, %d placed, %d left", accepted, placed, len(plan.Unplaced))
	}
	if !reflect.DeepEqual(before, pod) {
		t.Error("the pod was changed")
	}
}

// Rules of any selectors, keys, namespaces and numbers.
func FuzzTopologyRules(f *testing.F) {
	f.Add("zone", "app", "In", "a,b", "ns", int32(1), int32(0), uint8(0))
	f.Add("", "k", "Near", "", "gone", int32(-1), int32(-1), uint8(255))
	f.Add(label.Hostname, "bad key!", "Exists", "x", "", int32(math.MaxInt32), int32(math.MaxInt32), uint8(7))
	f.Add(label.Zone, "app", "DoesNotExist", "", "other,ns", int32(0), int32(1), uint8(21))
	f.Add("failure-domain.beta.kubernetes.io/zone", "app", "NotIn", "", "\x00", int32(1), int32(3), uint8(42))
	f.Fuzz(func(t *testing.T, key, selected, op, values, namespaces string, skew, minDomains int32, bits uint8) {
		has := func(bit int) bool { return bits&(1<<bit) != 0 }
		selector := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key: selected, Operator: metav1.LabelSelectorOperator(op), Values: split(values),
		}}}
		if has(0) {
			selector.MatchLabels = map[string]string{selected: values, key: op}
		}
		if has(1) {
			selector.MatchExpressions = nil
		}
		if has(2) && has(1) {
			selector = nil
		}
		policy := corev1.NodeInclusionPolicy(op)
		spec := corev1.PodSpec{Containers: []corev1.Container{container(requests("cpu", "1"))}}
		spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: skew, TopologyKey: key, WhenUnsatisfiable: corev1.UnsatisfiableConstraintAction(map[bool]string{true: "DoNotSchedule", false: "ScheduleAnyway"}[has(3)]),
			LabelSelector: selector, MinDomains: &minDomains, MatchLabelKeys: split(selected), NodeTaintsPolicy: &policy, NodeAffinityPolicy: &policy,
		}}
		affine := corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: selector, Namespaces: split(namespaces)}
		if has(4) {
			affine.NamespaceSelector = selector
		}
		weighted := []corev1.WeightedPodAffinityTerm{{Weight: skew, PodAffinityTerm: affine}, {Weight: minDomains, PodAffinityTerm: affine}}
		spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}, PodAntiAffinity: &corev1.PodAntiAffinity{}}
		if has(5) {
			spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{affine}
		}
		if has(6) {
			spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{affine}
		}
		if has(7) {
			spec.Affinity.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution = weighted
			spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution = weighted
			spec.TopologySpreadConstraints = nil
		}
		plans(t, labelled("fuzzed", map[string]string{selected: values, "app": "a"}, spec))
		compiler().InverseRules(labelled("fuzzed", nil, spec), nil)
	})
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Pods of any content, as the API would decode them.
func FuzzPod(f *testing.F) {
	for _, seed := range podSeeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var pod corev1.Pod
		if json.Unmarshal(text, &pod) != nil {
			return
		}
		pod.Namespace, pod.Name, pod.UID = "ns", "fuzzed", "fuzzed"
		plans(t, &pod)
	})
}

// Pods of what the API calls a pod, made of few words so that its parts meet.
func FuzzPodSpec(f *testing.F) {
	for seed := range int64(100) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		pod := labelled("fuzzed", nil, corev1.PodSpec{})
		filler := randfill.NewWithSeed(seed).NilChance(0.3).NumElements(0, 3).Funcs(fromFew()...)
		filler.Fill(&pod.Labels)
		filler.Fill(&pod.OwnerReferences)
		filler.Fill(&pod.Spec)
		filler.Fill(&pod.Status)
		plans(t, pod)
	})
}

// fromFew choose among values that mean something, and some that do not.
func fromFew() []any {
	return []any{
		func(s *string, c randfill.Continue) {
			*s = of(c, "", "a", "b", "app", "web", "ns", "other", "5", "-5", "bad key!", label.Zone, label.Hostname, label.Arch, label.NodePool, label.CapacityType)
		},
		func(q *resource.Quantity, c randfill.Continue) {
			*q = resource.MustParse(of(c, "0", "1", "100m", "1Gi", "9E", "-1", "1e1999999999"))
		},
		func(n *corev1.ResourceName, c randfill.Continue) {
			*n = of(c, corev1.ResourceCPU, corev1.ResourceMemory, "example.com/gpu", "hugepages-2Mi", "")
		},
		func(op *corev1.NodeSelectorOperator, c randfill.Continue) {
			*op = of(c, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist,
				corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt, "Near")
		},
		func(op *metav1.LabelSelectorOperator, c randfill.Continue) {
			*op = of(c, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist, "Near")
		},
		func(when *corev1.UnsatisfiableConstraintAction, c randfill.Continue) {
			*when = of(c, corev1.DoNotSchedule, corev1.ScheduleAnyway, "")
		},
		func(p *corev1.NodeInclusionPolicy, c randfill.Continue) {
			*p = of(c, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore, "")
		},
		func(op *corev1.TolerationOperator, c randfill.Continue) {
			*op = of(c, corev1.TolerationOpEqual, corev1.TolerationOpExists, "Lt", "Gt", "")
		},
		func(p *corev1.ContainerRestartPolicy, c randfill.Continue) {
			*p = of(c, corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyNever)
		},
	}
}

func of[T any](c randfill.Continue, values ...T) T { return values[c.Intn(len(values))] }

// podSeeds have every part of a pod that is read.
func podSeeds() []string {
	return []string{
		`{}`,
		`{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Gi","example.com/gpu":"1"},"limits":{"cpu":"2"}},"ports":[{"hostPort":80,"hostIP":"10.0.0.1","protocol":"UDP"}]}]}}`,
		`{"spec":{"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"9E"}}},{"name":"i","resources":{"requests":{"cpu":"9E","memory":"-1"}}}],"overhead":{"cpu":"9E"},"resources":{"requests":{"hugepages-2Mi":"4Mi","cpu":"0"}}}}`,
		`{"spec":{"containers":[{"name":"a","resources":{"claims":[{"name":"x"}]}}],"resourceClaims":[{"name":"x"}]},"status":{"containerStatuses":[{"name":"a","resources":{"requests":{"cpu":"3"}},"allocatedResources":{"cpu":"4"}}],"conditions":[{"type":"PodResizePending","reason":"Infeasible"}]}}`,
		`{"spec":{"nodeSelector":{"a":"b","failure-domain.beta.kubernetes.io/zone":"a"},"tolerations":[{"operator":"Exists"},{"key":"k","operator":"Lt","value":"5","effect":"NoSchedule"}]}}`,
		`{"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{},{"matchExpressions":[{"key":"k","operator":"Gt","values":["9223372036854775807"]}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}]},"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":-1,"preference":{"matchExpressions":[{"key":"","operator":"Near"}]}}]}}}}`,
		`{"metadata":{"labels":{"app":"a"}},"spec":{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"topology.kubernetes.io/zone","labelSelector":{"matchLabels":{"app":"a"}},"namespaces":["gone"]}]},"podAntiAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,"podAffinityTerm":{"topologyKey":"kubernetes.io/hostname","labelSelector":null,"namespaceSelector":{}}}]}}}}`,
		`{"metadata":{"labels":{"app":"a","hash":"1"}},"spec":{"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"topology.kubernetes.io/zone","whenUnsatisfiable":"DoNotSchedule","labelSelector":{"matchExpressions":[{"key":"app","operator":"In","values":["a"]}]},"minDomains":3,"matchLabelKeys":["hash","missing"],"nodeTaintsPolicy":"Honor"},{"maxSkew":-1,"topologyKey":"","whenUnsatisfiable":"ScheduleAnyway"}]}}`,
		`{"spec":{"volumes":[{"name":"a","persistentVolumeClaim":{"claimName":"a"}},{"name":"e","ephemeral":{}},{"name":"x","emptyDir":{}}],"priority":5,"nodeName":"n"}}`,
	}
}
