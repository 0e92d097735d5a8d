// SPDX-License-Identifier: Apache-2.0

package reason_test

import (
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// SCH-220 to SCH-228: the text of every reason.
func TestText(t *testing.T) {
	wanted := requirement.In("zone", "a")
	one := reason.Amounts{{Resource: "cpu", Value: 1500}, {Resource: "memory", Value: 3 << 29}, {Resource: "pods", Value: 1}}
	types := func(s reason.Shortfall, change ...func(*reason.Reason)) reason.List {
		r := reason.Reason{Cause: reason.Types, Pool: "p", Types: s, Requirements: requirement.All(wanted), Least: one, Most: one}
		for _, f := range change {
			f(&r)
		}
		return reason.List{r}
	}
	limits := func(lacks ...reason.Lack) reason.List {
		return reason.List{{Cause: reason.Limits, Pool: "p", Lacks: lacks}}
	}
	unoffered := func(labels ...reason.Label) func(*reason.Reason) {
		return func(r *reason.Reason) { r.Unoffered = labels }
	}
	lacks := func(lacks ...reason.Lack) func(*reason.Reason) {
		return func(r *reason.Reason) { r.Lacks = lacks }
	}
	instead := func(wanted requirement.Requirement, offered ...string) reason.Label {
		return reason.Label{Mismatch: requirement.Mismatch{Wanted: wanted, Offered: requirement.In(wanted.Key(), offered...)}}
	}
	soldOut := func(l reason.Label) reason.Label {
		l.SoldOut = true
		return l
	}
	const context = ` (wanted: zone In [a]; needed: cpu 1.5, memory 1.5Gi)`
	for _, tc := range []struct {
		why  string
		list reason.List
		want string
	}{
		{"SCH-024 no pools", nil, "no dynamic nodepools found"},
		{"not built", reason.List{{Cause: reason.NotBuilt, Detail: "host ports"}}, "the pod uses host ports, which is not supported yet"},
		{"SCH-188 claims", reason.List{{Cause: reason.ClaimsIgnored}},
			"the pod has resourceClaims, and requests of Dynamic Resource Allocation (DRA) are ignored (--ignore-dra-requests)"},
		{"SCH-060 contradiction", reason.List{{Cause: reason.Contradiction, Detail: "k"}}, `the pod's own requirements on label "k" exclude each other`},
		{"DIS-063", reason.List{{Cause: reason.Uninitialized, Detail: "n"}}, `node "n", which would take the pod, is not initialized`},
		{"SCH-028", reason.List{{Cause: reason.NoInstanceTypes, Pool: "p"}}, `nodepool "p": nodepool requirements filtered out all available instance types`},
		{"SCH-223 taints", reason.List{{Cause: reason.Taints, Pool: "p", Taints: []string{"a=b:NoSchedule", "c:NoExecute"}}},
			`nodepool "p": taints are not tolerated: a=b:NoSchedule, c:NoExecute`},
		{"SCH-223 taints of a pool that has other labels too", reason.List{{Cause: reason.Taints, Pool: "p", Taints: []string{"a=b:NoSchedule"}, Labels: []reason.Label{instead(wanted, "b")}}},
			`nodepool "p": taints are not tolerated: a=b:NoSchedule, and incompatible requirements: key zone, In [a] not in In [b]`},
		{"SCH-222 unknown label close to a known one", reason.List{{Cause: reason.Labels, Pool: "p", Labels: []reason.Label{{Mismatch: requirement.Mismatch{Wanted: wanted, Undefined: true}, Meant: "topology.kubernetes.io/zone"}}}},
			`nodepool "p": incompatible requirements: label "zone" does not have known values (typo of "topology.kubernetes.io/zone"?)`},
		{"SCH-222 unknown label", reason.List{{Cause: reason.Labels, Pool: "p", Labels: []reason.Label{{Mismatch: requirement.Mismatch{Wanted: requirement.In("team", "a"), Undefined: true}}}}},
			`nodepool "p": incompatible requirements: label "team" does not have known values; set it in spec.template.metadata.labels`},
		{"SCH-223 other values", reason.List{{Cause: reason.Labels, Pool: "p", Labels: []reason.Label{instead(wanted, "b", "c")}}},
			`nodepool "p": incompatible requirements: key zone, In [a] not in In [b c]`},
		{"SCH-085 volumes that exclude each other", reason.List{{Cause: reason.VolumeConflict, Claims: []string{"ns/a", "ns/b"}}},
			"no node can have all volumes of the pod, their topologies exclude each other: ns/a, ns/b"},
		{"SCH-223 volumes elsewhere", reason.List{{Cause: reason.Volumes, Pool: "p", Labels: []reason.Label{instead(wanted, "b", "c")}}},
			`nodepool "p": the volumes of the pod cannot be on nodes of it: key zone, In [a] not in In [b c]`},
		{"SCH-221 no type where the volumes are", reason.List{{Cause: reason.Volumes, Pool: "p", Types: reason.Shortfall{Resources: true, Offering: true}, Unoffered: []reason.Label{instead(requirement.In(label.Zone, "a"), "b")}}},
			`nodepool "p": the volumes of the pod cannot be on nodes of it: no offering in zone a; offered: b`},
		{"SCH-201 limits leave less than the pod needs", limits(reason.Lack{Resource: "cpu", Needed: 30_000, Offered: 4000}), `nodepool "p": limits leave cpu 4; the pod needs 30`},
		{"SCH-201 limits leave less than any node has", limits(reason.Lack{Resource: "cpu", Needed: 8000, OfType: true, Offered: 4000}),
			`nodepool "p": limits leave cpu 4; the smallest instance type that would do has 8`},
		{"SCH-201 two limits", limits(reason.Lack{Resource: "cpu", Needed: 500, Offered: -2000}, reason.Lack{Resource: "memory", Needed: 3 << 29, Offered: 1 << 30}),
			`nodepool "p": limits leave cpu 0, memory 1Gi; the pod needs cpu 500m, memory 1.5Gi`},
		{"SCH-201 no one limit", limits(), `nodepool "p": every instance type that would do exceeds what the limits leave`},
		{"SCH-201 node limit", reason.List{{Cause: reason.NodeLimit, Pool: "p"}}, `nodepool "p": the limit on nodes is reached`},
		{"SCH-224 topology", reason.List{{Cause: reason.Topology, Pool: "p", Topology: []reason.Rule{{
			Kind: "topology spread", Key: "zone", Counts: []reason.Count{{"a", 3}, {"b", 0}}, Node: requirement.In("zone", "a"),
		}}}}, `nodepool "p": no domain left: topology spread on key "zone" (counts = {a: 3, b: 0}, pod domains = any, node domains = In [a])`},
		{"SCH-224 topology with volumes", reason.List{{Cause: reason.Topology, Pool: "p", Topology: []reason.Rule{{
			Kind: "topology spread", Key: "zone", Node: requirement.In("zone", "a"), Volumes: requirement.In("zone", "b"),
		}}}}, `nodepool "p": no domain left: topology spread on key "zone" (counts = {}, pod domains = any, node domains = In [a], volume domains = In [b])`},
		{"SCH-224 affinity to nobody, whatever else there is", reason.List{{Cause: reason.Topology, Pool: "p", Topology: []reason.Rule{
			{Kind: "topology spread", Key: "zone"}, {Kind: "pod affinity", Key: "zone", Selector: "app=missing", Alone: true}}}},
			`nodepool "p": no pod matches its required affinity app=missing`},
		{"SCH-102", reason.List{{Cause: reason.HostPorts, Pool: "p"}}, `nodepool "p": a daemon of every fitting instance type takes a host port of the pod`},
		{"SCH-216 reserved", reason.List{{Cause: reason.Reserved, Pool: "p"}}, `nodepool "p": other nodes may need the reserved capacity that one more would take`},
		{"SCH-221 minValues", reason.List{{Cause: reason.MinValues, Pool: "p", Detail: "k"}}, `nodepool "p": the instance types that would do fall short of minValues of label "k"`},
		{"SCH-225", reason.List{{Cause: reason.MinValuesCut, Pool: "p", Detail: "k"}}, `nodepool "p": the cheapest instance types, as many as a nodeclaim may list, fall short of minValues of label "k"`},
		{"SCH-196", reason.List{{Cause: reason.TooManyRequirements, Pool: "p"}}, `nodepool "p": the nodeclaim would need more requirements than the API allows`},
		{"SCH-221 a zone that nobody sells", types(reason.Shortfall{Resources: true}, unoffered(instead(requirement.In(label.Zone, "us-east-1a"), "test-zone-a", "test-zone-b"))),
			`nodepool "p": no offering in zone us-east-1a; offered: test-zone-a, test-zone-b`},
		{"SCH-221 a zone that is sold out", types(reason.Shortfall{Requirements: true, Resources: true}, unoffered(soldOut(instead(requirement.In(label.Zone, "a"), "b")))),
			`nodepool "p": no offering in zone a is available now; available: b`},
		{"SCH-221 a capacity type", types(reason.Shortfall{Resources: true}, unoffered(instead(requirement.In(label.CapacityType, "spot"), "on-demand"))),
			`nodepool "p": no offering of capacity type spot; offered: on-demand`},
		{"SCH-221 an instance type, of many", types(reason.Shortfall{Resources: true, Offering: true}, unoffered(instead(requirement.In(label.InstanceType, "x9"), "a", "b", "c", "d", "e", "f", "g"))),
			`nodepool "p": no instance type x9; offered: a, b, c, d, e and 2 others`},
		{"SCH-221 another label, and too large", types(reason.Shortfall{}, unoffered(instead(requirement.NotIn("arch", "arm64"), "arm64")), lacks(reason.Lack{Resource: "cpu", Needed: 500_000, Offered: 191_500})),
			`nodepool "p": no instance type with label arch NotIn [arm64]; offered: arm64, and no instance type is large enough: the pod needs cpu 500; the largest leaves 191.5`},
		{"SCH-221 requirements that only together exclude all", types(reason.Shortfall{Resources: true, Offering: true}), `nodepool "p": no instance type meets all the requirements (zone In [a])`},
		{"SCH-221 offerings that only together exclude all", types(reason.Shortfall{Requirements: true, Resources: true}), `nodepool "p": no instance type has a matching offering available (zone In [a])`},
		{"SCH-221 no resources", types(reason.Shortfall{Requirements: true, Offering: true}, lacks(reason.Lack{Resource: "cpu", Needed: 30_000, Offered: 15_920}, reason.Lack{Resource: "example.com/gpu", Needed: 2})),
			`nodepool "p": no instance type is large enough: the pod needs cpu 30, example.com/gpu 2; the largest leaves cpu 15.92, example.com/gpu 0`},
		{"SCH-221 resources that only together exclude all", types(reason.Shortfall{Requirements: true, Offering: true}), `nodepool "p": no instance type is large enough: the pod needs cpu 1.5, memory 1.5Gi`},
		{"SCH-221 typing error", types(reason.Shortfall{Requirements: true, Offering: true, HugeCPU: true}, lacks(reason.Lack{Resource: "cpu", Needed: 1_000_000_000, Offered: 16_000})),
			`nodepool "p": no instance type is large enough (is a CPU request of a million cores or more missing its m?): the pod needs cpu 1000000; the largest leaves 16`},
		{"SCH-221 amounts that look alike are exact", types(reason.Shortfall{Requirements: true, Offering: true}, lacks(reason.Lack{Resource: "memory", Needed: 1<<40 + 4, Offered: 1 << 40})),
			`nodepool "p": no instance type is large enough: the pod needs memory 1099511627780; the largest leaves 1099511627776`},
		{"SCH-221 pair requirements and resources", types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, RequirementsResources: true}),
			`nodepool "p": the instance types that meet the requirements and are large enough have no matching offering available` + context},
		{"SCH-221 pair resources and offering", types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, ResourcesOffering: true}),
			`nodepool "p": the instance types that are large enough and available do not meet the requirements` + context},
		{"SCH-221 pair requirements and offering", types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, RequirementsOffering: true}),
			`nodepool "p": the instance types that meet the requirements and are available are too small` + context},
		{"SCH-221 otherwise", types(reason.Shortfall{Requirements: true, Resources: true, Offering: true}),
			`nodepool "p": no single instance type meets the requirements, is large enough and is available` + context},
		{"SCH-228 overhead differs between types", reason.List{{Cause: reason.Types, Pool: "p", Types: reason.Shortfall{Requirements: true, Resources: true, Offering: true},
			Least: reason.Amounts{{Resource: "cpu", Value: 1000}}, Most: reason.Amounts{{Resource: "cpu", Value: 2000}}}},
			`nodepool "p": no single instance type meets the requirements, is large enough and is available (needed: cpu 1 to cpu 2)`},
		{"SCH-024 every pool is unusable", reason.List{
			{Cause: reason.PoolForeign, Pool: "a", Detail: `EC2NodeClass.karpenter.k8s.aws "default"`}, {Cause: reason.PoolStatic, Pool: "b"},
			{Cause: reason.PoolNotReady, Pool: "c", Detail: `NodeClassReady: KWOKNodeClass "gone" was not found`}, {Cause: reason.PoolLeaving, Pool: "d"},
			{Cause: reason.PoolUnclear, Pool: "e", Detail: "requirements on key k exclude each other"}, {Cause: reason.PoolWithoutTypes, Pool: "f", Detail: "cloud is away"},
			{Cause: reason.PoolWithoutTypes, Pool: "g"}, {Cause: reason.PoolUnevaluated, Pool: "h"}},
			`no dynamic nodepools found: nodepool "f": instance types are not known: cloud is away; nodepool "g": the provider has no instance types; ` +
				`nodepool "h": NodeOverlays are not evaluated yet; nodepool "c": not ready: NodeClassReady: KWOKNodeClass "gone" was not found; ` +
				`nodepool "e": cannot be understood: requirements on key k exclude each other; ` +
				`nodepool "b": static, with a fixed number of nodes (spec.replicas); nodepool "d": being deleted; ` +
				`nodepool "a": the NodeClass belongs to another provider: EC2NodeClass.karpenter.k8s.aws "default"`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := tc.list.String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestAmountsAreNamedSortedAndRounded(t *testing.T) {
	names := resource.NewNames()
	gpu := names.Intern("example.com/gpu")
	for _, tc := range []struct {
		why  string
		v    resource.Vector
		want string
	}{
		{"by name, without those that are zero", resource.Vector{resource.CPU: 250, resource.Memory: 1000, resource.Pods: 0}.Set(gpu, 2), "cpu 250m, example.com/gpu 2, memory 1000"},
		{"whole cores", resource.Vector{resource.CPU: 96_000}, "cpu 96"},
		{"parts of cores", resource.Vector{resource.CPU: 3920}, "cpu 3.92"},
		{"an odd number of bytes", resource.Vector{resource.Memory: 32_986_480 * 1024}, "memory 31.46Gi"},
		{"a count is no number of bytes", resource.Vector{}.Set(gpu, 2048), "example.com/gpu 2048"},
		{"less than nothing", resource.Vector{resource.CPU: -500}, "cpu -500m"},
	} {
		if got := reason.NewAmounts(tc.v, names).String(); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.why, got, tc.want)
		}
	}
}
