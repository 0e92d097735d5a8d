// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster/defaultspread"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/requirement"
)

// SCH-023: a round without pods has no effect and asks nobody.
func TestNothingToDo(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("done", "1", on("n")))
	w.must(w.round())
	if calls := w.provider.Calls("GetInstanceTypes"); len(calls) > 0 {
		t.Errorf("the provider was asked: %v", calls)
	}
	if len(w.nodeClaims())+len(w.recorder.Events()) > 0 {
		t.Errorf("got NodeClaims %v, events %v", w.nodeClaims(), w.recorder.Reasons())
	}
}

// SCH-027: a pool that has nothing for anybody says why, once a minute.
func TestUselessPools(t *testing.T) {
	requiring := func(key string, minValues int, values ...string) func(*v1.NodePool) {
		return func(np *v1.NodePool) {
			r := v1.NodeSelectorRequirementWithMinValues{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
			if minValues > 0 {
				r.MinValues = &minValues
			}
			np.Spec.Template.Spec.Requirements = append(np.Spec.Template.Spec.Requirements, r)
		}
	}
	greedy := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "greedy", UID: "greedy"}}
	greedy.Spec.Template.Spec = pendingPod("d", "1000").Spec
	for _, tc := range []struct {
		why    string
		pool   *v1.NodePool
		daemon *appsv1.DaemonSet
		policy requirement.MinValuesPolicy
		want   string // part of the event; empty: none
	}{
		{"nothing meets the requirements", readyPool("p", requiring(corev1.LabelTopologyZone, 0, "nowhere")), nil, requirement.StrictMinValues, "requirements exclude"},
		{"too few values", readyPool("p", requiring(corev1.LabelTopologyZone, 2, "test-zone-1")), nil, requirement.StrictMinValues, "minValues"},
		{"too few values that are lowered", readyPool("p", requiring(corev1.LabelTopologyZone, 2, "test-zone-1")), nil, requirement.BestEffortMinValues, ""},
		{"no room beside the daemons", readyPool("p"), greedy, requirement.StrictMinValues, "daemons"},
		{"a pool that is of use", readyPool("p", requiring(corev1.LabelTopologyZone, 2, "test-zone-1", "test-zone-2")), nil, requirement.StrictMinValues, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, tc.pool, pendingPod("a", "1"))
			w.subject.MinValues = tc.policy
			if tc.daemon != nil {
				w.cluster.UpdateDaemonSet(tc.daemon)
			}
			w.must(w.round())
			got := w.recorder.Of("NoCompatibleInstanceTypes")
			if tc.want == "" {
				if len(got) > 0 || len(w.nodeClaims()) != 1 {
					t.Errorf("got events %v, NodeClaims %v", got, w.nodeClaims())
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].Message, tc.want) || got[0].DedupeValues[0] != string(tc.pool.UID) || got[0].DedupeTimeout.Minutes() != 1 {
				t.Errorf("got %+v", got)
			}
			if len(w.nodeClaims()) > 0 {
				t.Error("a NodeClaim was created")
			}
		})
	}
}

// SCH-091: startup taints of a pool need not be tolerated, its taints must be.
func TestStartupTaintsNeedNoToleration(t *testing.T) {
	taint := corev1.Taint{Key: "starting", Effect: corev1.TaintEffectNoSchedule}
	for _, tc := range []struct {
		why    string
		change func(*v1.NodePool)
		want   int
	}{
		{"startup taint", func(np *v1.NodePool) { np.Spec.Template.Spec.StartupTaints = []corev1.Taint{taint} }, 1},
		{"taint", func(np *v1.NodePool) { np.Spec.Template.Spec.Taints = []corev1.Taint{taint} }, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default", tc.change), pendingPod("a", "1"))
			w.must(w.round())
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims", n)
			}
		})
	}
}

// SCH-094: what keeps pods off a cordoned node is its taint alone.
func TestCordonedNode(t *testing.T) {
	for _, tc := range []struct {
		why    string
		taints []corev1.Taint
		want   int // NodeClaims
	}{
		{"tainted", []corev1.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}}, 1},
		{"not tainted yet", nil, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), pendingPod("a", "1"))
			w.cluster.UpdateNode(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n"},
				Spec:       corev1.NodeSpec{ProviderID: "x://n", Unschedulable: true, Taints: tc.taints},
				Status:     corev1.NodeStatus{Allocatable: room()},
			})
			w.must(w.round())
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims", n)
			}
		})
	}
}

func room() corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourcePods: resource.MustParse("10")}
}

