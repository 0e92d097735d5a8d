// SPDX-License-Identifier: Apache-2.0

package kubeletconfig

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// mapped are the fields that every family but Custom can be given (AWS-022).
func mapped() []string {
	return []string{
		"clusterDNS", maxPods, "podsPerCore", "systemReserved", "kubeReserved",
		"evictionHard", "evictionSoft", "evictionSoftGracePeriod", "evictionMaxPodGracePeriod",
		"imageGCHighThresholdPercent", "imageGCLowThresholdPercent", "cpuCFSQuota",
	}
}

// unsupported is what images of a family cannot be given.
func unsupported(c kubelet.Configuration, family string) field.ErrorList {
	if family == v1.AMIFamilyAL2023 || family == v1.AMIFamilyCustom {
		return nil
	}
	var errs field.ErrorList
	cannot := func(name, what string) {
		errs = append(errs, field.Forbidden(root().Child(name), fmt.Sprintf("%s by images of family %s", what, family)))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Object)) {
		switch {
		case c.Object[name] == nil: // as if it was not written
		case !slices.Contains(mapped(), name):
			cannot(name, "is not supported")
		case name == "podsPerCore" && family == v1.AMIFamilyBottlerocket:
			cannot(name, "is not supported")
		case name == "clusterDNS" && entries(c.Object[name]) > 1:
			cannot(name, "more than one address is not supported")
		}
	}
	return errs
}

func entries(value any) int {
	list, _ := value.([]any)
	return len(list)
}
