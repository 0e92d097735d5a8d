// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// interval is how long resolved images and subnets are believed.
const interval = time.Minute

func (w *world) nodeClass() *v1.EC2NodeClass {
	w.t.Helper()
	c := &v1.EC2NodeClass{}
	w.must(w.api.Get(w.t.Context(), client.ObjectKey{Name: "default"}, c))
	return c
}

// edit changes the spec, as a user does.
func (w *world) edit(change func(*v1.EC2NodeClassSpec)) {
	w.t.Helper()
	c := w.nodeClass()
	change(&c.Spec)
	c.Generation++
	w.must(w.api.Update(w.t.Context(), c))
}

// hash runs the controller nodeclass.hash once.
func (w *world) hash() {
	w.t.Helper()
	_, err := controllersOf[*statichash.Controller[*v1.EC2NodeClass]](w)[0].Reconcile(w.t.Context(), w.nodeClass())
	w.must(err)
}

// resolve runs the controllers of the NodeClass once.
func (w *world) resolve() {
	w.t.Helper()
	_, err := controllersOf[*resolution.Controller[*v1.EC2NodeClass]](w)[0].Reconcile(w.t.Context(), w.nodeClass())
	w.must(err)
	w.hash()
}

// change is an edit that is resolved; the NodeClass must be ready after it.
func (w *world) change(change func(*v1.EC2NodeClassSpec)) {
	w.t.Helper()
	w.edit(change)
	w.resolve()
	c := w.nodeClass()
	if root := c.StatusConditions().Root(); !root.IsTrue() || root.ObservedGeneration != c.Generation {
		w.t.Fatalf("the NodeClass is not ready: %+v", c.Status.Conditions)
	}
}

// remove deletes the NodeClass, whatever holds it.
func (w *world) remove() {
	c := w.nodeClass()
	c.Finalizers = nil
	w.must(errors.Join(w.api.Update(w.t.Context(), c), w.api.Delete(w.t.Context(), c)))
}

func (w *world) setReady(_ testing.TB, is metav1.ConditionStatus, message string) {
	c := w.nodeClass()
	for i := range c.Status.Conditions {
		if condition := &c.Status.Conditions[i]; condition.Type == "Ready" {
			condition.Status, condition.Message, condition.ObservedGeneration = is, message, c.Generation
		}
	}
	w.must(w.api.Status().Update(w.t.Context(), c))
}

func (w *world) nodeClasses() *conformance.NodeClasses {
	return &conformance.NodeClasses{
		Remove:       func(testing.TB) { w.remove() },
		Terminate:    func(t testing.TB) { w.must(w.api.Delete(t.Context(), w.nodeClass())) }, // its finalizer holds it
		BreakLookup:  func(testing.TB) { w.noLookup.Store(true) },
		SetReady:     w.setReady,
		EventReasons: w.events.Reasons,
	}
}

// subnetsBut selects the subnets of all zones but one.
func (w *world) subnetsBut(zone string) []v1.SubnetSelectorTerm {
	var terms []v1.SubnetSelectorTerm
	for _, s := range w.Setup.Subnets {
		if s.Zone != zone {
			terms = append(terms, v1.SubnetSelectorTerm{ID: s.ID})
		}
	}
	return terms
}

func (w *world) edits() *conformance.Edits {
	const zone = "us-west-2a"
	return &conformance.Edits{
		Edit: func(testing.TB) string {
			w.edit(func(s *v1.EC2NodeClassSpec) { s.SubnetSelectorTerms = w.subnetsBut(zone) })
			return zone
		},
		Resolve: func(testing.TB) { w.resolve() },
	}
}

// ending is the end of the NodeClass, for which a profile and templates were made.
func (w *world) ending() *conformance.Ending {
	return &conformance.Ending{
		Store: w.store,
		Remove: func(t testing.TB, claim *karpv1.NodeClaim) {
			stored := w.stored(t, claim.Name)
			stored.Finalizers = nil
			w.must(errors.Join(w.api.Update(t.Context(), stored), client.IgnoreNotFound(w.api.Delete(t.Context(), stored))))
		},
		Delete: func(t testing.TB) { w.must(w.api.Delete(t.Context(), w.nodeClass())) },
		Reconcile: func(t testing.TB) {
			list := &v1.EC2NodeClassList{}
			w.must(w.api.List(t.Context(), list))
			for i := range list.Items {
				_, _ = controllersOf[*finalization.Controller[*v1.EC2NodeClass]](w)[0].Reconcile(t.Context(), &list.Items[i])
			}
		},
		BreakCleanUp: func(testing.TB) { w.Fail("ec2:DeleteLaunchTemplate", "InternalError", "") },
		MendCleanUp:  func(testing.TB) { w.Heal() },
		Gone: func() bool {
			return w.api.Get(w.t.Context(), client.ObjectKey{Name: "default"}, &v1.EC2NodeClass{}) != nil
		},
		Owned: w.owned,
	}
}

// owned counts what the provider made for NodeClasses.
func (w *world) owned() int {
	figures := w.Cloud.Summary()
	return figures["launchTemplates"].(int) + figures["instanceProfiles"].(int) - 1 // ownProfile is the user's
}

// store writes a NodeClaim as the API server would have it.
func (w *world) store(t testing.TB, claim *karpv1.NodeClaim) {
	object := claim.DeepCopy()
	object.ResourceVersion, object.CreationTimestamp = "", metav1.NewTime(w.Clock.Now())
	object.Finalizers = []string{karpv1.TerminationFinalizer}
	w.must(w.api.Create(t.Context(), object))
}

// stored is a NodeClaim as it is stored, or nil.
func (w *world) stored(t testing.TB, name string) *karpv1.NodeClaim {
	claim := &karpv1.NodeClaim{}
	err := w.api.Get(t.Context(), client.ObjectKey{Name: name}, claim)
	w.must(client.IgnoreNotFound(err))
	if err != nil {
		return nil
	}
	return claim
}
