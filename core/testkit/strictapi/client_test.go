// SPDX-License-Identifier: Apache-2.0

package strictapi_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/testkit/strictapi"
)

// listener is a test that notes how it fails.
type listener struct {
	testing.TB
	failures []string
}

func (l *listener) Errorf(format string, args ...any) {
	l.failures = append(l.failures, fmt.Sprintf(format, args...))
}

// LIF-007, LIF-151: who deletes says what.
func TestUIDs(t *testing.T) {
	right, wrong := types.UID("right"), types.UID("wrong")
	evict := func(uid *types.UID) func(client.Client, *corev1.Pod) error {
		return func(c client.Client, pod *corev1.Pod) error {
			eviction := &policyv1.Eviction{}
			if uid != nil {
				eviction.DeleteOptions = &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: uid}}
			}
			return c.SubResource("eviction").Create(t.Context(), pod, eviction)
		}
	}
	remove := func(opts ...client.DeleteOption) func(client.Client, *corev1.Pod) error {
		return func(c client.Client, pod *corev1.Pod) error { return c.Delete(t.Context(), pod, opts...) }
	}
	tests := []struct {
		name            string
		do              func(client.Client, *corev1.Pod) error
		fails, conflict bool
	}{
		{name: "a delete with the UID", do: remove(client.Preconditions{UID: &right})},
		{name: "a delete without", do: remove(), fails: true},
		{name: "a delete with an empty one", do: remove(client.Preconditions{UID: new(types.UID)}), fails: true},
		{name: "a delete of another", do: remove(client.Preconditions{UID: &wrong}), conflict: true},
		{name: "an eviction with the UID", do: evict(&right)},
		{name: "an eviction without", do: evict(nil), fails: true},
		{name: "an eviction of another", do: evict(&wrong), conflict: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: right}}
			l := &listener{TB: t}
			err := tt.do(strictapi.Client(l, fake.NewClientBuilder().WithObjects(pod).Build()), pod)
			if errors.IsConflict(err) != tt.conflict || !tt.conflict && err != nil {
				t.Errorf("the answer is %v", err)
			}
			if (len(l.failures) > 0) != tt.fails {
				t.Errorf("the test failed with %q", l.failures)
			}
		})
	}
}

func TestPatches(t *testing.T) {
	tests := map[string]string{
		"a test that fails": `[{"op":"test","path":"/metadata/uid","value":"other"}]`,
		"a second taint":    `[{"op":"add","path":"/spec/taints/-","value":{"key":"k","effect":"NoSchedule"}}]`,
	}
	for name, operations := range tests {
		t.Run(name, func(t *testing.T) {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "right"}}
			node.Spec.Taints = []corev1.Taint{{Key: "k", Value: "v", Effect: "NoSchedule"}}
			c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(node).Build())
			if err := c.Patch(t.Context(), node, client.RawPatch(types.JSONPatchType, []byte(operations))); !errors.IsInvalid(err) {
				t.Errorf("the answer is %v, want an invalid request", err)
			}
		})
	}
}
