// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/controllers/garbagecollection"
	"karpenter.sh/providers/clusterapi/internal/simcapi"
)

// nodeClaim stores a NodeClaim of the NodeClass.
func (w *world) nodeClaim(name string) *karpv1.NodeClaim {
	w.t.Helper()
	nodeClaim := &karpv1.NodeClaim{}
	nodeClaim.Name, nodeClaim.UID = name, types.UID("uid-of-"+name)
	nodeClaim.Labels = map[string]string{karpv1.NodePoolLabelKey: "pool"}
	nodeClaim.Spec.NodeClassRef = karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	w.must(w.workload.Create(w.t.Context(), nodeClaim))
	return w.stored(nodeClaim)
}

// stored is a NodeClaim as the core has it.
func (w *world) stored(nodeClaim *karpv1.NodeClaim) *karpv1.NodeClaim {
	w.t.Helper()
	now := &karpv1.NodeClaim{}
	w.must(w.workload.Get(w.t.Context(), client.ObjectKeyFromObject(nodeClaim), now))
	return now
}

func wantClass(t *testing.T, err error, want cloudprovider.ErrorClass) {
	t.Helper()
	if err == nil || cloudprovider.ClassOf(err) != want {
		t.Fatalf("got %v, want class %d", err, want)
	}
}

// CAPI-031, CAPI-063
func TestReferences(t *testing.T) {
	w := newWorld(t)
	for reason, nodeClaim := range map[string]*karpv1.NodeClaim{"no NodeClaim": nil, "no reference": {}} {
		if _, err := w.front.CloudProvider.Create(t.Context(), nodeClaim); err == nil || cloudprovider.ClassOf(err) != cloudprovider.ClassOther {
			t.Errorf("%s: %v", reason, err)
		}
	}
	for reason, pool := range map[string]*karpv1.NodePool{"no NodePool": nil, "no reference": {}} {
		if _, err := w.front.GetInstanceTypes(t.Context(), pool); err == nil {
			t.Errorf("%s: no error", reason)
		}
	}
}

// CAPI-032, CAPI-043: a launch waits for the ID, and is taken up by the next attempt.
func TestResume(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Slow()
	nodeClaim := w.nodeClaim("nc")
	for range 2 {
		_, err := w.front.Create(t.Context(), nodeClaim)
		wantClass(t, err, cloudprovider.ClassOther)
		if name := w.Machines(md)[0].Name; !strings.Contains(err.Error(), `waiting for Machine "`+name+`" to have ProviderID`) {
			t.Errorf("got %v", err)
		}
		nodeClaim = w.stored(nodeClaim)
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		w.Provision()
	}()
	created, err := w.front.Create(t.Context(), nodeClaim)
	if err != nil || w.Count() != 1 {
		t.Fatalf("got %v, and %d Machines", err, w.Count())
	}
	m := w.Machines(md)[0]
	if created.Status.ProviderID != m.Spec.ProviderID || created.Annotations[v1alpha1.AnnotationMachine] != m.Namespace+"/"+m.Name ||
		created.Annotations[v1alpha1.AnnotationNodeClaim] != "" || created.Labels[label.InstanceType] != "small" || created.Labels[label.Zone] != "a" {
		t.Errorf("got %+v", created)
	}
}