// SCH-029: what cannot be understood of one pod concerns that pod alone, and its
// event names the pod and the field.
func TestOneBadPodCostsOnlyItself(t *testing.T) {
	near := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}}
	affinity := func(t corev1.PodAffinityTerm) func(*corev1.Pod) {
		t.TopologyKey = corev1.LabelTopologyZone
		return func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{t}}}
		}
	}
	for _, tc := range []struct {
		why    string
		change func(*corev1.Pod)
		want   []string
	}{
		{"selector of a spread", func(p *corev1.Pod) {
			p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: near}}
		}, []string{"default/bad", "topologySpreadConstraints", `"zone"`, "labelSelector", "Near"}},
		{"selector of an affinity", affinity(corev1.PodAffinityTerm{LabelSelector: near}), []string{"default/bad", "pod affinity", "labelSelector"}},
		{"selector of namespaces", affinity(corev1.PodAffinityTerm{NamespaceSelector: near}), []string{"default/bad", "namespaceSelector"}},
		{"namespaces that do not exist", affinity(corev1.PodAffinityTerm{Namespaces: []string{"gone"}}), []string{"default/bad", "namespaces", `"gone"`}},
		{"operator of node affinity", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "k", Operator: "Near"}}}},
			}}}
		}, []string{"node affinity term 0", `"k"`, "Near"}},
		{"SCH-073 terms that match no node", func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{}},
			}}}
		}, []string{"required node affinity", "empty"}},
		{"a negative request", func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("-1Gi")
		}, []string{"default/bad", "memory", "negative"}},
		{"a request beyond all numbers", func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests[corev1.ResourceCPU] = resource.MustParse("9E")
		}, []string{"no instance type is large enough", "cpu"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), pendingPod("bad", "1", tc.change), pendingPod("good", "1"),
				&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}})
			w.must(w.round())
			got := w.recorder.Of("FailedScheduling")
			if len(got) != 1 || got[0].Object.GetName() != "bad" {
				t.Fatalf("got %v", got)
			}
			for _, part := range tc.want {
				if !strings.Contains(got[0].Message, part) {
					t.Errorf("%q does not say %s", got[0].Message, part)
				}
			}
			if n := len(w.nodeClaims()); n != 1 {
				t.Errorf("the other pod was not served: %d NodeClaims", n)
			}
		})
	}
}

// SCH-006, SCH-030: a running pod that cannot be understood gets no event, and a
// budget that cannot be understood holds back its namespace only.
func TestBadObjectsOfLeavingNodes(t *testing.T) {
	now := metav1.Now()
	one := intstr.FromInt32(1)
	elsewhere := func(p *corev1.Pod) { p.Namespace = "other" }
	odd := func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}},
		}}}}
	}
	w := newWorld(t, readyPool("default"), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "odd"},
		Spec: policyv1.PodDisruptionBudgetSpec{MaxUnavailable: &one, Selector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}},
		}},
	})
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "leaving", DeletionTimestamp: &now},
		Spec:       corev1.NodeSpec{ProviderID: "x://leaving"}, Status: corev1.NodeStatus{Allocatable: room()},
	})
	for _, pod := range []*corev1.Pod{
		pendingPod("held", "1", on("leaving")), pendingPod("moves", "1", on("leaving"), elsewhere), pendingPod("odd", "1", on("leaving"), elsewhere, odd),
	} {
		w.must(w.client.Create(t.Context(), pod))
		w.cluster.UpdatePod(pod, volume.Resolution{Settled: true})
	}
	w.must(w.round())
	claims := w.nodeClaims()
	if len(claims) != 1 || claims[0].Spec.Resources.Requests.Cpu().Value() != 1 {
		t.Errorf("got %v, want a replacement for one pod", claims)
	}
	if got := w.recorder.Of("FailedScheduling"); len(got) > 0 {
		t.Errorf("pods that run were told: %v", got)
	}
}

// SCH-188: pods with claims are told that such requests are ignored.
func TestIgnoredClaims(t *testing.T) {
	inContainer := func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}}
	}
	inInit := func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "i", Resources: corev1.ResourceRequirements{Claims: []corev1.ResourceClaim{{Name: "gpu"}}}}}
	}
	ofPod := func(p *corev1.Pod) { p.Spec.ResourceClaims = []corev1.PodResourceClaim{{Name: "gpu"}} }
	for why, change := range map[string]func(*corev1.Pod){"of a container": inContainer, "of an init container": inInit, "of the pod": ofPod} {
		t.Run(why, func(t *testing.T) {
			w := newWorld(t, readyPool("default"), pendingPod("a", "1", change))
			w.ignoreDRA()
			w.cluster.UpdateNode(&corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{ProviderID: "x://n"}, Status: corev1.NodeStatus{Allocatable: room()},
			})
			w.must(w.round())
			got := w.recorder.Of("FailedScheduling")
			if len(got) != 1 || !strings.Contains(got[0].Message, "DRA") || !strings.Contains(got[0].Message, "ignored") {
				t.Errorf("got %v", got)
			}
			if len(w.nodeClaims())+len(w.recorder.Of("Nominated")) > 0 {
				t.Error("the pod got a place")
			}
		})
	}
}

