// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster"
)

func namespaced(o metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
}

// daemonPod is one of the DaemonSet of daemonSet, created so many minutes after
// the start.
func daemonPod(name string, minutes int) *corev1.Pod {
	return newPod(name, "a", owner("apps/v1", "DaemonSet"), func(p *corev1.Pod) {
		p.CreationTimestamp = metav1.NewTime(start.Add(time.Duration(minutes) * time.Minute))
	})
}

func TestSamples(t *testing.T) {
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   string
	}{
		{"LIF-034: no pods, no sample", func(w *world) { w.UpdateDaemonSet(daemonSet()) }, ""},
		{"LIF-034: the newest pod", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			w.pod(daemonPod("old", 1))
			w.pod(daemonPod("new", 3))
			w.pod(daemonPod("mid", 2))
		}, "new"},
		{"LIF-034: pods before their DaemonSet", func(w *world) { w.pod(daemonPod("p", 1)); w.UpdateDaemonSet(daemonSet()) }, "p"},
		{"LIF-034: pods that are not bound count too", func(w *world) {
			p := daemonPod("p", 1)
			p.Spec.NodeName = ""
			w.pod(p)
			w.UpdateDaemonSet(daemonSet())
		}, "p"},
		{"LIF-034: other pods do not", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			w.pod(newPod("p", "a", owner("apps/v1", "ReplicaSet")))
			w.pod(newPod("q", "a", owner("apps/v1", "DaemonSet"), func(p *corev1.Pod) { p.OwnerReferences[0].UID = "another" }))
		}, ""},
		{"LIF-034: nor owners that do not control", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			w.pod(newPod("p", "a", owner("apps/v1", "DaemonSet"), func(p *corev1.Pod) { p.OwnerReferences[0].Controller = nil }))
		}, ""},
		{"LIF-034: with no pods left the sample is kept", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			w.DeletePod(key(w.pod(daemonPod("p", 1))))
			w.UpdateDaemonSet(daemonSet())
		}, "p"},
		{"LIF-017, LIF-034: a sample that is gone is replaced when the DaemonSet is examined", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			w.pod(daemonPod("old", 1))
			w.DeletePod(key(w.pod(daemonPod("new", 2))))
			w.UpdateDaemonSet(daemonSet())
		}, "old"},
		{"LIF-017: a DaemonSet that is gone", func(w *world) {
			w.pod(daemonPod("p", 1))
			w.UpdateDaemonSet(daemonSet())
			w.DeleteDaemonSet(namespaced(daemonSet()))
		}, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			got := ""
			if sample := w.Sample(namespaced(daemonSet())); sample != nil {
				got = sample.Name
			}
			if got != tc.want {
				t.Errorf("sample %q, want %q", got, tc.want)
			}
		})
	}
}

func required(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

// pinned is a term as the DaemonSet controller leaves it on a pod.
func pinned(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions, MatchFields: []corev1.NodeSelectorRequirement{
		{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}},
	}}
}

func demanding(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions}
}

func inZone(zone string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}
}

