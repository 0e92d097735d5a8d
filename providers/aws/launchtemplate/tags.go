// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// TagInput is what tags are made from.
type TagInput struct {
	Cluster, NodePool, NodeClass string
	// User are those of spec.tags.
	User map[string]string
}

// Tags are those of all that a launch creates (AWS-124): the user's, overlaid with
// those that say whose it is. They are sent in every request, because policies ask for
// them (AWS-421).
func Tags(in TagInput) map[string]string {
	tags := map[string]string{}
	maps.Copy(tags, in.User)
	tags[v1.TagOwnedBy(in.Cluster)] = v1.TagOwned
	tags[v1.TagNodePool] = in.NodePool
	tags[v1.TagCluster] = in.Cluster
	tags[v1.TagNodeClass] = in.NodeClass
	return tags
}

// Listed are tags as EC2 takes them, by key.
func Listed(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
