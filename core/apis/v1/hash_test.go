// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

var noExecute = corev1.Taint{Key: "key", Effect: corev1.TaintEffectNoExecute}

func poolWith(change func(*v1.NodeClaimTemplate)) *v1.NodePool {
	pool := &v1.NodePool{}
	pool.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{
		Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default",
	}
	pool.Spec.Template.Spec.ExpireAfter = v1.Never
	change(&pool.Spec.Template)
	return pool
}

// API-094, API-095: whoever changes a vector has to change the version too.
func TestHashVectors(t *testing.T) {
	if v1.HashVersion != "v3" {
		t.Errorf("these are the vectors of version v3, not %s", v1.HashVersion)
	}
	for name, test := range map[string]struct {
		change func(*v1.NodeClaimTemplate)
		want   string
	}{
		"nothing but the NodeClass": {func(*v1.NodeClaimTemplate) {}, "5568174970230275839"},
		"an expiry": {func(c *v1.NodeClaimTemplate) {
			c.Spec.ExpireAfter = "720h"
		}, "15987417032968393143"},
		"an expiry of zero is not Never": {func(c *v1.NodeClaimTemplate) {
			c.Spec.ExpireAfter = "0s"
		}, "5597975749417547178"},
		"a grace period of zero is not an unset one": {func(c *v1.NodeClaimTemplate) {
			c.Spec.TerminationGracePeriod = "0s"
		}, "14459430293954792315"},
		"an empty map is not an absent one": {func(c *v1.NodeClaimTemplate) {
			c.ObjectMeta.Labels = map[string]string{}
		}, "17920229944367113449"},
		"identical elements cancel, but the list is there": {func(c *v1.NodeClaimTemplate) {
			c.Spec.Taints = []corev1.Taint{noExecute, noExecute}
		}, "3044494432125656967"},
		"everything at once": {func(c *v1.NodeClaimTemplate) {
			c.ObjectMeta.Labels = map[string]string{"team": "a"}
			c.ObjectMeta.Annotations = map[string]string{"example.com/owner": "b"}
			c.Spec.ExpireAfter = "5m"
			c.Spec.TerminationGracePeriod = "5m"
			c.Spec.Taints = []corev1.Taint{noExecute, {Key: "gpu", Value: "true", Effect: corev1.TaintEffectNoSchedule}}
			c.Spec.StartupTaints = []corev1.Taint{noExecute}
		}, "5699374232074845827"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := poolWith(test.change).Hash(); got != test.want {
				t.Errorf("Hash() = %s, want %s", got, test.want)
			}
		})
	}
}

// DIS-019
func TestHashIgnoresWhatDoesNotDrift(t *testing.T) {
	base := func() *v1.NodePool {
		return poolWith(func(c *v1.NodeClaimTemplate) {
			c.ObjectMeta.Labels = map[string]string{"a": "1", "b": "2"}
			c.Spec.Taints = []corev1.Taint{noExecute, {Key: "gpu", Effect: corev1.TaintEffectNoSchedule}}
			c.Spec.ExpireAfter = "1h"
			c.Spec.TerminationGracePeriod = "90s"
		})
	}
	for name, change := range map[string]func(*v1.NodePool){
		"API-092 requirements are compared by meaning": func(p *v1.NodePool) {
			p.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: "k", Operator: v1.OperatorExists}}
		},
		"API-092 disruption":     func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = v1.Never },
		"API-092 limits":         func(p *v1.NodePool) { p.Spec.Limits = v1.Limits{v1.ResourceNodes: quantity("1")} },
		"API-092 weight":         func(p *v1.NodePool) { p.Spec.Weight = new(int32(5)) },
		"API-092 replicas":       func(p *v1.NodePool) { p.Spec.Replicas = new(int64(5)) },
		"API-092 own metadata":   func(p *v1.NodePool) { p.Labels = map[string]string{"x": "y"} },
		"API-093 order of lists": func(p *v1.NodePool) { slices.Reverse(p.Spec.Template.Spec.Taints) },
		"API-093 spelling of an expiry": func(p *v1.NodePool) {
			p.Spec.Template.Spec.ExpireAfter = "30m1800s"
		},
		"API-093 spelling of a grace period": func(p *v1.NodePool) {
			p.Spec.Template.Spec.TerminationGracePeriod = "1m30s"
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed := base()
			change(changed)
			if got, want := changed.Hash(), base().Hash(); got != want {
				t.Errorf("Hash() = %s after the change, want %s as before", got, want)
			}
		})
	}
}

// API-092
func TestHashCoversWhatDrifts(t *testing.T) {
	seen := map[string]string{poolWith(func(*v1.NodeClaimTemplate) {}).Hash(): "no change"}
	for name, change := range map[string]func(*v1.NodeClaimTemplate){
		"label":           func(c *v1.NodeClaimTemplate) { c.ObjectMeta.Labels = map[string]string{"a": "b"} },
		"swapped label":   func(c *v1.NodeClaimTemplate) { c.ObjectMeta.Labels = map[string]string{"b": "a"} },
		"annotation":      func(c *v1.NodeClaimTemplate) { c.ObjectMeta.Annotations = map[string]string{"a": "b"} },
		"taint":           func(c *v1.NodeClaimTemplate) { c.Spec.Taints = []corev1.Taint{noExecute} },
		"startup taint":   func(c *v1.NodeClaimTemplate) { c.Spec.StartupTaints = []corev1.Taint{noExecute} },
		"NodeClass group": func(c *v1.NodeClaimTemplate) { c.Spec.NodeClassRef.Group = "other.sh" },
		"NodeClass kind":  func(c *v1.NodeClaimTemplate) { c.Spec.NodeClassRef.Kind = "Other" },
		"NodeClass name":  func(c *v1.NodeClaimTemplate) { c.Spec.NodeClassRef.Name = "other" },
		"grace period":    func(c *v1.NodeClaimTemplate) { c.Spec.TerminationGracePeriod = "1h" },
		"expiry":          func(c *v1.NodeClaimTemplate) { c.Spec.ExpireAfter = "1h" },
	} {
		hash := poolWith(change).Hash()
		if other, found := seen[hash]; found {
			t.Errorf("%s hashes like %s", name, other)
		}
		seen[hash] = name
	}
}
