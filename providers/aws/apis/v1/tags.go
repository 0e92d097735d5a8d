// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"maps"
	"regexp"
	"slices"
)

// ownership matches the keys of the tags that tell which cluster owns something.
const ownership = `^kubernetes\.io/cluster/[0-9A-Za-z][A-Za-z0-9\-_]*$`

// RestrictedTag reports whether users may not set a tag, since Karpenter does or
// reads ownership from it (AWS-124).
func RestrictedTag(key string) bool {
	switch key {
	case TagNodePool, TagNodeClaim, TagCluster, TagNodeClass:
		return true
	}
	matched, _ := regexp.MatchString(ownership, key) // the pattern is constant
	return matched
}

// RestrictedTags are the keys of spec.tags that users may not set, in order.
// Admission refuses them; objects from before may have them. Nothing is launched
// with any (AWS-086, AWS-124).
func (c *EC2NodeClass) RestrictedTags() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for key := range c.Spec.Tags {
			if RestrictedTag(key) && !yield(key) {
				return
			}
		}
	})
}

// Tags are those of what a launch creates: the NodeClass's own, overlaid with those
// by which the cluster finds what it owns (AWS-124). nodePool is empty for a
// NodeClaim without one, and its tag is there all the same: IAM policies ask for
// it. The map is the caller's.
func Tags(nodeClass *EC2NodeClass, cluster, nodePool string) map[string]string {
	tags := make(map[string]string, len(nodeClass.Spec.Tags)+4)
	maps.Copy(tags, nodeClass.Spec.Tags)
	maps.Copy(tags, map[string]string{
		TagOwnedBy(cluster): TagOwned,
		TagNodePool:         nodePool,
		TagCluster:          cluster,
		TagNodeClass:        nodeClass.Name,
	})
	return tags
}