// CAPI-006, CAPI-032: a Machine that will not serve is replaced; a name that cannot be
// read is an error without a call.
func TestResumeOfOthers(t *testing.T) {
	for reason, spoil := range map[string]func(*world, client.ObjectKey, *karpv1.NodeClaim){
		"it is gone": func(w *world, md client.ObjectKey, _ *karpv1.NodeClaim) {
			m := w.Machines(md)[0]
			w.must(w.API.Delete(w.t.Context(), &m))
			w.LetGo()
		},
		"it terminates": func(w *world, md client.ObjectKey, _ *karpv1.NodeClaim) {
			m := w.Machines(md)[0]
			w.must(w.API.Delete(w.t.Context(), &m))
			w.Work()
		},
		"another one claims it": func(w *world, md client.ObjectKey, _ *karpv1.NodeClaim) {
			m := w.Machines(md)[0]
			w.ChangeMachine(client.ObjectKeyFromObject(&m), func(m *capi.Machine) { m.Annotations[v1alpha1.AnnotationNodeClaim] = "other/uid" })
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			md := w.deployment("md", "small", "a")
			nodeClaim := w.nodeClaim("nc")
			first, err := w.front.Create(t.Context(), nodeClaim)
			w.must(err)
			nodeClaim = w.stored(nodeClaim)
			spoil(w, md, nodeClaim)
			second, err := w.front.Create(t.Context(), nodeClaim)
			if err != nil || second.Status.ProviderID == first.Status.ProviderID {
				t.Errorf("got %v after %v, %v", second, first.Status.ProviderID, err)
			}
			if got := w.stored(nodeClaim).Annotations[v1alpha1.AnnotationMachine]; got != second.Annotations[v1alpha1.AnnotationMachine] {
				t.Errorf("stored %q, answered %q", got, second.Annotations[v1alpha1.AnnotationMachine])
			}
		})
	}
	w := newWorld(t)
	odd := w.nodeClaim("odd")
	odd.Annotations = map[string]string{v1alpha1.AnnotationMachine: "a/b/c"}
	w.CountAnew()
	_, err := w.front.Create(t.Context(), odd)
	wantClass(t, err, cloudprovider.ClassOther)
	wantClass(t, w.front.Delete(t.Context(), odd), cloudprovider.ClassOther)
	if n := w.Calls(simcapi.Call{}); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// CAPI-044
func TestBrokenMachine(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Slow()
	nodeClaim := w.nodeClaim("nc")
	_, err := w.front.Create(t.Context(), nodeClaim)
	wantClass(t, err, cloudprovider.ClassOther)
	m := w.Machines(md)[0]
	w.ChangeMachine(client.ObjectKeyFromObject(&m), func(m *capi.Machine) { m.Status.Phase = "Failed" })
	_, err = w.front.Create(t.Context(), w.stored(nodeClaim))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	if o := w.offering("small"); o.Available || w.Get(md).Replicas() != 0 {
		t.Errorf("available: %t, with %d replicas", o.Available, w.Get(md).Replicas())
	}
	w.clock.Step(3 * time.Minute)
	if !w.offering("small").Available {
		t.Error("still unavailable")
	}
}

// CAPI-046, CAPI-053
func TestDeleteWithoutID(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Slow()
	nodeClaim := w.nodeClaim("nc")
	_, err := w.front.Create(t.Context(), nodeClaim)
	wantClass(t, err, cloudprovider.ClassOther)
	nodeClaim = w.stored(nodeClaim)
	for range 2 {
		w.must(w.front.Delete(t.Context(), nodeClaim))
		if w.Get(md).Replicas() != 0 {
			t.Errorf("%d replicas", w.Get(md).Replicas())
		}
	}
	w.LetGo()
	wantClass(t, w.front.Delete(t.Context(), nodeClaim), cloudprovider.ClassNodeClaimNotFound)
	wantClass(t, w.front.Delete(t.Context(), w.nodeClaim("never")), cloudprovider.ClassNodeClaimNotFound)
}

// CAPI-055, CAPI-111: a NodeClaim that is gone before its Machine has a provider ID.
func TestCollectWithoutID(t *testing.T) {
	w := newWorld(t)
	md := w.deployment("md", "small", "a")
	w.Slow()
	nodeClaim := w.nodeClaim("nc")
	_, err := w.front.Create(t.Context(), nodeClaim)
	wantClass(t, err, cloudprovider.ClassOther)
	w.clock.Step(garbagecollection.Grace + time.Second)
	c := &cloud{w}
	c.round(t, func() {})
	if got := w.Get(md).Replicas(); got != 1 {
		t.Errorf("%d replicas while the NodeClaim waits", got)
	}
	w.must(w.workload.Delete(t.Context(), nodeClaim))
	c.round(t, func() {})
	c.round(t, func() {})
	if got := w.Get(md).Replicas(); got != 0 {
		t.Errorf("%d replicas after it is gone", got)
	}
}
