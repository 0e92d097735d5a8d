// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"regexp"
	"strings"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/ration"
	"karpenter.sh/providers/aws/failure"
)

// Limit is the name of the limit that machines of a type count on if they are bought so.
// Reserved machines have none: their capacity was counted when it was reserved.
func Limit(capacityType, instanceType string) string {
	return nameOf(capacityType, failure.QuotaGroup(instanceType))
}

func nameOf(capacityType, group string) string { return group + " " + capacityType + " vCPUs" }

// Draws are what a machine of so many vCPUs takes of its limit; nothing if it is reserved.
func Draws(capacityType, instanceType string, vcpus int64) []ration.Draw {
	if capacityType == label.Reserved || vcpus <= 0 {
		return nil
	}
	return []ration.Draw{{Limit: Limit(capacityType, instanceType), Amount: vcpus}}
}

// Service Quotas names quotas of vCPUs so, whatever codes they have.
var (
	onDemandQuota = regexp.MustCompile(`^Running On-Demand (.+) instances$`)
	spotQuota     = regexp.MustCompile(`^All (.+) Spot Instance Requests$`)
	families      = regexp.MustCompile(`^[A-Za-z]+(?:, [A-Za-z]+)*(?: and [A-Za-z]+)?$`)
)

// limitOf is the limit that a quota is of, by the text of its name; false if it is no
// quota of vCPUs of a whole group (AWS-449).
func limitOf(quotaName string) (string, bool) {
	capacityType, text := label.OnDemand, onDemandQuota.FindStringSubmatch(quotaName)
	if text == nil {
		capacityType, text = label.Spot, spotQuota.FindStringSubmatch(quotaName)
	}
	if text == nil {
		return "", false
	}
	group, ok := groupOf(text[1])
	return nameOf(capacityType, group), ok
}

// groupOf is the group of the families that a quota's name lists: "Standard (A, C, …)",
// "G and VT", "Inf". A list of generations, such as "P4, P3 and P2", is part of a group.
func groupOf(text string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "Standard "):
		return failure.QuotaGroup("m"), true
	case text == "High Memory":
		return failure.QuotaGroup("u"), true
	case !families.MatchString(text):
		return "", false
	}
	group := ""
	for _, family := range strings.Fields(strings.ReplaceAll(strings.ReplaceAll(text, ",", " "), " and ", " ")) {
		own := failure.QuotaGroup(strings.ToLower(family))
		if group != "" && own != group {
			return "", false // a group that AWS-441 does not have
		}
		group = own
	}
	return group, true
}
