// SPDX-License-Identifier: Apache-2.0

package choice

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/clusterapi/instancetype"
)

// errNothing is what launches fail with for which there is no deployment.
var errNothing = errors.New("no compatible instance types found")

// Request is what is chosen for.
type Request struct {
	cloudprovider.LaunchRequest
	// Asker is the NodeClaim, as one who sees instance types.
	Asker instancetype.Asker
	// Available reports whether another Machine of a deployment can be had.
	Available instancetype.Available
	// Idle reports whether a deployment has a Machine that nobody has. It is asked only
	// where that decides.
	Idle func(types.NamespacedName) bool
}

// Choice is a deployment, with the type and the offering that its machines are by
// themselves.
type Choice struct {
	Shape    *instancetype.Shape
	Type     *cloudprovider.InstanceType
	Offering *cloudprovider.Offering
}

// Of chooses among deployments. Without any it is an InsufficientCapacityError.
func Of(shapes []*instancetype.Shape, r Request) (Choice, error) {
	var launchable []Choice
	for _, s := range shapes {
		it := instancetype.Compile([]*instancetype.Shape{s}, r.Asker, r.Available)[0]
		if offerings := it.Launchable(r.LaunchRequest); len(offerings) > 0 {
			launchable = append(launchable, Choice{s, it, offerings[0]})
		}
	}
	launchable = preferred(launchable, r.Requirements.HasMinValues())
	if len(launchable) == 0 {
		return Choice{}, cloudprovider.NewInsufficientCapacityError(errNothing)
	}
	slices.SortFunc(launchable, func(a, b Choice) int { return cmp.Or(compare(a, b), byName(a, b)) })
	for _, c := range launchable {
		if compare(c, launchable[0]) == 0 && r.Idle(c.Shape.Deployment) {
			return c, nil
		}
	}
	return launchable[0], nil
}

// preferred keeps those of the capacity type to buy (CP-014): spot before on demand,
// unless it costs more than that. Who asks for many types takes it all the same (CP-015).
func preferred(choices []Choice, many bool) []Choice {
	var onDemand, spot []Choice
	for _, c := range choices {
		if c.Offering.CapacityType() == label.Spot {
			spot = append(spot, c)
		} else {
			onDemand = append(onDemand, c)
		}
	}
	if len(onDemand) > 0 && !many {
		cheapest := slices.MinFunc(onDemand, func(a, b Choice) int { return cmp.Compare(a.Offering.Price, b.Offering.Price) }).Offering.Price
		spot = slices.DeleteFunc(spot, func(c Choice) bool { return c.Offering.Price > cheapest })
	}
	if len(spot) > 0 {
		return spot
	}
	return onDemand
}

// compare orders choices by price, then the smaller machine first, then by type. Equal ones
// may be behind one offering (CAPI-034).
func compare(a, b Choice) int {
	return cmp.Or(
		cmp.Compare(a.Offering.Price, b.Offering.Price),
		amount(a, corev1.ResourceCPU, b),
		amount(a, corev1.ResourceMemory, b),
		cmp.Compare(accelerators(a), accelerators(b)),
		strings.Compare(strings.ToLower(a.Type.Name), strings.ToLower(b.Type.Name)),
	)
}

func byName(a, b Choice) int {
	x, y := a.Shape.Deployment, b.Shape.Deployment
	return cmp.Or(strings.Compare(x.Namespace, y.Namespace), strings.Compare(x.Name, y.Name))
}

func amount(a Choice, name corev1.ResourceName, b Choice) int {
	x, y := a.Type.Allocatable()[name], b.Type.Allocatable()[name]
	return x.Cmp(y)
}

// accelerators counts what a machine has beside the resources that all have.
func accelerators(c Choice) int64 {
	var n int64
	for name, quantity := range c.Type.Allocatable() {
		switch name {
		case corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods:
		default:
			n += quantity.Value()
		}
	}
	return n
}
