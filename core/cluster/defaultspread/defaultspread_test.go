// SPDX-License-Identifier: Apache-2.0

package defaultspread_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/cluster/defaultspread"
)

var constraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}}

// reader answers from objects and counts the questions.
type reader struct {
	client.Client
	asked   int
	failing bool
}

func newReader(objects ...client.Object) *reader {
	r := &reader{}
	ask := func() error {
		r.asked++
		if r.failing {
			return errors.New("unreachable")
		}
		return nil
	}
	r.Client = fake.NewClientBuilder().WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := ask(); err != nil {
				return err
			}
			return c.Get(ctx, key, o, opts...)
		},
		List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			if err := ask(); err != nil {
				return err
			}
			return c.List(ctx, l, opts...)
		},
	}).Build()
	return r
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name)}
}

func service(name string, selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: meta(name), Spec: corev1.ServiceSpec{Selector: selector}}
}

func pod(labels map[string]string, owners ...metav1.OwnerReference) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", Labels: labels, OwnerReferences: owners}}
}

func ownedBy(apiVersion, kind, name string) metav1.OwnerReference {
	yes := true
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(name), Controller: &yes}
}

func notController(ref metav1.OwnerReference) metav1.OwnerReference {
	ref.Controller = nil
	return ref
}

// SCH-172: where selectors are looked up, and which owners say nothing.
func TestLookups(t *testing.T) {
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "a"}}
	objects := []client.Object{
		service("late", map[string]string{"tier": "late"}), service("early", map[string]string{"app": "a", "tier": "late"}),
		service("headless", nil),
		&corev1.ReplicationController{ObjectMeta: meta("rc"), Spec: corev1.ReplicationControllerSpec{Selector: map[string]string{"app": "rc"}}},
		&appsv1.ReplicaSet{ObjectMeta: meta("rs"), Spec: appsv1.ReplicaSetSpec{Selector: selector}},
		&appsv1.StatefulSet{ObjectMeta: meta("set"), Spec: appsv1.StatefulSetSpec{Selector: selector}},
	}
	renewed := ownedBy("apps/v1", "ReplicaSet", "rs")
	renewed.UID = "another"
	for _, tc := range []struct {
		why  string
		pod  *corev1.Pod
		want string
	}{
		{"Services", pod(map[string]string{"app": "a", "tier": "late"}), "app=a,tier=late"},
		{"a ReplicationController", pod(nil, ownedBy("v1", "ReplicationController", "rc")), "app=rc"},
		{"a ReplicaSet", pod(nil, ownedBy("apps/v1", "ReplicaSet", "rs")), "app in (a)"},
		{"a StatefulSet", pod(nil, ownedBy("apps/v1", "StatefulSet", "set")), "app in (a)"},
		{"another version of the API", pod(nil, ownedBy("apps/v1beta1", "ReplicaSet", "rs")), ""},
		{"another kind", pod(nil, ownedBy("batch/v1", "Job", "rs")), ""},
		{"an owner that is no controller", pod(nil, notController(ownedBy("apps/v1", "ReplicaSet", "rs"))), ""},
		{"an owner that is gone", pod(nil, ownedBy("apps/v1", "ReplicaSet", "gone")), ""},
		{"a namesake of the owner", pod(nil, renewed), ""},
		{"nothing", pod(map[string]string{"app": "b"}), ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			got := defaultspread.New(constraints, newReader(objects...)).Pass(t.Context())(tc.pod)
			if tc.want == "" {
				if got != nil {
					t.Errorf("got %v", got)
				}
				return
			}
			if len(got) != 1 || metav1.FormatLabelSelector(got[0].LabelSelector) != tc.want {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}

// SCH-172, EXT-186: what cannot be read counts as not being there.
func TestUnreadable(t *testing.T) {
	r := newReader(service("s", map[string]string{"app": "a"}))
	r.failing = true
	if got := defaultspread.New(constraints, r).Pass(t.Context())(pod(map[string]string{"app": "a"}, ownedBy("apps/v1", "ReplicaSet", "rs"))); got != nil {
		t.Errorf("got %v", got)
	}
}

// EXT-187: one look at each namespace and controller in a pass, whatever the
// number of pods and of distinct labels.
func TestLooksOnce(t *testing.T) {
	r := newReader(service("s", map[string]string{"app": "a"}))
	pass := defaultspread.New(constraints, r).Pass(t.Context())
	for i := range 100 {
		labels := map[string]string{"app": "a", "index": fmt.Sprint(i % 10)}
		if got := pass(pod(labels, ownedBy("apps/v1", "ReplicaSet", "gone"))); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
	}
	if r.asked != 2 {
		t.Errorf("asked %d times, want once for the Services and once for the ReplicaSet", r.asked)
	}
	if got := pass(pod(map[string]string{"app": "b"})); got != nil {
		t.Errorf("pods of other labels share the answer: %v", got)
	}
}

// SCH-170: without default constraints nothing is read.
func TestOff(t *testing.T) {
	if pass := defaultspread.New(nil, newReader()).Pass(t.Context()); pass != nil {
		t.Error("there are defaults")
	}
	var none *defaultspread.Source
	if none.Pass(t.Context()) != nil {
		t.Error("nobody gave defaults")
	}
}
