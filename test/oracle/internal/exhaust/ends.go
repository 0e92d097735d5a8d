// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/world"
)

// most is how many ways in which the bins of a plan may end are tried; with
// more, nothing is confirmed.
const most = 400

// ends are all combinations of nodes that the bins may become, as far as labels
// go that topology rules look at. Each bin may get every value that its
// requirements leave, whether or not a type that it lists has it: what a bin
// counts for follows its requirements (SCH-165).
func ends(r *round.Round, plan *place.Plan) ([][]*corev1.Node, error) {
	claims, err := r.Claims(plan)
	if err != nil {
		return nil, err
	}
	keys := keysOf(r.World)
	out := [][]*corev1.Node{nil}
	for i, claim := range claims {
		wanted, err := during(r, &plan.Bins[i])
		if err != nil {
			return nil, err
		}
		var more [][]*corev1.Node
		for _, others := range out {
			for _, labels := range outcomes(claim, wanted, r.Pools[plan.Bins[i].Pool].Types, keys) {
				more = append(more, append(slices.Clone(others), planned(claim, labels)))
			}
		}
		if out = more; len(out) > most {
			return nil, nil
		}
	}
	return out, nil
}

// during are the requirements of a bin while the plan was made. Where reserved
// capacity is sold, only its end decides between that and any other (SCH-217).
func during(r *round.Round, bin *place.Bin) (requirement.Requirements, error) {
	out := r.Input.Snapshot.Vocabulary.Decompile(bin.Requirements)
	if len(r.Input.Snapshot.Pools[bin.Pool].Catalogue.Reservations()) == 0 {
		return out, nil
	}
	pool, err := r.Requirements(r.Pools[bin.Pool].NodePool)
	if err != nil {
		return out, err
	}
	out = out.Without(func(key string) bool { return key == label.CapacityType || key == world.Reservation })
	if own, restricted := pool.Get(label.CapacityType); restricted {
		out = out.With(own)
	}
	return out, nil
}

// outcomes are the label sets that a NodeClaim leaves possible.
func outcomes(claim *v1.NodeClaim, wanted requirement.Requirements, types []*cloudprovider.InstanceType, keys []string) []map[string]string {
	base := maps.Clone(claim.Labels)
	maps.Copy(base, wanted.Labels())
	out := []map[string]string{base}
	for _, key := range keys {
		if values := possible(wanted, types, key); len(values) > 0 {
			out = withEach(out, key, values)
		}
	}
	for r := range wanted.Each() { // node filters of spreads look at these
		_, settled := base[r.Key()]
		if values := possible(wanted, types, r.Key()); !settled && !slices.Contains(keys, r.Key()) && len(values) > 0 {
			out = withEach(out, r.Key(), values)
		}
	}
	return out
}

// possible are the values of a key that the requirements leave.
func possible(wanted requirement.Requirements, types []*cloudprovider.InstanceType, key string) []string {
	r, restricted := wanted.Get(key)
	if restricted && r.Concrete() {
		return r.Values()
	}
	var out []string
	for v := range advertised(types, key) {
		if !restricted || r.Has(v) {
			out = append(out, v)
		}
	}
	return out
}

func advertised(types []*cloudprovider.InstanceType, key string) map[string]int32 {
	out := map[string]int32{}
	for _, it := range types {
		addValues(out, it.Requirements, key)
	}
	return out
}

// planned is the node of a claim. Its pods are bound, so its size is of no
// account.
func planned(claim *v1.NodeClaim, labels map[string]string) *corev1.Node {
	labels = maps.Clone(labels)
	labels[label.Hostname] = claim.Name
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: claim.Name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: claim.Spec.Taints},
		Status:     corev1.NodeStatus{Allocatable: corev1.ResourceList{}},
	}
}

// keysOf are the topology keys in the rules of a world, hostnames aside.
func keysOf(w *world.World) []string {
	var out []string
	add := func(terms []corev1.PodAffinityTerm) {
		for _, t := range terms {
			out = append(out, t.TopologyKey)
		}
	}
	for _, p := range slices.Concat(w.Bound, w.Leaving, w.Pending) {
		for _, c := range p.Spec.TopologySpreadConstraints {
			out = append(out, c.TopologyKey)
		}
		if a := p.Spec.Affinity; a != nil && a.PodAffinity != nil {
			add(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		}
		if a := p.Spec.Affinity; a != nil && a.PodAntiAffinity != nil {
			add(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(key string) bool { return key == label.Hostname })
}
