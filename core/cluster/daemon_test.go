// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
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

func TestRepresentatives(t *testing.T) {
	pin := []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: corev1.NodeSelectorOpIn, Values: []string{"a"}}}
	zone := func(v string) []corev1.NodeSelectorRequirement {
		return []corev1.NodeSelectorRequirement{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{v}}}
	}
	live := func(change func(*corev1.Pod)) *corev1.Pod { p := daemonPod("p", 1); change(p); return p }
	for _, tc := range []struct {
		reason  string
		set     *appsv1.DaemonSet
		pod     *corev1.Pod
		cpu     string
		affects *corev1.Affinity
	}{
		{"SCH-120: the template, while there is no pod", daemonSet(), nil, "100m", nil},
		{"SCH-121: what is only limited is requested", daemonSet(func(set *appsv1.DaemonSet) {
			set.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{Limits: resources("cpu", "2")}
		}), nil, "2", nil},
		{"SCH-120: a live pod, as admission made it", daemonSet(), live(func(*corev1.Pod) {}), "1", nil},
		{"SCH-122: without the pin to its node", daemonSet(), live(func(p *corev1.Pod) {
			p.Spec.Affinity = required(corev1.NodeSelectorTerm{MatchFields: pin, MatchExpressions: zone("live")})
		}), "1", required(corev1.NodeSelectorTerm{MatchExpressions: zone("live")})},
		{"SCH-122: with the required affinity of the template", daemonSet(func(set *appsv1.DaemonSet) {
			set.Spec.Template.Spec.Affinity = required(corev1.NodeSelectorTerm{MatchExpressions: zone("template")})
		}), live(func(p *corev1.Pod) {
			p.Spec.Affinity = required(corev1.NodeSelectorTerm{MatchFields: pin, MatchExpressions: zone("live")})
		}), "1", required(corev1.NodeSelectorTerm{MatchExpressions: zone("template")})},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.UpdateDaemonSet(tc.set)
			if tc.pod != nil {
				w.pod(tc.pod)
			}
			daemons := w.Snapshot().Daemons()
			if len(daemons) != 1 {
				t.Fatalf("%d daemons", len(daemons))
			}
			if got := daemons[0].Spec.Containers[0].Resources.Requests.Cpu(); got.String() != tc.cpu {
				t.Errorf("cpu %s, want %s", got, tc.cpu)
			}
			if diff := cmp.Diff(tc.affects, daemons[0].Spec.Affinity); diff != "" {
				t.Error(diff)
			}
			if namespaced(daemons[0]) != namespaced(tc.set) {
				t.Errorf("named %s", namespaced(daemons[0]))
			}
		})
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
