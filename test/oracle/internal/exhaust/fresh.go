// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	"fmt"
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/world"
)

// fresh is a new node that could be made.
type fresh struct {
	node       *corev1.Node
	pool, kind int  // indexes of the pool and of the instance type
	certain    bool // not through a reservation that bins may have used up
}

// freshNodes are all new nodes that the pools and their offerings admit, one for
// each choice of the labels that a pool leaves open.
//
// Reservations are left to bins: one with fewer units than there are bins may be
// used up.
func freshNodes(r *round.Round, bins int) ([]fresh, error) {
	var out []fresh
	for p, pool := range r.Pools {
		wanted, err := r.Requirements(pool.NodePool)
		if err != nil {
			return nil, err
		}
		for t, it := range pool.Types {
			for _, o := range it.Offerings {
				if !o.Available {
					continue
				}
				certain := o.CapacityType() != label.Reserved || units(r, o.Value(world.Reservation)) > bins
				for _, labels := range labelings(pool.NodePool, cloudprovider.LaunchLabels(it, o), wanted) {
					out = append(out, fresh{freshNode(fmt.Sprintf("fresh-%d", len(out)), pool.NodePool, it.GroupOf(o), labels), p, t, certain})
				}
			}
		}
	}
	return out, nil
}

// units is the least that any pool says a reservation holds.
func units(r *round.Round, id string) int {
	least := math.MaxInt
	for _, pool := range r.Pools {
		for _, it := range pool.Types {
			for _, o := range it.Offerings.OfCapacityType(label.Reserved) {
				if o.Value(world.Reservation) == id {
					least = min(least, o.ReservationCapacity)
				}
			}
		}
	}
	return least
}

// labelings are the label sets of nodes that meet the pool's requirements: what
// is sold settles most, and the labels of the users' own are tried out.
func labelings(np *v1.NodePool, sold map[string]string, wanted requirement.Requirements) []map[string]string {
	base := maps.Clone(sold)
	maps.Copy(base, np.Spec.Template.ObjectMeta.Labels)
	base[label.NodePool] = np.Name
	key, class := cloudprovider.NodeClassLabel(np.Spec.Template.Spec.NodeClassRef)
	base[key] = class
	out := []map[string]string{base}
	for r := range wanted.Each() {
		_, settled := base[r.Key()]
		if settled || r.AllowsAbsent() {
			continue
		}
		out = withEach(out, r.Key(), slices.DeleteFunc(guesses(r.Key()), func(v string) bool { return !r.Has(v) }))
	}
	return slices.DeleteFunc(out, func(labels map[string]string) bool {
		return !requirement.OfLabels(labels).Compatible(wanted, requirement.Strict)
	})
}

// guesses are the values that pods of the world may ask for.
func guesses(key string) []string {
	switch key {
	case world.Rack:
		return []string{"1", "2", "3"}
	case world.Team:
		return []string{"red", "blue", "green"}
	}
	return []string{"0", "me"}
}

func withEach(in []map[string]string, key string, values []string) []map[string]string {
	var out []map[string]string
	for _, labels := range in {
		for _, v := range values {
			more := maps.Clone(labels)
			more[key] = v
			out = append(out, more)
		}
	}
	return out
}

func freshNode(name string, np *v1.NodePool, group cloudprovider.AllocatableGroup, labels map[string]string) *corev1.Node {
	labels = maps.Clone(labels)
	maps.Copy(labels, map[string]string{
		label.Hostname: name, label.Registered: v1.LabelValueTrue, label.Initialized: v1.LabelValueTrue,
	})
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: np.Spec.Template.Spec.Taints},
		Status:     corev1.NodeStatus{Capacity: group.Capacity, Allocatable: group.Allocatable},
	}
}

// topologyKeys are the keys that topology rules of the world use, hostnames
// aside.
func topologyKeys() []string {
	return []string{label.Zone, label.CapacityType, label.Arch, world.Rack, world.Team, world.Owner}
}