// SCH-122: which nodes the pods to come are for.
func TestRepresentativeAffinity(t *testing.T) {
	apart := corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{
		{Key: "metadata.name", Operator: corev1.NodeSelectorOpNotIn, Values: []string{"a"}},
	}}
	for _, tc := range []struct {
		reason         string
		template, live *corev1.Affinity
		want           *corev1.Affinity
	}{
		{"the pin to its node is no demand", nil, required(pinned()), nil},
		{"what admission demands beside the pin stays", nil, required(pinned(inZone("live"))), required(demanding(inZone("live")))},
		{"an alternative to the pin is one to every node", nil, required(pinned(), demanding(inZone("live"))), nil},
		{"an empty term admits no node, and stays", nil, required(demanding()), required(demanding())},
		{"the pin takes the place of what the template demands", required(demanding(inZone("x"))), required(pinned()), required(demanding(inZone("x")))},
		{"a pin to each term of the template", required(demanding(inZone("x")), demanding(inZone("y"))),
			required(pinned(inZone("x")), pinned(inZone("y"))), required(demanding(inZone("x")), demanding(inZone("y")))},
		{"what the template and admission demand counts together", required(demanding(inZone("x")), demanding(inZone("y"))),
			required(pinned(inZone("live"))), required(demanding(inZone("x"), inZone("live")), demanding(inZone("y"), inZone("live")))},
		{"a template that demands nothing that can be is for no node", required(demanding()), required(pinned(inZone("live"))), required(demanding())},
		{"a template that names a node is for none to come", required(pinned()), required(pinned()), required(demanding())},
		{"unless there is an alternative", required(pinned(), demanding(inZone("x"))), required(pinned()), required(demanding(inZone("x")))},
		{"a template that keeps away from a node is for all to come", required(apart), required(pinned()), nil},
	} {
		t.Run("SCH-122: "+tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.UpdateDaemonSet(daemonSet(func(set *appsv1.DaemonSet) { set.Spec.Template.Spec.Affinity = tc.template }))
			w.pod(changed(daemonPod("p", 1), func(p *corev1.Pod) { p.Spec.Affinity = tc.live }))
			if diff := cmp.Diff(tc.want, w.Snapshot().Daemons()[0].Spec.Affinity); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func changed(p *corev1.Pod, change func(*corev1.Pod)) *corev1.Pod {
	change(p)
	return p
}

// generation says which of the templates that a DaemonSet had it has, or a pod is
// made from.
func generation(o metav1.Object, n string) {
	o.SetAnnotations(map[string]string{appsv1.DeprecatedTemplateGeneration: n})
	o.SetLabels(map[string]string{"pod-template-generation": n})
}

func limitRange(cpu string, minutes int) *corev1.LimitRange {
	return &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "limits", CreationTimestamp: metav1.NewTime(start.Add(time.Duration(minutes) * time.Minute))},
		Spec:       corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, DefaultRequest: resources("cpu", cpu)}}},
	}
}

// SCH-120, SCH-121: what the pods to come request.
func TestRepresentativeRequests(t *testing.T) {
	frugal := func(set *appsv1.DaemonSet) {
		set.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
	}
	at := func(n string) func(*appsv1.DaemonSet) {
		return func(set *appsv1.DaemonSet) { generation(set, n) }
	}
	from := func(n string) *corev1.Pod { p := daemonPod("p"+n, 1); generation(p, n); return p }
	sandbox := func(set *appsv1.DaemonSet) { name := "sandbox"; set.Spec.Template.Spec.RuntimeClassName = &name }
	class := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "sandbox"}, Overhead: &nodev1.Overhead{PodFixed: resources("cpu", "1")}}
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   string // cpu; empty: no daemons
	}{
		{"SCH-120: the template, while there is no pod", func(w *world) { w.UpdateDaemonSet(daemonSet()) }, "100m"},
		{"SCH-120: a live pod, as admission made it", func(w *world) { w.UpdateDaemonSet(daemonSet()); w.pod(daemonPod("p", 1)) }, "1"},
		{"SCH-120: a live pod of the template that is", func(w *world) { w.UpdateDaemonSet(daemonSet(at("2"))); w.pod(from("2")) }, "1"},
		{"SCH-120: the template, once it is newer than every pod", func(w *world) {
			w.UpdateDaemonSet(daemonSet(at("1")))
			w.pod(from("1"))
			w.UpdateDaemonSet(daemonSet(at("2")))
		}, "100m"},
		{"SCH-120: a pod that is ahead of the DaemonSet that is known", func(w *world) { w.UpdateDaemonSet(daemonSet(at("1"))); w.pod(from("2")) }, "1"},
		{"SCH-121: what is only limited is requested", func(w *world) {
			w.UpdateDaemonSet(daemonSet(func(set *appsv1.DaemonSet) {
				set.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{Limits: resources("cpu", "2")}
			}))
		}, "2"},
		{"SCH-121: what a LimitRange gives, known before", func(w *world) { w.UpdateLimitRange(limitRange("3", 0)); w.UpdateDaemonSet(daemonSet(frugal)) }, "3"},
		{"SCH-121: or after", func(w *world) { w.UpdateDaemonSet(daemonSet(frugal)); w.UpdateLimitRange(limitRange("3", 0)) }, "3"},
		{"SCH-121: not one of another namespace", func(w *world) {
			w.UpdateDaemonSet(daemonSet(frugal))
			l := limitRange("3", 0)
			l.Namespace = "other"
			w.UpdateLimitRange(l)
		}, "0"},
		{"SCH-121: until it is gone", func(w *world) {
			w.UpdateDaemonSet(daemonSet(frugal))
			w.UpdateLimitRange(limitRange("3", 0))
			w.DeleteLimitRange(namespaced(limitRange("3", 0)))
		}, "0"},
		{"SCH-121: a LimitRange that changed after the last pod was made", func(w *world) {
			w.UpdateDaemonSet(daemonSet(frugal))
			w.UpdateLimitRange(limitRange("1", 0))
			w.pod(changed(daemonPod("p", 1), func(p *corev1.Pod) {
				p.Annotations = map[string]string{"kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container main"}
			}))
			w.UpdateLimitRange(limitRange("3", 2))
		}, "3"},
		{"SCH-121: none, if the API server would refuse them", func(w *world) {
			w.UpdateDaemonSet(daemonSet())
			l := limitRange("1", 0)
			l.Spec.Limits[0].Max = resources("cpu", "50m")
			w.UpdateLimitRange(l)
		}, ""},
		{"SCH-121: none, while their RuntimeClass does not exist", func(w *world) { w.UpdateDaemonSet(daemonSet(sandbox)) }, ""},
		{"SCH-121: what their RuntimeClass adds", func(w *world) { w.UpdateDaemonSet(daemonSet(sandbox)); w.UpdateRuntimeClass(class) }, "1100m"},
		{"SCH-121: until it is gone", func(w *world) {
			w.UpdateRuntimeClass(class)
			w.UpdateDaemonSet(daemonSet(sandbox))
			w.DeleteRuntimeClass("sandbox")
		}, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			got := ""
			for _, pod := range w.Snapshot().Daemons() {
				if namespaced(pod) != namespaced(daemonSet()) {
					t.Errorf("named %s", namespaced(pod))
				}
				cpu := pod.Spec.Containers[0].Resources.Requests.Cpu().DeepCopy()
				cpu.Add(*pod.Spec.Overhead.Cpu())
				got = cpu.String()
			}
			if got != tc.want {
				t.Errorf("cpu %q, want %q", got, tc.want)
			}
		})
	}
}

