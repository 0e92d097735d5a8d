// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/kwok/apis/v1alpha1"
)

func TestInjectCreateError(t *testing.T) { // KWOK-039
	for value, want := range map[string]cloudprovider.ErrorClass{
		"InsufficientCapacity": cloudprovider.ClassInsufficientCapacity,
		"NodeClassNotReady":    cloudprovider.ClassNodeClassNotReady,
		"CreateError":          cloudprovider.ClassCreateError,
		"Unknown":              cloudprovider.ClassOther,
	} {
		t.Run(value, func(t *testing.T) {
			w := newWorld(t, settings{inject: true, nodeMeta: map[string]string{v1alpha1.AnnotationCreateError: value}})
			_, err := w.Create(t.Context(), nodeClaim("claim"))
			wantClass(t, err, want)
			if e, ok := cloudprovider.AsCreateError(err); ok && e.Reason != "InjectedFailure" {
				t.Errorf("reason %s", e.Reason)
			}
			w.annotate(t, nil) // evaluated for each call
			w.create(t, nodeClaim("claim"))
		})
	}
}

func TestInjectCreateErrorRate(t *testing.T) { // KWOK-039
	drawn := []float64{0.1, 0.29, 0.3, 0.9}
	w := newWorld(t, settings{
		inject: true,
		random: func() float64 { next := drawn[0]; drawn = drawn[1:]; return next },
		nodeMeta: map[string]string{
			v1alpha1.AnnotationCreateError:     "InsufficientCapacity",
			v1alpha1.AnnotationCreateErrorRate: "0.3",
		},
	})
	for i, fails := range []bool{true, true, false, false} {
		if _, err := w.Create(t.Context(), nodeClaim(fmt.Sprint("claim-", i))); (err != nil) != fails {
			t.Errorf("launch %d: got %v", i, err)
		}
	}
}

func TestInjectUnavailableOfferings(t *testing.T) { // KWOK-039
	w := newWorld(t, settings{inject: true, nodeMeta: map[string]string{
		v1alpha1.AnnotationUnavailableOfferings: "spot/c-1x-amd64-linux/*, */*/test-zone-b,nonsense",
	}})
	types, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range types {
		for _, o := range it.Offerings {
			gone := o.Zone() == "test-zone-b" || (it.Name == "c-1x-amd64-linux" && o.CapacityType() == label.Spot)
			if o.Available == gone {
				t.Errorf("%s %s: available %t", it.Name, o.Requirements, o.Available)
			}
		}
	}
	_, err = w.Create(t.Context(), nodeClaim("claim", in(label.InstanceType, "c-1x-amd64-linux"), in(label.CapacityType, "spot")))
	wantClass(t, err, cloudprovider.ClassInsufficientCapacity)
	again, err := w.GetInstanceTypes(t.Context(), nodePool())
	if err != nil || types[0] != again[0] { // CP-035
		t.Errorf("the same state is the same pointer: %v", err)
	}
}

func TestInjectNeverRegister(t *testing.T) { // KWOK-039
	w := newWorld(t, settings{inject: true, nodeMeta: map[string]string{v1alpha1.AnnotationNeverRegister: "true"}})
	never := w.create(t, nodeClaim("never"))
	w.annotate(t, nil)
	w.node(t, w.create(t, nodeClaim("other"))) // registrations are carried out in order
	if len(w.nodes(t)) != 1 {
		t.Error("the Node appeared")
	}
	if _, err := w.Get(t.Context(), never.Status.ProviderID); err != nil {
		t.Errorf("the machine exists, but %v", err)
	}
}

func TestInjectDriftReason(t *testing.T) { // KWOK-028, KWOK-039
	for value, want := range map[string]cloudprovider.DriftReason{"ImageDrift": "ImageDrift", "not a reason": "", "": ""} {
		w := newWorld(t, settings{inject: true, nodeMeta: map[string]string{v1alpha1.AnnotationDriftReason: value}})
		if got, err := w.IsDrifted(t.Context(), nodeClaim("claim")); got != want || err != nil {
			t.Errorf("%q: got %q, %v", value, got, err)
		}
	}
	w := newWorld(t, settings{})
	if got, err := w.IsDrifted(t.Context(), nodeClaim("claim")); got != "" || err != nil {
		t.Errorf("without injection: got %q, %v", got, err)
	}
}

func TestInjectTerminationDelay(t *testing.T) { // KWOK-039
	w := newWorld(t, settings{inject: true, nodeMeta: map[string]string{v1alpha1.AnnotationTerminationDelay: "20s"}})
	claim := nodeClaim("claim")
	claim.Status = w.create(t, claim).Status
	w.node(t, claim)
	for range 2 {
		if err := w.Delete(t.Context(), claim); err != nil {
			t.Fatalf("terminating, but %v", err)
		}
		if listed, err := w.List(t.Context()); err != nil || len(listed) != 1 || listed[0].DeletionTimestamp.IsZero() {
			t.Errorf("listed %v, %v", listed, err)
		}
		w.clock.Step(10 * time.Second)
	}
	wantClass(t, w.Delete(t.Context(), claim), cloudprovider.ClassNodeClaimNotFound)
	if len(w.nodes(t)) != 0 {
		t.Error("the Node is left")
	}
}

