// SPDX-License-Identifier: Apache-2.0

package signals

import (
	"slices"

	"karpenter.sh/core/metrics/families"
)

// Families are the metrics of the provider beside the core's: those of the shared parts
// that it uses, which is all but the age of prices. Its prices are annotations.
func Families() families.Group {
	group := families.Kit()
	group.Families = slices.DeleteFunc(group.Families, func(f families.Family) bool {
		return f.Name == "karpenter_cloudprovider_price_age_seconds"
	})
	return group
}