// SCH-171, SCH-173, EXT-188: default spread constraints reach provisioning, and
// pods that they keep waiting are told so.
func TestDefaultSpread(t *testing.T) {
	web := func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} }
	pinned := func(p *corev1.Pod) {
		web(p)
		p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: "test-zone-1"}
	}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}}
	objects := []client.Object{readyPool("default"), service}
	for i := range 6 {
		objects = append(objects, pendingPod(fmt.Sprint("web-", i), "1", web))
	}
	w := newWorld(t, append(objects, pendingPod("alone", "1"))...)
	w.subject.DefaultSpread = defaultspread.New([]corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule},
		{MaxSkew: 1, TopologyKey: corev1.LabelHostname, WhenUnsatisfiable: corev1.DoNotSchedule},
	}, w.client)
	before := pendingPod("web-0", "1", web)
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 6 {
		t.Errorf("got %d NodeClaims, want one for each pod of the Service", n)
	}
	zones := map[string]int{}
	for _, nc := range w.nodeClaims() {
		for _, r := range nc.Spec.Requirements {
			if r.Key == corev1.LabelTopologyZone && len(r.Values) == 1 {
				zones[r.Values[0]]++
			}
		}
	}
	if !reflect.DeepEqual(zones, map[string]int{"test-zone-1": 2, "test-zone-2": 2, "test-zone-3": 2}) {
		t.Errorf("got %v", zones)
	}
	var after corev1.Pod
	w.must(w.client.Get(t.Context(), client.ObjectKeyFromObject(before), &after))
	if len(after.Spec.TopologySpreadConstraints) > 0 || len(w.podCalls) > 0 {
		t.Errorf("SCH-171: the pod was changed: %v, %v", after.Spec.TopologySpreadConstraints, w.podCalls)
	}
	t.Run("a pod that a default keeps waiting", func(t *testing.T) {
		limited := readyPool("default", func(np *v1.NodePool) {
			np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"test-zone-1", "test-zone-2"}}}
		})
		w := newWorld(t, limited, service, pendingPod("a", "1", pinned), pendingPod("b", "1", pinned))
		four := int32(4)
		w.subject.DefaultSpread = defaultspread.New([]corev1.TopologySpreadConstraint{
			{MaxSkew: 1, MinDomains: &four, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule},
		}, w.client)
		w.must(w.round())
		got := w.recorder.Of("FailedScheduling")
		if len(got) != 1 || !strings.Contains(got[0].Message, "a default of the cluster") {
			t.Errorf("got %v", got)
		}
	})
}

// renewing changes a pool as soon as a round has read it.
type renewing struct {
	cloudprovider.CloudProvider
	renew func()
}

func (r renewing) GetInstanceTypes(ctx context.Context, np *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	r.renew()
	return r.CloudProvider.GetInstanceTypes(ctx, np)
}

// SCH-265: a round decides and writes from the pool as it was read; the
// NodeClaim carries the hash of that revision.
func TestRoundSeesOneRevision(t *testing.T) {
	labelled := func(value string) func(*v1.NodePool) {
		return func(np *v1.NodePool) { np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": value} }
	}
	pool := readyPool("default", labelled("old"))
	w := newWorld(t, pool, pendingPod("a", "1"))
	w.subject.Provider = renewing{w.provider, func() {
		var np v1.NodePool
		w.must(w.client.Get(t.Context(), client.ObjectKeyFromObject(pool), &np))
		labelled("new")(&np)
		w.must(w.client.Update(t.Context(), &np))
	}}
	w.must(w.round())
	claims := w.nodeClaims()
	if len(claims) != 1 || claims[0].Labels["team"] != "old" || claims[0].Annotations[v1.NodePoolHashAnnotationKey] != pool.Hash() {
		t.Errorf("got %v, want the hash %s", claims, pool.Hash())
	}
}

// SCH-238: pods are not written to, and one that goes away meanwhile does not
// cancel its NodeClaim.
func TestPodsAreLeftAlone(t *testing.T) {
	pod := pendingPod("a", "1")
	w := newWorld(t, readyPool("default"), pod, pendingPod("bad", "1000"))
	w.failing = func(*v1.NodeClaim) error { return w.client.Delete(t.Context(), pod) }
	w.must(w.round())
	if n := len(w.nodeClaims()); n != 1 {
		t.Errorf("got %d NodeClaims", n)
	}
	if len(w.podCalls) != 1 || w.podCalls[0] != "delete" {
		t.Errorf("got writes %v, want only the test's own", w.podCalls)
	}
}
