// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// requirements of a type for the subject: every well-known label is defined (AWS-120,
// AWS-121, CP-046).
func (s *seller) requirements(d *description, region string, offerings cloudprovider.Offerings) requirement.Requirements {
	reqs := []requirement.Requirement{
		requirement.In(label.Region, region),
		s.system(d),
		orAbsent(corev1.LabelWindowsBuild, windowsBuild(s.subject.family)),
		requirement.In(label.Zone, s.usableZones(d)...),
		requirement.In(label.CapacityType, valuesOf(offerings, label.CapacityType)...),
		requirement.In(v1.LabelInstanceTenancy, v1.TenancyDefault, v1.TenancyDedicated),
		orAbsent(v1.LabelPlacementGroupPartition, s.subject.partitions()...),
	}
	if s.subject.group != nil {
		reqs = append(reqs, requirement.In(v1.LabelPlacementGroupID, s.subject.group.ID))
	} else {
		reqs = append(reqs, requirement.DoesNotExist(v1.LabelPlacementGroupID))
	}
	if s.knowsZoneIDs() {
		reqs = append(reqs, requirement.In(v1.LabelTopologyZoneID, s.usableZoneIDs(d)...))
	}
	for _, key := range []string{
		v1.LabelCapacityReservationID, v1.LabelCapacityReservationType, v1.LabelCapacityReservationInterruptible,
	} {
		reqs = append(reqs, orAbsent(key, valuesOf(offerings, key)...))
	}
	return d.labels.With(reqs...)
}

// orAbsent is In, or DoesNotExist without values.
func orAbsent(key string, values ...string) requirement.Requirement {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return requirement.DoesNotExist(key)
	}
	return requirement.In(key, values...)
}

// valuesOf are what the offerings have for a key.
func valuesOf(offerings cloudprovider.Offerings, key string) []string {
	found := map[string]bool{}
	for _, o := range offerings {
		if value := o.Value(key); value != "" {
			found[value] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// system is the operating system; none for Windows on arm64, which there is not.
func (s *seller) system(d *description) requirement.Requirement {
	switch {
	case !v1.IsWindows(s.subject.family):
		return requirement.In(label.OS, string(corev1.Linux))
	case d.architecture() == "amd64":
		return requirement.In(label.OS, string(corev1.Windows))
	}
	return requirement.In(label.OS)
}

func windowsBuild(family string) string {
	switch family {
	case v1.AMIFamilyWindows2019:
		return "10.0.17763"
	case v1.AMIFamilyWindows2022:
		return "10.0.20348"
	case v1.AMIFamilyWindows2025:
		return "10.0.26100"
	}
	return ""
}

// usableZones sell the type and have a subnet; those of reservations too.
func (s *seller) usableZones(d *description) []string {
	var out []string
	for _, zone := range slices.Sorted(maps.Keys(s.zones)) {
		if d.sells(zone) || s.reserves(d, zone) {
			out = append(out, zone)
		}
	}
	return out
}

func (s *seller) reserves(d *description, zone string) bool {
	return s.reserved && slices.ContainsFunc(s.subject.reservations(d.name), func(r *v1.CapacityReservation) bool {
		return r.AvailabilityZone == zone
	})
}

func (s *seller) usableZoneIDs(d *description) []string {
	var out []string
	for _, zone := range s.usableZones(d) {
		if id := s.zones[zone].id; id != "" {
			out = append(out, id)
		}
	}
	return out
}
