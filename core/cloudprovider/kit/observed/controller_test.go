// SPDX-License-Identifier: Apache-2.0

package observed_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/observed"
	"karpenter.sh/core/reconcile/index"
)

var errDown = errors.New("it is down")

func node(change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node", Labels: map[string]string{v1.NodeRegisteredLabelKey: "true"}}}
	n.Spec.ProviderID = "cloud://1"
	n.Status.Capacity = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("7800Mi")}
	for _, f := range change {
		f(n)
	}
	return n
}

func claim(name string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelInstanceTypeStable: "large"}}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: "cloud", Kind: "NodeClass", Name: "default"}
	c.Status.ProviderID, c.Status.ImageID = "cloud://1", "i1"
	for _, f := range change {
		f(c)
	}
	return c
}

// KIT-221: a registered Node of exactly one NodeClaim that says what it is.
func TestObserves(t *testing.T) {
	for _, tc := range []struct {
		reason string
		node   *corev1.Node
		claims []client.Object
		down   error
		want   string
	}{
		{"a registered node", node(), []client.Object{claim("a")}, nil, "[a 7800Mi]"},
		{"not registered", node(func(n *corev1.Node) { n.Labels = nil }), []client.Object{claim("a")}, nil, "[]"},
		{"no capacity yet", node(func(n *corev1.Node) { n.Status.Capacity = nil }), []client.Object{claim("a")}, nil, "[]"},
		{"no image", node(), []client.Object{claim("a", func(c *v1.NodeClaim) { c.Status.ImageID = "" })}, nil, "[]"},
		{"no type", node(), []client.Object{claim("a", func(c *v1.NodeClaim) { c.Labels = nil })}, nil, "[]"},
		{"no NodeClaim", node(), nil, nil, "[]"},
		{"another machine's NodeClaim", node(), []client.Object{claim("a", func(c *v1.NodeClaim) { c.Status.ProviderID = "cloud://2" })}, nil, "[]"},
		{"two NodeClaims", node(), []client.Object{claim("a"), claim("b")}, nil, "[]"},
		{"another provider's", node(), []client.Object{claim("a", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" })}, nil, "[]"},
		{"nobody can say yet", node(), []client.Object{claim("a")}, errDown, "[a 7800Mi]"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
				t.Fatal(err)
			}
			builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(tc.claims...)
			for _, f := range index.Fields() {
				if _, ok := f.Object.(*v1.NodeClaim); ok {
					builder = builder.WithIndex(f.Object, f.Name, f.Extract)
				}
			}
			told := []string{}
			c := observed.New(observed.Options{
				Client: builder.Build(), Kinds: cloudprovider.NodeClassKinds{schema.GroupKind{Group: "cloud", Kind: "NodeClass"}},
				Observe: func(_ context.Context, nodeClaim *v1.NodeClaim, memory resource.Quantity) error {
					told = append(told, nodeClaim.Name+" "+memory.String())
					return tc.down
				},
			})
			if _, err := c.Reconcile(t.Context(), tc.node); !errors.Is(err, tc.down) {
				t.Errorf("got %v", err)
			}
			if got := fmt.Sprint(told); got != tc.want {
				t.Errorf("told %s, want %s", got, tc.want)
			}
		})
	}
}

// KIT-220: a Node is looked at when it becomes registered, and at start-up.
func TestObservable(t *testing.T) {
	unregistered := node(func(n *corev1.Node) { n.Labels = nil })
	empty := node(func(n *corev1.Node) { n.Status.Capacity = nil })
	p := observed.Observable()
	for _, tc := range []struct {
		reason    string
		old, new  *corev1.Node
		observing bool
	}{
		{"there at start-up", nil, node(), true},
		{"there but not registered", nil, unregistered, false},
		{"registered now", unregistered, node(), true},
		{"its capacity is known now", empty, node(), true},
		{"registered before", node(), node(), false},
		{"registered no more", node(), unregistered, false},
	} {
		got := false
		if tc.old == nil {
			got = p.Create(event.CreateEvent{Object: tc.new})
		} else {
			got = p.Update(event.UpdateEvent{ObjectOld: tc.old, ObjectNew: tc.new})
		}
		if got != tc.observing {
			t.Errorf("%s: %t", tc.reason, got)
		}
	}
	if p.Delete(event.DeleteEvent{Object: node()}) {
		t.Error("a node that is gone is looked at")
	}
}
