// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"

	"karpenter.sh/core/cloudprovider"
)

// MergeTypes is the merge of a store of instance types: what did not change
// keeps its pointer, and an equal list is no change (KIT-022).
func MergeTypes(known, loaded []*cloudprovider.InstanceType) (merged []*cloudprovider.InstanceType, changed bool) {
	merged = Reuse(known, loaded)
	return merged, !slices.Equal(known, merged)
}
