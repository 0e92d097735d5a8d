// SPDX-License-Identifier: Apache-2.0

package zonalshift

import (
	"fmt"

	corev1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/events"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Reasons of events (AWS-403).
const (
	ReasonActive  = "ZonalShiftActive"
	ReasonCleared = "ZonalShiftCleared"
)

// allows reports whether a NodePool may launch into a zone (AWS-369): its
// requirements and labels, read once, name no other zones.
func allows(reqs requirement.Requirements, zone v1.Subnet) bool {
	for key, value := range map[string]string{label.Zone: zone.Zone, v1.LabelTopologyZoneID: zone.ZoneID} {
		if r, ok := reqs.Get(key); ok && !r.Has(value) {
			return false
		}
	}
	return true
}

// requirementsOf are those of a NodePool's machines. Of requirements that cannot be
// read the pool launches nothing; then it is false.
func requirementsOf(pool *corev1.NodePool, words *vocabulary.Vocabulary) (requirement.Requirements, bool) {
	reqs, err := cloudprovider.RequirementsOf(pool.Spec.Template.Spec.Requirements, words)
	if err != nil {
		return requirement.Requirements{}, false
	}
	labels := map[string]string{}
	for key, value := range pool.Spec.Template.ObjectMeta.Labels {
		key, value = words.Normalize(key, value)
		labels[key] = value
	}
	return reqs.Intersect(requirement.OfLabels(labels)), true
}

// zoneOf is the zone with an ID that a NodeClass has a subnet in.
func zoneOf(class *v1.EC2NodeClass, zoneID string) (v1.Subnet, bool) {
	for _, subnet := range class.Status.Subnets {
		if subnet.ZoneID == zoneID {
			return subnet, true
		}
	}
	return v1.Subnet{}, false
}

func active(pool *corev1.NodePool, zone v1.Subnet) events.Event {
	return event(pool, zone, events.Warning, ReasonActive, "Zonal shift detected: offerings in zone %s (%s) are unavailable for this NodePool")
}

func cleared(pool *corev1.NodePool, zone v1.Subnet) events.Event {
	return event(pool, zone, events.Normal, ReasonCleared, "Zonal shift cleared: offerings in zone %s (%s) are restored for this NodePool")
}

func event(pool *corev1.NodePool, zone v1.Subnet, kind, reason, format string) events.Event {
	return events.Event{
		Object: pool, Type: kind, Reason: reason, Message: fmt.Sprintf(format, zone.Zone, zone.ZoneID),
		DedupeValues: []string{string(pool.UID), zone.ZoneID},
	}
}