func TestInjectLatency(t *testing.T) { // KWOK-039
	w := newWorld(t, settings{})
	created := w.create(t, nodeClaim("claim"))
	w.node(t, created)
	slow := w.restart(t, settings{inject: true})
	w.annotate(t, map[string]string{v1alpha1.AnnotationAPILatency: "1s"})
	claim := nodeClaim("claim")
	claim.Status = created.Status
	for _, operation := range []struct {
		name string
		call func(context.Context) error
	}{
		{"Create", func(ctx context.Context) error { _, err := slow.Create(ctx, nodeClaim("other")); return err }},
		{"Get", func(ctx context.Context) error { _, err := slow.Get(ctx, created.Status.ProviderID); return err }},
		{"List", func(ctx context.Context) error { _, err := slow.List(ctx); return err }},
		{"GetInstanceTypes", func(ctx context.Context) error { _, err := slow.GetInstanceTypes(ctx, nodePool()); return err }},
		{"IsDrifted", func(ctx context.Context) error { _, err := slow.IsDrifted(ctx, claim); return err }},
		{"Delete", func(ctx context.Context) error { return slow.Delete(ctx, claim) }},
	} {
		t.Run(operation.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- operation.call(ctx) }()
			eventually(t, "the wait", w.clock.HasWaiters)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) { // CP-008
				t.Errorf("got %v, want the cancellation", err)
			}
			go func() { done <- operation.call(t.Context()) }()
			eventually(t, "the wait", w.clock.HasWaiters)
			w.clock.Step(time.Second)
			if err := <-done; cloudprovider.IgnoreNodeClaimNotFoundError(err) != nil {
				t.Errorf("got %v after the wait", err)
			}
		})
	}
}

// KWOK-038, KWOK-039: without the switch annotations mean nothing, and with it
// what cannot be read means nothing.
func TestInjectNothing(t *testing.T) {
	valid := map[string]string{
		v1alpha1.AnnotationCreateError: "Unknown", v1alpha1.AnnotationNeverRegister: "true",
		v1alpha1.AnnotationAPILatency: "1h", v1alpha1.AnnotationUnavailableOfferings: "*/*/*",
	}
	invalid := map[string]string{
		v1alpha1.AnnotationCreateError: "Other", v1alpha1.AnnotationCreateErrorRate: "2", v1alpha1.AnnotationNeverRegister: "yes",
		v1alpha1.AnnotationAPILatency: "-1s", v1alpha1.AnnotationTerminationDelay: "soon", v1alpha1.AnnotationUnavailableOfferings: "all",
	}
	for name, s := range map[string]settings{
		"disabled": {nodeMeta: valid}, "unreadable": {inject: true, nodeMeta: invalid},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, s)
			claim := nodeClaim("claim")
			claim.Status = w.create(t, claim).Status
			w.node(t, claim)
			wantClass(t, w.Delete(t.Context(), claim), cloudprovider.ClassNodeClaimNotFound)
		})
	}
}

func TestConstants(t *testing.T) {
	w := newWorld(t, settings{noStart: true})
	policies := w.RepairPolicies() // KWOK-029, CP-038
	want := []cloudprovider.RepairPolicy{
		{ConditionType: "Ready", ConditionStatus: "False", TolerationDuration: 10 * time.Minute},
		{ConditionType: "Ready", ConditionStatus: "Unknown", TolerationDuration: 10 * time.Minute},
	}
	if fmt.Sprint(policies) != fmt.Sprint(want) {
		t.Errorf("policies %v", policies)
	}
	words, err := cloudprovider.VocabularyOf(w.Provider) // KWOK-004
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"instance-size", "instance-family", "instance-cpu", "instance-memory", "reservation-id"} {
		if !words.IsWellKnown("karpenter.kwok.sh/" + key) {
			t.Errorf("%s is not well-known", key)
		}
	}
	if !words.IsRestricted("karpenter.kwok.sh/other") || !words.IsRestricted("sub.karpenter.kwok.sh/x") {
		t.Error("the provider's domain is open")
	}
	types, err := w.Catalogue(t.Context())
	if err != nil || len(types) != 144 || cloudprovider.CheckKeys(types, words.IsWellKnown) != nil { // CP-006
		t.Errorf("%d types, %v", len(types), err)
	}
	if w.Name() != "kwok" || !w.NeedLeaderElection() { // KWOK-001, CP-128
		t.Error("name or leadership")
	}
	if key, _ := cloudprovider.NodeClassLabel(v1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind}); key != v1alpha1.LabelNodeClass {
		t.Errorf("the NodeClass label is %s", key)
	}
}
