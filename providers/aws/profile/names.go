// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"errors"
	"fmt"
	"path"
	"regexp"

	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/providers/aws/apis/v1"

	"karpenter.sh/core/cloudprovider/kit/nodeclass/statichash"
)

// Scope is whose profiles these are: a cluster's in a region. IAM itself has no
// regions, so names and paths have them.
type Scope struct {
	Cluster, Region string
}

// Path is that of all profiles of the cluster; it ends with a slash.
func (s Scope) Path() string { return "/karpenter/" + s.Region + "/" + s.Cluster + "/" }

// PathOf is that of the profiles of one NodeClass (AWS-341).
func (s Scope) PathOf(nodeClass types.UID) string { return s.Path() + string(nodeClass) + "/" }

// Name of a new profile of a NodeClass. The ID makes it unlike any other's.
func (s Scope) Name(nodeClass, id string) string { return s.name(s.Region + nodeClass + id) }

// LegacyName is what earlier versions called the profile of a NodeClass, at path "/"
// (AWS-094). It is false if IAM takes no such name, so that there is none.
func (s Scope) LegacyName(nodeClass string) (string, bool) {
	const longest = 128
	name := s.name(s.Region + nodeClass)
	ok, err := regexp.MatchString(`^[\w+=,.@-]+$`, name)
	return name, ok && err == nil && len(name) <= longest
}

func (s Scope) name(content string) string {
	return s.Cluster + "_" + statichash.Decimal(statichash.Text(content))
}

// Tags are those of the profiles of a NodeClass (AWS-341): the user's under ours.
func (s Scope) Tags(nodeClass *v1.EC2NodeClass) map[string]string {
	tags := map[string]string{}
	for key, value := range nodeClass.Spec.Tags {
		tags[key] = value
	}
	tags[v1.TagOwnedBy(s.Cluster)] = v1.TagOwned
	tags[v1.TagCluster] = s.Cluster
	tags[v1.TagNodeClass] = nodeClass.Name
	tags[v1.TagRegion] = s.Region
	return tags
}

// owns reports whether a profile has the tags of the cluster in the region.
func (s Scope) owns(p Profile) bool {
	return p.Tags[v1.TagOwnedBy(s.Cluster)] == v1.TagOwned && p.Tags[v1.TagRegion] == s.Region
}

var errNoRoleName = errors.New("it has no name")

// roleName is how IAM's calls name a role that is given with or without a path, or
// as an ARN.
func roleName(role string) (string, error) {
	if _, name := path.Split(role); name != "" {
		return name, nil
	}
	return "", fmt.Errorf("reading role %q: %w", role, errNoRoleName)
}
