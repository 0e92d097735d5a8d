// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/validation"
)

// pool is a valid pool, changed.
func pool(change func(*v1.NodePool)) *v1.NodePool {
	p := &v1.NodePool{}
	p.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default"}
	p.Spec.Template.ObjectMeta.Labels = map[string]string{}
	change(p)
	return p
}

// check compares the errors of a pool, and makes sure that each text is in the
// message.
func check(t *testing.T, pool *v1.NodePool, want []string, inMessage ...string) {
	t.Helper()
	found := validation.NodePool(pool, words(t))
	if diff := cmp.Diff(want, texts(found.Errors)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	for _, text := range inMessage {
		if !strings.Contains(found.Message(), text) {
			t.Errorf("%q is not in the message: %s", text, found.Message())
		}
	}
}

// API-080: what is asked of a label contradicts itself.
func TestContradictions(t *testing.T) {
	const zone = "topology.kubernetes.io/zone"
	need := func(key string, op corev1.NodeSelectorOperator, values ...string) requirement {
		return requirement{Key: key, Operator: op, Values: values}
	}
	least := func(n int, r requirement) requirement {
		r.MinValues = &n
		return r
	}
	for name, test := range map[string]struct {
		requirements []requirement
		labels       map[string]string
		key          string
	}{
		"listed and excluded":             {[]requirement{need(zone, "In", "a"), need(zone, "NotIn", "a")}, nil, zone},
		"excluded in part":                {[]requirement{need(zone, "In", "a", "b"), need(zone, "NotIn", "a")}, nil, ""},
		"two lists without a common item": {[]requirement{need(zone, "In", "a"), need(zone, "In", "b")}, nil, zone},
		"a list and a label":              {[]requirement{need("team", "In", "a")}, map[string]string{"team": "b"}, "team"},
		"a label in the list":             {[]requirement{need("team", "In", "a", "b")}, map[string]string{"team": "b"}, ""},
		"an alias":                        {[]requirement{need("failure-domain.beta.kubernetes.io/zone", "In", "a"), need(zone, "In", "b")}, nil, zone},
		"an alias of a label":             {[]requirement{need(zone, "In", "a")}, map[string]string{"failure-domain.beta.kubernetes.io/zone": "b"}, zone},
		"present and absent":              {[]requirement{need("team", "Exists"), need("team", "DoesNotExist")}, nil, "team"},
		"absent and a label":              {[]requirement{need("team", "DoesNotExist")}, map[string]string{"team": "b"}, "team"},
		"absent and excluded":             {[]requirement{need("team", "DoesNotExist"), need("team", "NotIn", "a")}, nil, ""},
		"no integer between":              {[]requirement{need("n", "Gt", "4"), need("n", "Lt", "5")}, nil, "n"},
		"one integer between":             {[]requirement{need("n", "Gt", "4"), need("n", "Lt", "6")}, nil, ""},
		"which is excluded":               {[]requirement{need("n", "Gt", "4"), need("n", "Lt", "6"), need("n", "NotIn", "5")}, nil, "n"},
		"below zero":                      {[]requirement{need("n", "Lt", "0")}, nil, "n"},
		"beyond all integers":             {[]requirement{need("n", "Gt", "9223372036854775807")}, nil, "n"},
		"words are not above a bound":     {[]requirement{need("n", "In", "a", "b"), need("n", "Gte", "1")}, nil, "n"},
		"too few are left":                {[]requirement{least(2, need(zone, "In", "a", "b")), need(zone, "NotIn", "a")}, nil, zone},
		"enough are left":                 {[]requirement{least(2, need(zone, "In", "a", "b", "c")), need(zone, "NotIn", "a")}, nil, ""},
		"too few between":                 {[]requirement{least(3, need("n", "Gte", "4")), need("n", "Lte", "5")}, nil, "n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pool(func(p *v1.NodePool) {
				p.Spec.Template.Spec.Requirements, p.Spec.Template.ObjectMeta.Labels = test.requirements, test.labels
			})
			if test.key == "" {
				check(t, p, nil)
				return
			}
			check(t, p, []string{invalid("spec.template.spec.requirements")}, fmt.Sprintf("%q", test.key))
		})
	}
}

