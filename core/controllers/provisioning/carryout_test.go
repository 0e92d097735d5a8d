// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
)

func limited(cpu string) func(*v1.NodePool) {
	return func(np *v1.NodePool) { np.Spec.Limits = v1.Limits{corev1.ResourceCPU: resource.MustParse(cpu)} }
}

// crowded tells the model of a full node of the pool "default".
func (w *world) crowded(name, cpu string) {
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1.NodePoolLabelKey: "default", v1.NodeInitializedLabelKey: "true"}},
		Spec:       corev1.NodeSpec{ProviderID: "x://" + name},
		Status:     corev1.NodeStatus{Capacity: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
	})
}

// SCH-203: what becomes of a pool between the plan and the creation.
func TestPoolsAreReadAgain(t *testing.T) {
	for _, tc := range []struct {
		why   string
		event func(*world, *v1.NodePool) error
		want  int
	}{
		{"nothing", func(*world, *v1.NodePool) error { return nil }, 1},
		{"nodes up to the limit", func(w *world, _ *v1.NodePool) error { w.crowded("new", "16"); return nil }, 1},
		{"nodes beyond the limit", func(w *world, _ *v1.NodePool) error { w.crowded("new", "17"); return nil }, 0},
		{"a lower limit", func(w *world, np *v1.NodePool) error {
			limited("3")(np)
			return w.client.Update(w.t.Context(), np)
		}, 0},
		{"a higher limit", func(w *world, np *v1.NodePool) error {
			w.crowded("new", "17")
			limited("30")(np)
			return w.client.Update(w.t.Context(), np)
		}, 1},
		{"its end", func(w *world, np *v1.NodePool) error { return w.client.Delete(w.t.Context(), np) }, 0},
		{"silence", func(*world, *v1.NodePool) error { return errors.New("no answer") }, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, readyPool("default", limited("20")), pendingPod("a", "1"))
			w.crowded("old", "4")
			happened := false
			w.blind = func(o client.Object) error {
				if _, ofPool := o.(*v1.NodePool); !ofPool || happened {
					return nil
				}
				happened = true
				np := &v1.NodePool{}
				if err := w.client.Get(t.Context(), client.ObjectKey{Name: "default"}, np); err != nil {
					return err
				}
				return tc.event(w, np)
			}
			err := w.round()
			if (err != nil) != (tc.want == 0) || !happened {
				t.Errorf("the round ended with %v, after the pool was read: %v", err, happened)
			}
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims, want %d", n, tc.want)
			}
		})
	}
}

// SCH-202, SCH-236: until it is known which type a NodeClaim gets, the next round
// expects the most of each resource.
func TestLaunchesCountInFull(t *testing.T) {
	pool := readyPool("default", func(np *v1.NodePool) {
		np.Spec.Limits = v1.Limits{corev1.ResourceCPU: resource.MustParse("12"), corev1.ResourceMemory: resource.MustParse("50Gi")}
	})
	w := newWorld(t, pool, pendingPod("a", "1"))
	w.provider.SetInstanceTypes(
		fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 4}),
		fake.NewInstanceType(fake.TypeSpec{Name: "roomy", CPU: 4, Memory: 32}),
		fake.NewInstanceType(fake.TypeSpec{Name: "fast", CPU: 8, Memory: 16}),
	)
	w.must(w.round())
	first := w.nodeClaims()
	if len(first) != 1 || len(admitted(first[0])) != 3 {
		t.Fatalf("got %v", first)
	}
	w.must(w.client.Create(t.Context(), pendingPod("b", "1")))
	w.must(w.round())
	second := slices.DeleteFunc(w.nodeClaims(), func(nc v1.NodeClaim) bool { return nc.Name == first[0].Name })
	if len(second) != 1 || !slices.Equal(admitted(second[0]), []string{"small"}) {
		t.Errorf("got %v, want one of the only type that the limits leave room for", second)
	}
}

// admitted are the types that a NodeClaim may get.
func admitted(nc v1.NodeClaim) []string {
	for _, r := range nc.Spec.Requirements {
		if r.Key == corev1.LabelInstanceTypeStable {
			return r.Values
		}
	}
	return nil
}

// SCH-236, LIF-069: the successor of a pod gets its place, unless what stays of the
// others is in its way.
func TestSuccessorsTakeThePlace(t *testing.T) {
	port := func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}}
	}
	for _, tc := range []struct {
		why       string
		successor *corev1.Pod
		want      int
	}{
		{"the like", pendingPod("successor", "2"), 1},
		{"a larger one", pendingPod("successor", "3"), 2},
		{"one that needs a port that is taken", pendingPod("successor", "2", port), 2},
	} {
		t.Run(tc.why, func(t *testing.T) {
			gone := pendingPod("gone", "2")
			w := newWorld(t, readyPool("default"), pendingPod("stays", "2", port), gone)
			w.must(w.round())
			if n := len(w.nodeClaims()); n != 1 {
				t.Fatalf("got %d NodeClaims for two small pods", n)
			}
			w.must(w.client.Delete(t.Context(), gone))
			w.cluster.DeletePod(client.ObjectKeyFromObject(gone))
			w.must(w.client.Create(t.Context(), tc.successor))
			w.must(w.round())
			if n := len(w.nodeClaims()); n != tc.want {
				t.Errorf("got %d NodeClaims, want %d", n, tc.want)
			}
		})
	}
}
