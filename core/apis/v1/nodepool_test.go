// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
)

// API-027
func TestCompareNodePools(t *testing.T) {
	pools := []*v1.NodePool{
		named("unset", nil), named("light", new(int32(1))), named("heavy", new(int32(100))),
		named("later", nil), named("zulu", new(int32(1))), named("alpha", new(int32(100))),
	}
	want := []string{"heavy", "alpha", "zulu", "light", "unset", "later"}
	for range pools {
		slices.SortFunc(pools, v1.CompareNodePools)
		var got []string
		for _, pool := range pools {
			got = append(got, pool.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order of pools (-want +got):\n%s", diff)
		}
		pools = append(pools[1:], pools[0])
	}
}

// API-029
func TestLimitsExceededBy(t *testing.T) {
	limits := v1.Limits{
		corev1.ResourceCPU: quantity("2"), corev1.ResourceMemory: quantity("1Gi"), v1.ResourceNodes: quantity("3"),
	}
	for name, test := range map[string]struct {
		usage corev1.ResourceList
		want  []corev1.ResourceName
	}{
		"no usage":                        {nil, nil},
		"usage at the limit is within it": {corev1.ResourceList{"cpu": quantity("2000m"), "nodes": quantity("3")}, nil},
		"usage beyond it":                 {corev1.ResourceList{"cpu": quantity("2001m")}, []corev1.ResourceName{"cpu"}},
		"nodes count like a resource":     {corev1.ResourceList{"nodes": quantity("4")}, []corev1.ResourceName{"nodes"}},
		"no limit is no bound":            {corev1.ResourceList{"example.com/gpu": quantity("1000")}, nil},
		"all of them, by name": {
			corev1.ResourceList{"nodes": quantity("4"), "memory": quantity("2Gi"), "cpu": quantity("3")},
			[]corev1.ResourceName{"cpu", "memory", "nodes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, limits.ExceededBy(test.usage)); diff != "" {
				t.Errorf("ExceededBy() (-want +got):\n%s", diff)
			}
		})
	}
}

func named(name string, weight *int32) *v1.NodePool {
	pool := &v1.NodePool{}
	pool.Name, pool.Spec.Weight = name, weight
	return pool
}

func quantity(text string) resource.Quantity { return resource.MustParse(text) }