// SCH-128: rules on the hostname find daemons by their labels.
func TestRepresentativeLabels(t *testing.T) {
	w := newWorld(t)
	w.UpdateDaemonSet(daemonSet())
	w.pod(daemonPod("p", 1))
	w.UpdateDaemonSet(daemonSet(func(set *appsv1.DaemonSet) { set.Spec.Template.Labels = map[string]string{"app": "agent"} }))
	if diff := cmp.Diff(map[string]string{"app": "agent"}, w.Snapshot().Daemons()[0].Labels); diff != "" {
		t.Error(diff)
	}
}

// LIF-060: a pod that is like the others changes nothing, so templates compiled
// with the daemons stay good.
func TestRepresentativeStays(t *testing.T) {
	w := newWorld(t)
	w.UpdateDaemonSet(daemonSet())
	w.pod(daemonPod("p", 1))
	before := w.Snapshot().Daemons()[0]
	w.pod(daemonPod("q", 2))
	w.UpdateDaemonSet(daemonSet())
	if w.Snapshot().Daemons()[0] != before {
		t.Error("an equal pod replaced the representative")
	}
	w.UpdateDaemonSet(daemonSet(func(set *appsv1.DaemonSet) { set.UID = "another" }))
	if got := w.Snapshot().Daemons(); len(got) != 1 || got[0] == before {
		t.Error("another DaemonSet of the name is not taken in")
	}
}

// SCH-127
func TestDaemonsWithDevices(t *testing.T) {
	devices := daemonSet(func(set *appsv1.DaemonSet) {
		set.Spec.Template.Spec.Containers[0].Resources.Claims = []corev1.ResourceClaim{{Name: "gpu"}}
	})
	for ignore, want := range map[bool]int{true: 0, false: 1} {
		w := newWorld(t, func(o *cluster.Options) { o.IgnoreDRARequests = ignore })
		w.UpdateDaemonSet(devices)
		if got := len(w.Snapshot().Daemons()); got != want {
			t.Errorf("ignoring %t: %d daemons, want %d", ignore, got, want)
		}
	}
}
