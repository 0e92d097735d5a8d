// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/kwok/apis/v1alpha1"
)

// offering is an offering as the file has it, checked and with one value for
// each key.
type offering struct {
	requirements        requirement.Requirements
	price               float64
	available           bool
	reservationCapacity int
	capacityOverride    corev1.ResourceList
	overheadOverride    *cloudprovider.Overhead
}

// offerings reads the offerings of the type with a name.
func (o object) offerings(typeName string) []offering {
	var out []offering
	nodes := o.list("offerings")
	if len(nodes) == 0 {
		o.failf(o.node, "offerings is missing or empty")
	}
	for _, node := range nodes {
		for _, one := range o.offering(node, typeName) {
			for _, other := range out {
				if one.requirements.Equal(other.requirements) {
					o.failf(node, "offering %s stands twice", one.requirements)
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// offering reads one, which is several when its requirements have several
// values.
func (o object) offering(node *yaml.Node, typeName string) []offering {
	f := o.object(node, "Requirements", "capacityType", "zone", "Price", "Available",
		"ReservationCapacity", "CapacityOverride", "OverheadOverride")
	template := offering{
		price:               f.price("Price"),
		available:           f.truth("Available", true),
		reservationCapacity: f.count("ReservationCapacity"),
		capacityOverride:    f.quantities("CapacityOverride"),
		overheadOverride:    f.overhead("OverheadOverride"),
	}
	var out []offering
	for _, reqs := range f.combinations() {
		one := template
		one.requirements = reserve(reqs, typeName)
		out = append(out, one)
	}
	return out
}

func (o object) overhead(key string) *cloudprovider.Overhead {
	node := o.get(key)
	if node == nil {
		return nil
	}
	f := o.object(node, "KubeReserved", "SystemReserved", "EvictionThreshold")
	return &cloudprovider.Overhead{
		KubeReserved:      f.quantities("KubeReserved"),
		SystemReserved:    f.quantities("SystemReserved"),
		EvictionThreshold: f.quantities("EvictionThreshold"),
	}
}

// combinations returns the requirements of an offering, once for each choice of
// one value for every key that lists some.
func (o object) combinations() []requirement.Requirements {
	short := o.has("capacityType") || o.has("zone")
	if short && o.has("Requirements") {
		o.failf(o.node, "an offering has either Requirements or capacityType and zone")
		return nil
	}
	var written requirement.Requirements
	if short {
		written = requirement.All(
			requirement.In(label.CapacityType, o.text("capacityType")),
			requirement.In(label.Zone, o.text("zone")),
		)
	} else {
		written = o.requirements()
	}
	o.checkRequirements(written)
	return expand(written)
}

func (o object) requirements() requirement.Requirements {
	var out []requirement.Requirement
	for _, node := range o.list("Requirements") {
		f := o.object(node, "key", "operator", "values")
		r, err := requirement.New(f.text("key"), requirement.Operator(f.text("operator")), f.texts("values")...)
		if err != nil {
			o.failf(node, "%v", err)
			continue
		}
		out = append(out, r)
	}
	return requirement.All(out...)
}

// checkRequirements says what is missing or cannot be a label.
func (o object) checkRequirements(rs requirement.Requirements) {
	for _, key := range []string{label.CapacityType, label.Zone} {
		if r, _ := rs.Get(key); r.Operator() != requirement.OpIn {
			o.failf(o.node, "the offering does not list any value of %s", key)
		}
	}
	for r := range rs.Each() {
		for _, why := range validation.IsQualifiedName(r.Key()) {
			o.failf(o.node, "%q is not a label key: %s", r.Key(), why)
		}
		if r.Unsatisfiable() {
			o.failf(o.node, "no value satisfies %s", r)
		}
		for _, value := range r.Values() {
			o.checkLabelValue(value)
		}
	}
	capacityTypes, _ := rs.Get(label.CapacityType)
	for _, value := range capacityTypes.Values() {
		if value != label.OnDemand && value != label.Spot && value != label.Reserved {
			o.failf(o.node, "%q is not a capacity type", value)
		}
	}
}

func expand(rs requirement.Requirements) []requirement.Requirements {
	out := []requirement.Requirements{{}}
	for r := range rs.Each() {
		options := []requirement.Requirement{r}
		if r.Concrete() && len(r.Values()) > 1 {
			options = options[:0]
			for _, value := range r.Values() {
				options = append(options, requirement.In(r.Key(), value))
			}
		}
		var next []requirement.Requirements
		for _, prefix := range out {
			for _, option := range options {
				next = append(next, prefix.With(option))
			}
		}
		out = next
	}
	return out
}

// reserve names the reservation of a reserved offering, by default after type
// and zone; all others have none (KWOK-008).
func reserve(rs requirement.Requirements, typeName string) requirement.Requirements {
	capacityType, _ := rs.Get(label.CapacityType)
	id, named := rs.Get(v1alpha1.LabelReservationID)
	if !capacityType.Has(label.Reserved) || !named || id.Operator() != requirement.OpIn {
		rs = rs.Without(func(key string) bool { return key == v1alpha1.LabelReservationID })
	}
	switch {
	case !capacityType.Has(label.Reserved):
		return rs.With(requirement.DoesNotExist(v1alpha1.LabelReservationID))
	case !rs.Has(v1alpha1.LabelReservationID):
		zone, _ := rs.Get(label.Zone)
		value, _ := zone.Single()
		return rs.With(requirement.In(v1alpha1.LabelReservationID, typeName+"-"+value))
	}
	return rs
}
