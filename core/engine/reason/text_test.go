// SPDX-License-Identifier: Apache-2.0

package reason_test

import (
	"testing"

	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// SCH-220 to SCH-228: the text of every reason.
func TestText(t *testing.T) {
	wanted := requirement.In("zone", "a")
	one := reason.Amounts{{Resource: "cpu", Value: 1500}, {Resource: "memory", Value: 3 << 29}, {Resource: "pods", Value: 1}}
	types := func(s reason.Shortfall) reason.Reason {
		return reason.Reason{Cause: reason.Types, Pool: "p", Types: s, Requirements: requirement.All(wanted), Least: one, Most: one}
	}
	const context = `, requirements=zone In [a], resources={"cpu":"1500m","memory":"1536Mi","pods":"1"}`
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
			`nodepool "p": its taints are not tolerated: a=b:NoSchedule, c:NoExecute`},
		{"SCH-222 unknown label", reason.List{{Cause: reason.Labels, Pool: "p", Labels: []reason.Label{{Mismatch: requirement.Mismatch{Wanted: wanted, Undefined: true}, Meant: "topology.kubernetes.io/zone"}}}},
			`nodepool "p": incompatible requirements: label "zone" does not have known values (typo of "topology.kubernetes.io/zone"?)`},
		{"SCH-223 other values", reason.List{{Cause: reason.Labels, Pool: "p", Labels: []reason.Label{{Mismatch: requirement.Mismatch{Wanted: wanted, Offered: requirement.In("zone", "b", "c")}}}}},
			`nodepool "p": incompatible requirements: key zone, In [a] not in In [b c]`},
		{"SCH-085 volumes that exclude each other", reason.List{{Cause: reason.VolumeConflict, Claims: []string{"ns/a", "ns/b"}}},
			"no node can have all volumes of the pod, their topologies exclude each other: ns/a, ns/b"},
		{"SCH-223 volumes elsewhere", reason.List{{Cause: reason.Volumes, Pool: "p", Labels: []reason.Label{{Mismatch: requirement.Mismatch{Wanted: wanted, Offered: requirement.In("zone", "b", "c")}}}}},
			`nodepool "p": the volumes of the pod cannot be on its nodes: key zone, In [a] not in In [b c]`},
		{"SCH-221 no type where the volumes are", reason.List{{Cause: reason.Volumes, Pool: "p", Types: reason.Shortfall{Resources: true, Offering: true}, Requirements: requirement.All(wanted), Least: one, Most: one}},
			`nodepool "p": the volumes of the pod cannot be on its nodes: no instance type meets all the requirements` + context},
		{"SCH-224 topology with volumes", reason.List{{Cause: reason.Topology, Pool: "p", Topology: []reason.Rule{{
			Kind: "topology spread", Key: "zone", Node: requirement.In("zone", "a"), Volumes: requirement.In("zone", "b"),
		}}}}, `nodepool "p": no domain left: topology spread on key "zone" (counts = {}, pod domains = any, node domains = In [a], volume domains = In [b])`},
		{"SCH-201 limits", reason.List{{Cause: reason.Limits, Pool: "p"}}, `nodepool "p": every instance type exceeds what its limits leave`},
		{"SCH-201 node limit", reason.List{{Cause: reason.NodeLimit, Pool: "p"}}, `nodepool "p": its limit on nodes is reached`},
		{"SCH-224 topology", reason.List{{Cause: reason.Topology, Pool: "p", Topology: []reason.Rule{{
			Kind: "topology spread", Key: "zone", Counts: []reason.Count{{"a", 3}, {"b", 0}}, Node: requirement.In("zone", "a"),
		}}}}, `nodepool "p": no domain left: topology spread on key "zone" (counts = {a: 3, b: 0}, pod domains = any, node domains = In [a])`},
		{"SCH-102", reason.List{{Cause: reason.HostPorts, Pool: "p"}}, `nodepool "p": a daemon of every fitting instance type takes a host port of the pod`},
		{"SCH-216 reserved", reason.List{{Cause: reason.Reserved, Pool: "p"}}, `nodepool "p": other nodes may need the reserved capacity that it would take`},
		{"SCH-221 minValues", reason.List{{Cause: reason.MinValues, Pool: "p", Detail: "k"}}, `nodepool "p": the instance types that would do fall short of minValues of label "k"`},
		{"SCH-225", reason.List{{Cause: reason.MinValuesCut, Pool: "p", Detail: "k"}}, `nodepool "p": the cheapest instance types, as many as a nodeclaim may list, fall short of minValues of label "k"`},
		{"SCH-196", reason.List{{Cause: reason.TooManyRequirements, Pool: "p"}}, `nodepool "p": the nodeclaim would need more requirements than the API allows`},
		{"SCH-220 pools are joined, each with its overhead", reason.List{
			{Cause: reason.NodeLimit, Pool: "a", Overhead: reason.Amounts{{Resource: "cpu", Value: 1000}}}, {Cause: reason.Limits, Pool: "b"}},
			`nodepool "a" (daemon overhead {"cpu":"1"}): its limit on nodes is reached; nodepool "b": every instance type exceeds what its limits leave`},
		{"SCH-221 nothing at all", reason.List{types(reason.Shortfall{})}, `nodepool "p": every instance type misses the requirements, the resources and the offering` + context},
		{"SCH-221 no requirements, no resources", reason.List{types(reason.Shortfall{Offering: true})}, `nodepool "p": no instance type meets the requirements, and none has the resources` + context},
		{"SCH-221 no requirements, no offering", reason.List{types(reason.Shortfall{Resources: true})}, `nodepool "p": no instance type meets the requirements, and none has a matching offering available` + context},
		{"SCH-221 no resources, no offering", reason.List{types(reason.Shortfall{Requirements: true})}, `nodepool "p": no instance type has the resources, and none has a matching offering available` + context},
		{"SCH-221 no requirements", reason.List{types(reason.Shortfall{Resources: true, Offering: true})}, `nodepool "p": no instance type meets all the requirements` + context},
		{"SCH-221 no resources", reason.List{types(reason.Shortfall{Requirements: true, Offering: true})}, `nodepool "p": no instance type is large enough` + context},
		{"SCH-221 no resources, typing error", reason.List{types(reason.Shortfall{Requirements: true, Offering: true, HugeCPU: true})},
			`nodepool "p": no instance type is large enough (is a CPU request of a million cores or more missing its m?)` + context},
		{"SCH-221 no offering", reason.List{types(reason.Shortfall{Requirements: true, Resources: true})}, `nodepool "p": no instance type has a matching offering available` + context},
		{"SCH-221 pair requirements and resources", reason.List{types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, RequirementsResources: true})},
			`nodepool "p": the instance types that meet the requirements and are large enough have no matching offering available` + context},
		{"SCH-221 pair resources and offering", reason.List{types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, ResourcesOffering: true})},
			`nodepool "p": the instance types that are large enough and available do not meet the requirements` + context},
		{"SCH-221 pair requirements and offering", reason.List{types(reason.Shortfall{Requirements: true, Resources: true, Offering: true, RequirementsOffering: true})},
			`nodepool "p": the instance types that meet the requirements and are available are too small` + context},
		{"SCH-221 otherwise", reason.List{types(reason.Shortfall{Requirements: true, Resources: true, Offering: true})},
			`nodepool "p": no single instance type meets the requirements, is large enough and is available` + context},
		{"SCH-228 overhead differs between types", reason.List{{Cause: reason.Types, Pool: "p", Types: reason.Shortfall{Requirements: true, Offering: true},
			Least: reason.Amounts{{Resource: "cpu", Value: 1000}}, Most: reason.Amounts{{Resource: "cpu", Value: 2000}}}},
			`nodepool "p": no instance type is large enough, requirements=, resources min={"cpu":"1"}, max={"cpu":"2"}`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := tc.list.String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestAmountsAreNamedAndSorted(t *testing.T) {
	names := resource.NewNames()
	gpu := names.Intern("example.com/gpu")
	v := resource.Vector{resource.CPU: 250, resource.Memory: 1000, resource.Pods: 0}.With(gpu, 2)
	if got, want := reason.NewAmounts(v, names).String(), `{"cpu":"250m","example.com/gpu":"2","memory":"1000"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
