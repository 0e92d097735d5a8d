// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/controllers/nodepool"
)

// inZone makes a pool one of a zone.
func inZone(zone string) func(*v1.NodePool) {
	return func(p *v1.NodePool) {
		p.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
			{Key: corev1.LabelTopologyZone, Operator: v1.OperatorIn, Values: []string{zone}},
		}
	}
}

// API-179: a pool that no instance type meets says which requirement excludes
// them, once, until one does.
func TestNoInstanceTypeFits(t *testing.T) {
	w := newWorld(t, pool(inZone("us-east-1a")))
	w.types = []*cloudprovider.InstanceType{fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 4, Zones: []string{"zone-a"}})}
	c := nodepool.NewInstanceTypes(w.Options)
	pass := func() time.Duration {
		t.Helper()
		result, err := c.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general"))
		if err != nil {
			t.Fatal(err)
		}
		return result.RequeueAfter
	}
	if again := pass(); again != time.Minute {
		t.Errorf("looks again after %s", again)
	}
	got := w.stored(t, v1.ConditionTypeInstanceTypesFound)
	if got.status != "False" || !strings.Contains(got.message, "topology.kubernetes.io/zone In [us-east-1a]") || !strings.Contains(got.message, "zone-a") {
		t.Fatalf("got %v", got)
	}
	pass()
	if told := w.told.Of("NoCompatibleInstanceTypes"); len(told) != 1 || told[0].Message != got.message || w.writes != 1 {
		t.Errorf("told %v, %d writes", told, w.writes)
	}
	types := w.types
	w.types = nil // the provider does not answer: what was found stands
	pass()
	if again := w.stored(t, v1.ConditionTypeInstanceTypesFound); again != got {
		t.Errorf("got %v", again)
	}
	w.types = append(types, fake.NewInstanceType(fake.TypeSpec{Name: "new", CPU: 2, Memory: 4, Zones: []string{"us-east-1a"}}))
	pass()
	if got := w.stored(t, v1.ConditionTypeInstanceTypesFound); got != (condition{}) || w.writes != 2 {
		t.Errorf("got %v after %d writes", got, w.writes)
	}
	if pass(); w.writes != 2 {
		t.Errorf("a pool that has what it asks for is written")
	}
}

// API-178: what this version does not act on is told as long as it is asked for,
// and only then.
func TestFieldsWithoutEffect(t *testing.T) {
	policy := func(policy v1.ConsolidationPolicy, after v1.NillableDuration) func(*v1.NodePool) {
		return func(p *v1.NodePool) {
			p.Spec.Disruption.ConsolidationPolicy, p.Spec.Disruption.ConsolidateAfter = policy, after
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*v1.NodePool)
		field  string
	}{
		{"a static pool", func(p *v1.NodePool) { p.Spec.Replicas = new(int64(3)) }, "spec.replicas"},
		{"consolidation", policy("Balanced", "0s"), ""},
		{"consolidation of empty nodes", policy("WhenEmpty", "0s"), ""},
		{"no consolidation", policy("Balanced", v1.Never), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(tt.change), nodeClass())
			validate := nodepool.NewValidation(w.Options)
			for range 2 {
				if _, err := validate.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
					t.Fatal(err)
				}
			}
			got := w.stored(t, v1.ConditionTypeFieldsWithoutEffect)
			if (got != condition{}) != (tt.field != "") || !strings.Contains(got.message, tt.field) || w.writes != 1 {
				t.Fatalf("got %v after %d writes", got, w.writes)
			}
			mended := get(t, w.Client, &v1.NodePool{}, "general")
			mended.Spec = pool(policy("WhenEmpty", "0s")).Spec
			if err := w.Client.Update(t.Context(), mended); err != nil {
				t.Fatal(err)
			}
			if _, err := validate.Reconcile(t.Context(), mended); err != nil {
				t.Fatal(err)
			}
			if got := w.stored(t, v1.ConditionTypeFieldsWithoutEffect); got != (condition{}) {
				t.Errorf("it stays: %v", got)
			}
		})
	}
}

// DIS-174
func TestDisruptionPaused(t *testing.T) {
	w := newWorld(t, pool(func(p *v1.NodePool) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"} }), nodeClass())
	validate := nodepool.NewValidation(w.Options)
	look := func() condition {
		if _, err := validate.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
			t.Fatal(err)
		}
		return w.stored(t, v1.ConditionTypeDisruptionPaused)
	}
	if got := look(); got.reason != "DoNotDisrupt" || !strings.Contains(got.message, v1.DoNotDisruptAnnotationKey) {
		t.Errorf("got %v", got)
	}
	mended := get(t, w.Client, &v1.NodePool{}, "general")
	mended.Annotations[v1.DoNotDisruptAnnotationKey] = "false"
	if err := w.Client.Update(t.Context(), mended); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != (condition{}) {
		t.Errorf("it stays: %v", got)
	}
}
