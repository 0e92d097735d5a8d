// SPDX-License-Identifier: Apache-2.0

package pricing_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/providers/aws/pricing"
)

// AWS-446: the user's prices win, a changed file is read again, a wrong one leaves the
// former in force and is told once.
func TestPriceFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "prices.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := newMarket(t, func(o *pricing.Options) { o.File = path })
	if err := m.prices.Load(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	write("prices: [{instanceTypes: [m5.large], price: wrong}]")
	var problem *price.Problem
	if err := m.prices.Load(t.Context()); !errors.As(err, &problem) || problem.Field != "price" {
		t.Errorf("a wrong file: %v", err)
	}
	write("prices: [{instanceTypes: [m5.large], price: 7}]")
	if err := m.prices.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func(want float64) {
		t.Helper()
		if q := m.quote("m5.large", "on-demand"); q.Price != want || q.Source != price.FromFile {
			t.Errorf("m5.large costs %+v, not %v", q, want)
		}
	}
	check(7)
	if next := m.prices.Next(); next > 10*time.Second {
		t.Errorf("the file is looked at again in %v", next)
	}
	for _, step := range []struct {
		text  string
		want  float64
		fails bool
	}{
		{"prices: [{instanceTypes: [m5.large], price: 8}]", 8, false},
		{"prices: [", 8, true},
		{"prices: [", 8, false}, // told already
		{"prices: [{instanceTypes: [m5.large], price: 8}]", 8, false},
		{"prices: [", 8, true},
		{"prices: [{instanceTypes: [m5.large], price: 9}]", 9, false},
	} {
		write(step.text)
		m.Step(10 * time.Second)
		if err := m.prices.Refresh(t.Context()); (err != nil) != step.fails {
			t.Errorf("%q: %v", step.text, err)
		}
		check(step.want)
	}
}

// overlay is one that was validated.
func overlay(name string, weight int32, hourly string, change ...func(*v1alpha1.NodeOverlay)) *v1alpha1.NodeOverlay {
	o := &v1alpha1.NodeOverlay{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.NodeOverlaySpec{Price: hourly, Weight: &weight, Requirements: []v1alpha1.NodeSelectorRequirement{
			{Key: corev1.LabelInstanceTypeStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"new.large", "m5.large"}},
		}},
	}
	o.StatusConditions().SetTrue(v1alpha1.ConditionTypeValidationSucceeded)
	for _, f := range change {
		f(o)
	}
	return o
}

// AWS-234: an overlay is the price of a type that AWS has none for, before an estimate;
// of several the one that takes precedence, and none that says more or less than a price
// for types by name.
func TestOverlays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		overlays []*v1alpha1.NodeOverlay
		want     float64 // 0: an estimate
	}{
		"none":         {},
		"one":          {[]*v1alpha1.NodeOverlay{overlay("a", 1, "3.5")}, 3.5},
		"by weight":    {[]*v1alpha1.NodeOverlay{overlay("a", 2, "1"), overlay("b", 3, "2"), overlay("c", 1, "3")}, 2},
		"by name":      {[]*v1alpha1.NodeOverlay{overlay("b", 1, "2"), overlay("a", 1, "1")}, 2},
		"not absolute": {[]*v1alpha1.NodeOverlay{overlay("a", 1, "", func(o *v1alpha1.NodeOverlay) { o.Spec.PriceAdjustment = "+1" })}, 0},
		"not valid": {[]*v1alpha1.NodeOverlay{overlay("a", 1, "1", func(o *v1alpha1.NodeOverlay) {
			o.StatusConditions().SetFalse(v1alpha1.ConditionTypeValidationSucceeded, "Conflict", "")
		})}, 0},
		"another requirement": {[]*v1alpha1.NodeOverlay{overlay("a", 1, "1", func(o *v1alpha1.NodeOverlay) {
			o.Spec.Requirements = append(o.Spec.Requirements, v1alpha1.NodeSelectorRequirement{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpExists})
		})}, 0},
		"other types": {[]*v1alpha1.NodeOverlay{overlay("a", 1, "1", func(o *v1alpha1.NodeOverlay) {
			o.Spec.Requirements[0].Operator = corev1.NodeSelectorOpNotIn
		})}, 0},
		"another key": {[]*v1alpha1.NodeOverlay{overlay("a", 1, "1", func(o *v1alpha1.NodeOverlay) {
			o.Spec.Requirements[0].Key = corev1.LabelTopologyZone
		})}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			objects := fake.NewClientBuilder().WithScheme(scheme)
			for _, o := range c.overlays {
				objects = objects.WithObjects(o)
			}
			reader := objects.Build()
			m := newMarket(t, func(o *pricing.Options) { o.Overlays = reader })
			if err := m.prices.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			m.from("new.large", "on-demand", price.FromEstimate) // Load reads nothing of the cluster
			m.refresh()
			m.from("m5.large", "on-demand", price.FromCloud)
			if q := m.quote("new.large", "on-demand"); c.want > 0 && q != (price.Quote{Price: c.want, Source: price.FromTable}) || c.want == 0 && q.Source != price.FromEstimate {
				t.Errorf("new.large costs %+v", q)
			}
			if len(c.overlays) != 1 || c.want == 0 {
				return
			}
			if err := reader.Delete(t.Context(), c.overlays[0]); err != nil {
				t.Fatal(err)
			}
			m.Step(5 * time.Minute)
			m.refresh()
			m.from("new.large", "on-demand", price.FromEstimate)
		})
	}
}