// API-126: labels and requirements of a pool fit on a NodeClaim, with what every
// launch adds; else both numbers are told.
func TestEntries(t *testing.T) {
	labels := func(n int) func(*v1.NodePool) {
		return func(p *v1.NodePool) {
			for i := range n {
				p.Spec.Template.ObjectMeta.Labels[fmt.Sprintf("l%d", i)] = "a"
			}
		}
	}
	tooMany := []string{string(field.ErrorTypeTooMany) + " spec.template"}
	check(t, pool(labels(95)), nil)
	check(t, pool(labels(96)), tooMany, "96 labels", "101 requirements", "at most 100")
	check(t, pool(func(p *v1.NodePool) {
		labels(92)(p)
		p.Spec.Template.Spec.Requirements = []requirement{
			{Key: "n", Operator: "Gt", Values: []string{"1"}}, {Key: "n", Operator: "Lt", Values: []string{"9"}}, {Key: "n", Operator: "NotIn", Values: []string{"5"}},
			{Key: "l1", Operator: "Exists"}, {Key: "topology.kubernetes.io/zone", Operator: "In", Values: []string{"a"}},
		}
	}), nil)
	check(t, pool(labels(98)), tooMany, "98 labels")
}

// API-130, API-012, API-018: what admission lets through and nodes or NodeClaims
// cannot carry.
func TestTemplate(t *testing.T) {
	const class, annotations = "spec.template.spec.nodeClassRef.name", "spec.template.metadata.annotations"
	named := func(name string) func(*v1.NodePool) {
		return func(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Name = name }
	}
	annotated := func(key, value string) func(*v1.NodePool) {
		return func(p *v1.NodePool) {
			p.Spec.Template.ObjectMeta.Annotations = map[string]string{key: value}
		}
	}
	lives := func(d v1.NillableDuration) func(*v1.NodePool) {
		return func(p *v1.NodePool) { p.Spec.Template.Spec.ExpireAfter = d }
	}
	check(t, pool(named(strings.Repeat("a", 63))), nil)
	check(t, pool(named(strings.Repeat("a", 64))), []string{invalid(class)}, "64 characters", "at most 63")
	check(t, pool(named("a_b/c")), []string{invalid(class)})
	check(t, pool(annotated("example.com/Owner", "any text, of any kind")), nil)
	check(t, pool(annotated("an owner", "b")), []string{invalid(annotations + "[an owner]")})
	check(t, pool(annotated("a", strings.Repeat("b", 256<<10))), []string{string(field.ErrorTypeTooLong) + " " + annotations}, "262145 bytes", "262144")
	check(t, pool(lives("0s")), []string{invalid("spec.template.spec.expireAfter")})
	check(t, pool(lives("0h0m")), []string{invalid("spec.template.spec.expireAfter")})
	check(t, pool(lives("20s")), nil)
	check(t, pool(lives(v1.Never)), nil)
}

// API-020: pools that were stored before admission looked at limits.
func TestLimits(t *testing.T) {
	limited := func(name corev1.ResourceName, limit string) func(*v1.NodePool) {
		return func(p *v1.NodePool) { p.Spec.Limits = v1.Limits{name: resource.MustParse(limit)} }
	}
	for _, name := range []corev1.ResourceName{"cpu", "memory", "ephemeral-storage", "pods", "nodes", "hugepages-2Mi", "example.com/gpu"} {
		check(t, pool(limited(name, "0")), nil)
	}
	check(t, pool(limited("cpu", "-1")), []string{invalid("spec.limits[cpu]")})
	check(t, pool(limited("cpus", "1")), []string{invalid("spec.limits[cpus]")})
	check(t, pool(limited("example.com/a b", "1")), []string{invalid("spec.limits[example.com/a b]")})
}

// API-048: mistakes in budgets are no errors of the pool.
func TestBudgets(t *testing.T) {
	p := pool(func(p *v1.NodePool) {
		p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "10%"}, {Nodes: "0", Schedule: "30 10 * * 1-7", Duration: "1h"}}
	})
	check(t, p, nil, "spec.disruption.budgets[1]", "7 is not between 0 and 6")
	if got := validation.NodePool(p, words(t)).Budgets; len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// API-177: a pool of which a part is missing cannot be used.
func TestUnreadable(t *testing.T) {
	check(t, pool(func(p *v1.NodePool) {
		p.Unreadable = []lenient.Problem{{Field: "spec.limits[cpu]", Detail: "is no quantity"}}
	}), []string{string(field.ErrorTypeTypeInvalid) + " spec.limits[cpu]"}, "spec.limits[cpu]", "is no quantity")
}
