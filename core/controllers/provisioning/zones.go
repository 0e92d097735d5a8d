// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/place"
)

// What stands in the place of a zone for pods that are not left to one (OPS-096).
const (
	zoneFlexible = "flexible"
	zoneNone     = "none"
)

// zones counts the pending pods of a round by the zone that they are left to.
func (g *gathered) zones(input place.Input) map[string]int {
	out := map[string]int{}
	for i, zone := range place.Zones(input) {
		if g.Pods[i].Status.Phase != corev1.PodPending {
			continue // it runs, on a node that is going away
		}
		switch {
		case zone.Flexible:
			out[zoneFlexible]++
		case zone.Name == "":
			out[zoneNone]++
		default:
			out[zone.Name]++
		}
	}
	return out
}
