// SPDX-License-Identifier: Apache-2.0

package lenient_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
)

// list is a list of pools of which one has a part that cannot be read.
func list(part string) string {
	return `{"items":[{"metadata":{"name":"before"}},{"metadata":{"name":"odd","uid":"4e123456-0","resourceVersion":"7"},` + part + `},{"metadata":{"name":"after"}}]}`
}

// API-177
func TestOneObjectHidesNoOther(t *testing.T) {
	for name, test := range map[string]struct {
		part       string
		unreadable []string
	}{
		"a fraction as exponent":        {`"spec":{"limits":{"cpu":"1e1.5","memory":"1Gi"}}`, []string{"spec.limits[cpu]"}},
		"an exponent without digits":    {`"spec":{"limits":{"cpu":"1e.5"}}`, []string{"spec.limits[cpu]"}},
		"an exponent beyond 64 bits":    {`"spec":{"limits":{"cpu":"1e-9999999999999999999"}}`, []string{"spec.limits[cpu]"}},
		"minutes of computing":          {`"spec":{"limits":{"cpu":"1e-1999999999"}}`, []string{"spec.limits[cpu]"}},
		"the same with a plus":          {`"spec":{"limits":{"cpu":"1E+1999999999"}}`, []string{"spec.limits[cpu]"}},
		"the same as a number":          {`"spec":{"limits":{"cpu":1e1999999999}}`, []string{"spec.limits[cpu]"}},
		"two of them":                   {`"spec":{"limits":{"b":"1e.5","a":"1e.5"}}`, []string{"spec.limits[a]", "spec.limits[b]"}},
		"a time in small letters":       {`"spec":{"template":{"spec":{"taints":[{"key":"a","timeAdded":"2026-01-01t00:00:00z"}]}}}`, []string{"spec.template.spec.taints[0].timeAdded"}},
		"a number that does not fit":    {`"spec":{"weight":99999999999}`, []string{"spec.weight"}},
		"a text in place of a list":     {`"spec":{"template":{"spec":{"taints":"none"}}}`, []string{"spec.template.spec.taints"}},
		"a list in place of a map":      {`"spec":{"limits":[]}`, []string{"spec.limits"}},
		"an item of another type":       {`"spec":{"template":{"spec":{"requirements":[{"key":"a","values":["1",2]}]}}}`, []string{"spec.template.spec.requirements[0].values[1]"}},
		"a text in place of the spec":   {`"spec":"all"`, []string{"spec"}},
		"nothing":                       {`"spec":{"limits":{"cpu":"1e3"}},"status":null`, nil},
		"what looks like a number only": {`"spec":{"template":{"metadata":{"labels":{"commit":"123e456"}}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			pools := &v1.NodePoolList{}
			if err := json.Unmarshal([]byte(list(test.part)), pools); err != nil {
				t.Fatal(err)
			}
			if len(pools.Items) != 3 || pools.Items[0].Name != "before" || pools.Items[2].Name != "after" {
				t.Fatalf("got %+v", pools.Items)
			}
			odd := pools.Items[1]
			if odd.Name != "odd" || odd.UID != "4e123456-0" || odd.ResourceVersion != "7" {
				t.Errorf("the metadata: %+v", odd.ObjectMeta)
			}
			var fields []string
			for _, p := range odd.Unreadable {
				fields = append(fields, p.Field)
			}
			if diff := cmp.Diff(test.unreadable, fields); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
			if odd.DeepCopy().Unreadable == nil && test.unreadable != nil {
				t.Error("a copy of the object seems to be readable")
			}
		})
	}
}

// API-177: what can be read of an incomplete object is as it is in a whole one.
func TestTheRestIsRead(t *testing.T) {
	const template = `{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim",
		"metadata":{"name":"a","labels":{"b":"c"},"creationTimestamp":"2026-01-01T00:00:00Z","deletionGracePeriodSeconds":3,
			"ownerReferences":[{"kind":"NodePool","uid":"u","blockOwnerDeletion":true}],"managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}]},
		"spec":{"nodeClassRef":{"name":"n"},"requirements":[{"key":"k","operator":"In","values":["v"],"minValues":2}],
			"taints":[{"key":"t","effect":"NoSchedule","timeAdded":"2026-01-01T00:00:00Z"}],"expireAfter":"60m",
			"resources":{"requests":{"memory":"1Gi"%s}}},
		"status":{"providerID":"p","capacity":{"cpu":"4"},"lastPodEventTime":"2026-01-01T00:00:00Z",
			"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z","reason":"R","message":"","observedGeneration":5}]}}`
	read := func(more string) *v1.NodeClaim {
		t.Helper()
		claim := &v1.NodeClaim{}
		if err := json.Unmarshal([]byte(fmt.Sprintf(template, more)), claim); err != nil {
			t.Fatal(err)
		}
		return claim
	}
	whole, part := read(""), read(`,"cpu":"1e-1999999999"`)
	if len(part.Unreadable) != 1 || whole.Unreadable != nil {
		t.Fatalf("unreadable: %v and %v", part.Unreadable, whole.Unreadable)
	}
	part.Unreadable = nil
	equal := cmp.Comparer(func(a, b resource.Quantity) bool { return a.Equal(b) })
	if diff := cmp.Diff(whole, part, equal); diff != "" {
		t.Errorf("(-whole +part):\n%s", diff)
	}
}

// API-177: nothing of what an object held before is taken for what could not be
// read.
func TestNothingOldRemains(t *testing.T) {
	pool := &v1.NodePool{}
	for _, text := range []string{
		`{"metadata":{"name":"a"},"spec":{"limits":{"cpu":"5"},"weight":7}}`,
		`{"metadata":{"name":"b"},"spec":{"limits":{"cpu":"1e.5"}}}`,
	} {
		if err := json.Unmarshal([]byte(text), pool); err != nil {
			t.Fatal(err)
		}
	}
	if pool.Name != "b" || len(pool.Spec.Limits) != 0 || pool.Spec.Weight != nil || len(pool.Unreadable) != 1 {
		t.Errorf("got %+v", pool)
	}
	if err := json.Unmarshal([]byte(`{"metadata":{"name":"c"}}`), pool); err != nil || pool.Unreadable != nil {
		t.Errorf("got %v, %v of an object without problems", err, pool.Unreadable)
	}
}
