// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/controllers/disruption/conditions"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// driftRecheck is after what time drift is looked for again (DIS-018).
const driftRecheck = 5 * time.Minute

// provider sells types, and finds what it is told to.
type provider struct {
	types    []*cloudprovider.InstanceType
	typesErr error
	reason   cloudprovider.DriftReason
	err      error
	asked    *int // how often for types
}

func (p provider) GetInstanceTypes(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if p.asked != nil {
		*p.asked++
	}
	return p.types, p.typesErr
}

func (p provider) IsDrifted(context.Context, *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	return p.reason, p.err
}

func newController(w *fixture.World, p provider) *conditions.Controller {
	return conditions.New(conditions.Options{
		Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, CPUMillis: 1000,
		Provider: p, Vocabulary: vocabulary.Core(), NodeClassObjects: func() []status.Object { return nil },
	})
}

// drifted returns the condition as it is stored, or nil.
func drifted(w *fixture.World) *status.Condition {
	nodeClaim := fixture.Read(w, &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
	return nodeClaim.StatusConditions(status.WithObservedOnly()).Get(v1.ConditionTypeDrifted)
}

func hashed(hash, version string) map[string]string {
	out := map[string]string{}
	if hash != "" {
		out[v1.NodePoolHashAnnotationKey] = hash
	}
	if version != "" {
		out[v1.NodePoolHashVersionAnnotationKey] = version
	}
	return out
}

// sold is a type that is sold in a zone as some capacity types.
func sold(name, zone string, capacityTypes ...string) *cloudprovider.InstanceType {
	it := &cloudprovider.InstanceType{Name: name}
	for _, capacityType := range capacityTypes {
		reqs := []requirement.Requirement{requirement.In(label.Zone, zone), requirement.In(label.CapacityType, capacityType)}
		if capacityType == v1.CapacityTypeReserved {
			reqs = append(reqs, requirement.In("test.sh/reservation", "r"))
		}
		it.Offerings = append(it.Offerings, &cloudprovider.Offering{Requirements: requirement.All(reqs...)})
	}
	return it
}

func TestDrifted(t *testing.T) {
	wants := func(key string, op corev1.NodeSelectorOperator, values ...string) func(*v1.NodePool) {
		return func(p *v1.NodePool) {
			p.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: op, Values: values}}
		}
	}
	old := func(capacityType string, more ...string) func(*v1.NodeClaim) {
		return func(c *v1.NodeClaim) {
			c.CreationTimestamp.Time = c.CreationTimestamp.Add(-2 * time.Hour)
			c.Labels[corev1.LabelInstanceTypeStable], c.Labels[corev1.LabelTopologyZone] = "m", "z"
			c.Labels[v1.CapacityTypeLabelKey] = capacityType
			for _, key := range more {
				c.Labels[key] = "gone"
			}
		}
	}
	onDemand, spot, reserved := v1.CapacityTypeOnDemand, v1.CapacityTypeSpot, v1.CapacityTypeReserved
	for _, test := range []struct {
		why   string
		claim func(*v1.NodeClaim)
		pool  func(*v1.NodePool)
		cloud provider
		want  string
	}{
		{why: "DIS-012 the hashes differ", claim: func(c *v1.NodeClaim) { maps.Copy(c.Annotations, hashed("1", "v1")) },
			pool: func(p *v1.NodePool) { p.Annotations = hashed("2", "v1") }, want: "NodePoolDrifted"},
		{why: "DIS-012 the versions differ", claim: func(c *v1.NodeClaim) { maps.Copy(c.Annotations, hashed("1", "v1")) },
			pool: func(p *v1.NodePool) { p.Annotations = hashed("2", "v2") }},
		{why: "DIS-012 one is not known", claim: func(c *v1.NodeClaim) { maps.Copy(c.Annotations, hashed("1", "")) },
			pool: func(p *v1.NodePool) { p.Annotations = hashed("2", "v1") }},
		{why: "DIS-013 a label that the claim lacks", pool: wants("team", corev1.NodeSelectorOpIn, "a"), want: "RequirementsDrifted"},
		{why: "DIS-013 be it well-known", pool: wants(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, "a"), want: "RequirementsDrifted"},
		{why: "DIS-013 another value", claim: func(c *v1.NodeClaim) { c.Labels["team"] = "b" },
			pool: wants("team", corev1.NodeSelectorOpIn, "a"), want: "RequirementsDrifted"},
		{why: "DIS-013 one of several values", claim: func(c *v1.NodeClaim) { c.Labels["team"] = "b" }, pool: wants("team", corev1.NodeSelectorOpIn, "a", "b")},
		{why: "DIS-013 a label that must not be", claim: func(c *v1.NodeClaim) { c.Labels["team"] = "b" },
			pool: wants("team", corev1.NodeSelectorOpDoesNotExist), want: "RequirementsDrifted"},
		{why: "DIS-013 an absence that is allowed", pool: wants("team", corev1.NodeSelectorOpNotIn, "a")},
		{why: "DIS-013 a bound", claim: func(c *v1.NodeClaim) { c.Labels["cpu"] = "4" }, pool: wants("cpu", corev1.NodeSelectorOpGt, "4"), want: "RequirementsDrifted"},
		{why: "DIS-014 the type is not sold any more", claim: old(onDemand), cloud: provider{types: []*cloudprovider.InstanceType{sold("n", "z", onDemand)}}, want: "InstanceTypeNotFound"},
		{why: "DIS-014 it is not sold there any more", claim: old(onDemand), cloud: provider{types: []*cloudprovider.InstanceType{sold("m", "y", onDemand)}}, want: "InstanceTypeNotFound"},
		{why: "DIS-014 it is", claim: old(onDemand), cloud: provider{types: []*cloudprovider.InstanceType{sold("m", "z", onDemand)}}},
		{why: "DIS-016 nobody looks so soon", cloud: provider{types: []*cloudprovider.InstanceType{sold("n", "z", onDemand)}}},
		{why: "a provider that sells nothing at all costs no node", claim: old(onDemand)},
		{why: "DIS-015 reserved may become on-demand", claim: old(reserved, "test.sh/reservation"), cloud: provider{types: []*cloudprovider.InstanceType{sold("m", "z", onDemand)}}},
		{why: "DIS-015 whatever the reservation", claim: old(reserved, "test.sh/reservation"), cloud: provider{types: []*cloudprovider.InstanceType{sold("m", "z", reserved)}}},
		{why: "DIS-015 but not spot", claim: old(reserved), cloud: provider{types: []*cloudprovider.InstanceType{sold("m", "z", spot)}}, want: "InstanceTypeNotFound"},
		{why: "DIS-011 the provider comes last", cloud: provider{reason: "ImageDrift"}, want: "ImageDrift"},
		{why: "DIS-011 behind the pool", pool: wants("team", corev1.NodeSelectorOpIn, "a"), cloud: provider{reason: "ImageDrift"}, want: "RequirementsDrifted"},
		{why: "DIS-010 it is not launched", claim: func(c *v1.NodeClaim) { c.Status.Conditions = nil }, cloud: provider{reason: "ImageDrift"}},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := fixture.New(t)
			nodeClaim, p := fixture.NodeClaim("a", quiet(w.Now()), func(c *v1.NodeClaim) {
				if c.Annotations == nil {
					c.Annotations = map[string]string{}
				}
				c.CreationTimestamp.Time = w.Now().Add(-time.Minute)
			}), pool(v1.Never)
			if test.claim != nil {
				test.claim(nodeClaim)
			}
			if test.pool != nil {
				test.pool(p)
			}
			w.Add(nodeClaim, p)
			if _, err := newController(w, test.cloud).Reconcile(context.Background(), request()); err != nil {
				t.Fatal(err)
			}
			got := drifted(w)
			if (got != nil) != (test.want != "") || got != nil && (!got.IsTrue() || got.Reason != test.want || got.Message != test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

func request() reconcile.Request { return reconcile.Request{NamespacedName: fixture.Key("a")} }

// DIS-017, DIS-018: the condition changes with what is known, and with nothing else.
func TestDriftGoesOn(t *testing.T) {
	w := fixture.New(t)
	w.Add(fixture.NodeClaim("a", quiet(w.Now())), pool(v1.Never))
	ctx := context.Background()
	look := func(p provider) (reconcile.Result, error) { return newController(w, p).Reconcile(ctx, request()) }
	if result, err := look(provider{reason: "One"}); err != nil || result.RequeueAfter != driftRecheck {
		t.Fatalf("again after %v, error %v", result.RequeueAfter, err)
	}
	since := drifted(w).LastTransitionTime
	w.Clock.Step(time.Minute)
	for _, p := range []provider{{err: errors.New("no answer")}, {typesErr: errors.New("no answer"), err: errors.New("no answer")}} {
		if _, err := look(p); err == nil || drifted(w).Reason != "One" {
			t.Errorf("error %v, condition %v", err, drifted(w))
		}
	}
	if _, err := look(provider{err: cloudprovider.NewNodeClaimNotFoundError(errors.New("gone"))}); err != nil || drifted(w).Reason != "One" {
		t.Errorf("error %v, condition %v", err, drifted(w))
	}
	if _, err := look(provider{reason: "Two"}); err != nil || drifted(w).Reason != "Two" || !drifted(w).LastTransitionTime.Equal(&since) {
		t.Errorf("error %v, condition %v, drifted since %v", err, drifted(w), since)
	}
	if _, err := look(provider{}); err != nil || drifted(w) != nil {
		t.Errorf("error %v, condition %v", err, drifted(w))
	}
}

// DIS-016: a type that was found is not looked for again for half an hour.
func TestTypesAreLookedForSeldom(t *testing.T) {
	w := fixture.New(t)
	w.Add(fixture.NodeClaim("a", quiet(w.Now()), func(c *v1.NodeClaim) {
		c.CreationTimestamp.Time = w.Now().Add(-2 * time.Hour)
		c.Labels[corev1.LabelInstanceTypeStable] = "m"
		c.Labels[corev1.LabelTopologyZone], c.Labels[v1.CapacityTypeLabelKey] = "z", v1.CapacityTypeOnDemand
	}), pool(v1.Never))
	asked := 0
	c := newController(w, provider{types: []*cloudprovider.InstanceType{sold("m", "z", v1.CapacityTypeOnDemand)}, asked: &asked})
	for i, want := range []int{1, 1, 2} {
		if _, err := c.Reconcile(context.Background(), request()); err != nil || asked != want {
			t.Errorf("look %d: asked %d times, error %v", i, asked, err)
		}
		w.Clock.Step(15 * time.Minute)
	}
}
