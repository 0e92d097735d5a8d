// SPDX-License-Identifier: Apache-2.0

package observedcapacity_test

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

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/index"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/controllers/observedcapacity"
)

var errDown = errors.New("it is down")

// images selects ami-1 for everything.
type images struct{ err error }

func (i images) Selected(context.Context, *awsv1.EC2NodeClass, string) (string, error) {
	return "ami-1", i.err
}

// memory notes what it is told.
type memory struct{ told []string }

func (m *memory) Observe(nodeClass *awsv1.EC2NodeClass, instanceType string, capacity resource.Quantity) {
	m.told = append(m.told, fmt.Sprint(nodeClass.Name, " ", instanceType, " ", capacity.String()))
}

func node(change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node", Labels: map[string]string{v1.NodeRegisteredLabelKey: "true"}}}
	n.Spec.ProviderID = "aws:///z/i-1"
	n.Status.Capacity = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("7800Mi")}
	for _, f := range change {
		f(n)
	}
	return n
}

func claim(name string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelInstanceTypeStable: "m5.large"}}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: awsv1.Group, Kind: awsv1.NodeClassKind, Name: "default"}
	c.Status.ProviderID, c.Status.ImageID = "aws:///z/i-1", "ami-1"
	for _, f := range change {
		f(c)
	}
	return c
}

// AWS-203
func TestObserves(t *testing.T) {
	class := &awsv1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	for _, tc := range []struct {
		reason  string
		node    *corev1.Node
		objects []client.Object
		down    error
		want    bool
	}{
		{"a registered node", node(), []client.Object{class, claim("a")}, nil, true},
		{"not registered", node(func(n *corev1.Node) { n.Labels = nil }), []client.Object{class, claim("a")}, nil, false},
		{"no capacity yet", node(func(n *corev1.Node) { n.Status.Capacity = nil }), []client.Object{class, claim("a")}, nil, false},
		{"an image of before", node(), []client.Object{class, claim("a", func(c *v1.NodeClaim) { c.Status.ImageID = "ami-0" })}, nil, false},
		{"no image", node(), []client.Object{class, claim("a", func(c *v1.NodeClaim) { c.Status.ImageID = "" })}, nil, false},
		{"no type", node(), []client.Object{class, claim("a", func(c *v1.NodeClaim) { c.Labels = nil })}, nil, false},
		{"no NodeClaim", node(), []client.Object{class}, nil, false},
		{"two NodeClaims", node(), []client.Object{class, claim("a"), claim("b")}, nil, false},
		{"another provider's", node(), []client.Object{class, claim("a", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" })}, nil, false},
		{"the NodeClass is gone", node(), []client.Object{claim("a")}, nil, false},
		{"no image can be selected", node(), []client.Object{class, claim("a")}, errDown, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme), awsv1.AddToScheme(scheme)); err != nil {
				t.Fatal(err)
			}
			builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(tc.objects...)
			for _, f := range index.Fields() {
				if _, ok := f.Object.(*v1.NodeClaim); ok {
					builder = builder.WithIndex(f.Object, f.Name, f.Extract)
				}
			}
			m := &memory{}
			c := observedcapacity.New(observedcapacity.Options{
				Client: builder.Build(), Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())}, Images: images{tc.down}, Memory: m,
			})
			if _, err := c.Reconcile(t.Context(), tc.node); !errors.Is(err, tc.down) && tc.down != nil || (err != nil) != (tc.down != nil) {
				t.Errorf("got %v", err)
			}
			if got := fmt.Sprint(m.told); (got == "[default m5.large 7800Mi]") != tc.want || len(m.told) > 1 {
				t.Errorf("told %s", got)
			}
		})
	}
}
