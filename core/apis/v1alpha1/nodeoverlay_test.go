// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/awslabs/operatorpkg/status"
	"github.com/google/go-cmp/cmp"

	"karpenter.sh/core/apis/v1alpha1"
)

var _ status.Object = (*v1alpha1.NodeOverlay)(nil)

func TestPriceChange(t *testing.T) {
	for name, test := range map[string]struct {
		price       float64
		spec        v1alpha1.NodeOverlaySpec
		want        float64
		setsNothing bool
	}{
		"CP-067 nothing":                           {10, v1alpha1.NodeOverlaySpec{}, 10, true},
		"CP-067 a percentage less":                 {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-10%"}, 9, false},
		"CP-067 a percentage more":                 {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "+10%"}, 11, false},
		"CP-067 a part of a percent":               {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-0.5%"}, 9.95, false},
		"CP-067 more than all":                     {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-200%"}, 0, false},
		"API-157 all":                              {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-100%"}, 0, false},
		"API-152 an increase has no bound":         {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "+1000%"}, 110, false},
		"CP-067 an amount beyond the price":        {10, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-15"}, 0, false},
		"CP-067 an amount more":                    {1.25, v1alpha1.NodeOverlaySpec{PriceAdjustment: "+0.75"}, 2, false},
		"API-152 an amount without a whole part":   {1.25, v1alpha1.NodeOverlaySpec{PriceAdjustment: "-.25"}, 1, false},
		"CP-067 a price":                           {3, v1alpha1.NodeOverlaySpec{PriceAdjustment: "80.0"}, 80, false},
		"API-157 a price as is":                    {3, v1alpha1.NodeOverlaySpec{Price: "0.25"}, 0.25, false},
		"API-157 a price of zero is still set":     {3, v1alpha1.NodeOverlaySpec{Price: "0"}, 0, false},
		"API-157 an adjustment of zero is set too": {3, v1alpha1.NodeOverlaySpec{PriceAdjustment: "+0"}, 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			change, err := (&v1alpha1.NodeOverlay{Spec: test.spec}).PriceChange()
			if err != nil {
				t.Fatal(err)
			}
			if got := change.Apply(test.price); math.Abs(got-test.want) > 1e-12 || math.Signbit(got) {
				t.Errorf("Apply(%v) = %v, want %v", test.price, got, test.want)
			}
			if change.SetsPrice() == test.setsNothing {
				t.Errorf("SetsPrice() = %t", change.SetsPrice())
			}
		})
	}
}

// API-151 API-152
func TestPriceChangeOfNoPrice(t *testing.T) {
	for _, text := range []string{
		"x", "1x", "+", "-", "%", "+%", "10%", "++1", "+-1", "1e3", "+1e3", "0x10", "1_000", "inf", "+Inf", "NaN", "1.2.3",
		" 1", "+10%%", strings.Repeat("9", 400),
	} {
		if change, err := v1alpha1.ParsePriceChange(text); !errors.Is(err, v1alpha1.ErrPrice) {
			t.Errorf("ParsePriceChange(%.20q) = %v, %v; want %v", text, change, err, v1alpha1.ErrPrice)
		}
	}
}

// API-159
func TestCompareNodeOverlays(t *testing.T) {
	named := func(name string, weight *int32) *v1alpha1.NodeOverlay {
		overlay := &v1alpha1.NodeOverlay{}
		overlay.Name, overlay.Spec.Weight = name, weight
		return overlay
	}
	overlays := []*v1alpha1.NodeOverlay{
		named("a", nil), named("b", new(int32(1))), named("c", new(int32(10000))), named("d", nil), named("e", new(int32(1))),
	}
	slices.SortFunc(overlays, v1alpha1.CompareNodeOverlays)
	var got []string
	for _, overlay := range overlays {
		got = append(got, overlay.Name)
	}
	if diff := cmp.Diff([]string{"c", "e", "b", "d", "a"}, got); diff != "" {
		t.Errorf("order of overlays (-want +got):\n%s", diff)
	}
}

// API-118
func TestReadyDependsOnValidation(t *testing.T) {
	overlay := &v1alpha1.NodeOverlay{}
	overlay.StatusConditions().SetTrue(v1alpha1.ConditionTypeValidationSucceeded)
	if !overlay.StatusConditions().Root().IsTrue() {
		t.Error("Ready is not True though the validation succeeded")
	}
	overlay.StatusConditions().SetFalse(v1alpha1.ConditionTypeValidationSucceeded, v1alpha1.ReasonConflict, "")
	if !overlay.StatusConditions().Root().IsFalse() {
		t.Error("Ready is not False though the validation failed")
	}
}
